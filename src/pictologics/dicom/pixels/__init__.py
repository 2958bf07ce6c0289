"""From the bytes of a file to the voxels of a volume, in four steps.

1. ``fragments``: which bytes of the pixel data are one compressed frame.
2. ``codecs``: one compressed frame -> its stored numbers. ``compressed_frames`` takes steps 1 and 2 together.
3. ``plane_reader``: the stored numbers of one plane, compressed or not; ``pixel_format`` says how they are stored.
4. ``value_conversions``: stored numbers -> values, by a ``lookup_tables`` entry, a ``palette`` or ``color`` weights;
   ``padding`` says which numbers are not data.

``voxels`` takes all steps for every plane of a volume, in parallel, and rescales.
"""
