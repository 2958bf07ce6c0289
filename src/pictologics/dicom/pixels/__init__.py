"""The planes of a volume to voxels: encodings, codecs, and the conversion of stored values."""
