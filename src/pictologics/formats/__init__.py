"""Formats of one header and one volume: NIfTI, NRRD and MetaImage, each read and written in one place."""
