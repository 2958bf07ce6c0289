"""The type of a label map holds every label, or it is refused."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import Image, OptionError
from pictologics.labels import choose_label_type, convert_labels


def test_the_smallest_type():
    assert choose_label_type(255) == np.uint8
    assert choose_label_type(256) == np.uint16
    assert choose_label_type(65535) == np.uint16
    with pytest.raises(OptionError, match="beyond 65535"):
        choose_label_type(65536)


def test_labels_are_converted_or_refused():
    labels = Image(np.array([[[0, 7, 300]]], np.uint16), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert convert_labels(labels, None, "seg.dcm") is labels
    assert convert_labels(labels, np.dtype(np.uint16), "seg.dcm") is labels
    wide = convert_labels(labels, np.dtype(np.int32), "seg.dcm").array
    assert (wide.dtype, wide.tolist()) == (np.int32, [[[0, 7, 300]]])
    with pytest.raises(OptionError, match=r"'seg\.dcm': dtype uint8 cannot hold its values exactly"):
        convert_labels(labels, np.dtype(np.uint8), "seg.dcm")
