"""Bytes, wherever they are: files on disk and in memory, archives, compressed streams, files that a header names."""
