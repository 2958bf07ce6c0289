"""What nnU-Net and MONAI require of data sets, in code that shares nothing with the package and reads by SimpleITK."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk


def verify_nnunet_folder(folder: Path) -> dict:
    """The rules of ``nnUNetv2_plan_and_preprocess --verify_dataset_integrity``; gives dataset.json."""
    facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    assert {"labels", "channel_names", "numTraining", "file_ending"} <= set(facts)
    ending = facts["file_ending"]
    names = [path.name for path in (folder / "imagesTr").iterdir()]
    assert all(name.endswith(ending) for name in names)
    # An underscore and four digits end the name of a channel.
    cases = {name.removesuffix(ending)[:-5] for name in names}
    assert len(cases) == facts["numTraining"]
    values = sorted(facts["labels"].values())
    assert facts["labels"]["background"] == 0
    assert values == list(range(len(values)))
    assert "ignore" not in facts["labels"] or facts["labels"]["ignore"] == values[-1]
    assert list(facts["channel_names"]) == [str(channel) for channel in range(len(facts["channel_names"]))]
    assert {path.name for path in (folder / "labelsTr").iterdir()} == {f"{case}{ending}" for case in cases}
    for case in cases:
        labels = sitk.ReadImage(str(folder / "labelsTr" / f"{case}{ending}"))
        found = sitk.GetArrayFromImage(labels)
        assert np.issubdtype(found.dtype, np.integer)
        assert set(np.unique(found)) <= set(values)
        for channel in range(len(facts["channel_names"])):
            image = sitk.ReadImage(str(folder / "imagesTr" / f"{case}_{channel:04d}{ending}"))
            assert image.GetSize() == labels.GetSize()
            for ask in ("GetSpacing", "GetOrigin", "GetDirection"):
                assert np.allclose(getattr(image, ask)(), getattr(labels, ask)())
            assert not np.isnan(sitk.GetArrayFromImage(image)).any()
    return facts


def load_monai_list(path: Path, key: str) -> list[dict]:
    """What the documentation of ``load_decathlon_datalist`` says that it returns."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if key not in content:
        raise ValueError(f"data list {key} not specified")
    assert content[key]

    def locate(value):
        if isinstance(value, list):
            return [locate(part) for part in value]
        return os.path.normpath(path.parent / value)

    return [
        {name: locate(value) if name in {"image", "label"} else value for name, value in entry.items()}
        for entry in content[key]
    ]
