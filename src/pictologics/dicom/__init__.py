"""What DICOM files say, shared by every DICOM reader.

Data flows one way: files -> headers -> frames -> series -> planes -> pixels.
"""
