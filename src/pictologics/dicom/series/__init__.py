"""Headers of image files -> the volumes of one series.

- ``image_series``: files are grouped into series, and the one that is meant is chosen.
- ``layouts``: its frames are grouped by orientation, size and frame of reference, and one such group is chosen.
- ``phase_values``, ``phase_attributes``: what may tell volumes at the same positions apart, such as echo times.
- ``phases``: the frames of a layout are split into such volumes.
- ``volumes``: all of it put together, and the frames of a volume stacked.
- ``phase_info``: what a user is told of each volume.
"""
