"""What is no Image is refused by name, and before anything is written."""

import numpy as np
import pytest

from pictologics import Image, save_image
from pictologics.errors import OptionError
from pictologics.saving import save_seg

WRONG = [("scan.nii", "str"), (np.ones((2, 2, 2)), "ndarray"), (None, "NoneType")]


@pytest.mark.parametrize(("value", "kind"), WRONG)
def test_what_is_no_image_is_not_saved(value, kind, tmp_path):
    with pytest.raises(OptionError, match=f"image is of type {kind} and must be an Image; load it first"):
        save_image(value, tmp_path / "x.nii.gz")
    with pytest.raises(OptionError, match=f"mask is of type {kind} and must be an Image"):
        save_seg(value, tmp_path, tmp_path / "x.dcm")
    assert not list(tmp_path.iterdir())


def test_exchanged_arguments_and_an_image_without_an_array(tmp_path):
    image = Image(np.ones((2, 2, 2)), (1, 1, 1), (0, 0, 0))
    with pytest.raises(OptionError, match=r"image is of type .*Path and must be an Image"):
        save_image(tmp_path / "x.nii.gz", image)
    with pytest.raises(OptionError, match="path is of type Image"):
        save_image(image, image)
    with pytest.raises(OptionError, match="array of image is of type NoneType and must be a NumPy array"):
        save_image(Image(None, (1, 1, 1), (0, 0, 0)), tmp_path / "x.nii.gz")
