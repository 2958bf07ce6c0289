"""How the formats that hold segments give them: DICOM SEG, segmentations of 3D Slicer, and RT structure sets."""
