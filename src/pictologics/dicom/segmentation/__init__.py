"""What DICOM SEG files say, on the way from a file to masks (DICOM PS3.3 A.51, C.8.20)."""
