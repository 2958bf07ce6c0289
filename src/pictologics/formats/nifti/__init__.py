"""NIfTI: what its files say, and how they are written.

Rules: the NIfTI-1 and NIfTI-2 standards of the NIfTI Data Format Working Group (nifti1.h, nifti2.h), cited by the
headings of their comments.
"""
