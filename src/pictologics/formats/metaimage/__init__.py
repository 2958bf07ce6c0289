"""What MetaImage files say, for the reader and the writer.

Rules: the MetaIO documentation of the Insight Toolkit (MetaImage, "MetaObject tags"), and ITK's own files.
"""
