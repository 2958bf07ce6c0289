"""OME-Zarr: a folder that holds an array in chunks, and JSON that says where it lies.

Written as version 0.5 (https://ngff.openmicroscopy.org/0.5), and read as 0.4 and 0.5, by the library zarr.
"""
