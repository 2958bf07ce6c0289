"""What NRRD files say, for the reader and the writer.

Rules: "Definition of NRRD File Format" of the Teem project, versions NRRD0001 to NRRD0006.
"""
