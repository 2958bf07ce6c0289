"""RT structure sets: regions as contours, from the file to voxels (DICOM PS3.3 C.8.8.5, C.8.8.6).

``rois`` reads what the file says, ``contours`` parses points, ``slice_heights`` moves them along with slices that are
unevenly spaced, ``lattice_planes`` finds the plane of voxels of each contour, and ``drawing`` fills the planes.
``structure_set`` takes these steps one after the other.
"""
