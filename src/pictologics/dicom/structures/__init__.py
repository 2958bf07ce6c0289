"""RT structure sets: regions as contours, on the way from file to voxels (DICOM PS3.3 C.8.8.5, C.8.8.6)."""
