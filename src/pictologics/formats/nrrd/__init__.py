"""NRRD: what its files say, and how they are written; with the segmentations that 3D Slicer keeps in them.

Rules: "Definition of NRRD File Format" of the Teem project, versions NRRD0001 to NRRD0006.
"""
