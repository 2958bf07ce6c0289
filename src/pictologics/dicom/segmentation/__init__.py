"""DICOM SEG files, from the file to masks (DICOM PS3.3 A.51, C.8.20).

``segmentation_header`` and ``segments`` read what the file says, ``layers`` finds the plane and the segment of each
frame, ``frame_pixels`` reads frames, and ``masks`` or, of files that hold segment numbers, ``label_maps`` write them
into volumes. ``cielab`` converts recommended colors.
"""
