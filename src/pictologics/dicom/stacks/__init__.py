"""The frames of a volume -> planes on a regular grid, or what keeps them from being regular.

- ``planes``: frames are sorted along their normal, and the grid of their voxels is found.
- ``sparse_planes``: the same for segmentations, which leave out the planes that hold nothing.
- ``lattices``: whether the distances between slices are equal, equal but for lost slices, those of two scans that
  interleave, or vary.
- ``regularity``: by how many voxels slices miss a regular grid, and in which way: a tilted gantry, a moved couch, lost
  slices, a varying distance, turned planes.
- ``rectifying``: the plan of the regular volume that an irregular stack is resampled to: which slice goes where.
- ``blending``: the plan carried out on the voxels: slices moved in their plane, and interpolated between neighbors.
"""
