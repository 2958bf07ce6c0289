"""Loads an image from wherever it is: URLs, paths, files in archives, archives, bytes: SOURCE ..."""

import sys
from pathlib import Path

from pictologics import load_image

for source in sys.argv[1:]:
    print(source, load_image(source), sep="\n  ")
    if Path(source).is_file():
        assert load_image(Path(source).read_bytes()).equals(load_image(source))
