"""One file for each format, each a reader; the registry asks them in order."""
