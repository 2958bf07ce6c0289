"""How files that hold segments give them: DICOM SEG and segmentations of 3D Slicer, for their readers."""
