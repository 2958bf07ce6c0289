"""MetaImage: what its files say, and how they are written.

Rules: the MetaIO documentation of the Insight Toolkit (MetaImage, "MetaObject tags"), and ITK's own files.
"""
