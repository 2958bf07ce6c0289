"""What NIfTI files say and how they are laid out, for the reader and the writer.

Rules: the NIfTI-1 and NIfTI-2 standards of the NIfTI Data Format Working Group (nifti1.h, nifti2.h).
"""
