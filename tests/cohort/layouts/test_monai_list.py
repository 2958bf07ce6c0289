from __future__ import annotations

import json

import numpy as np
import pytest

from pictologics import load_image
from pictologics.cohort.layouts.monai_list import MonaiLayout
from pictologics.cohort.layouts.planning import plan_outputs
from pictologics.cohort.running.run_folder import RunFolder
from pictologics.errors import OptionError

from .cases import make_case, make_image, make_mask, make_rows
from .training_rules import load_monai_list


def test_the_list_leads_to_images_and_labels(tmp_path):
    layout, folder = MonaiLayout(), RunFolder(str(tmp_path))
    ct, pet = make_image(), make_image(3, np.float32, modality="PT")
    content = [
        (make_case("a"), {"ct": ct}, {"seg": make_mask({1: "spleen"})}),
        (make_case("b", ("ct", "pet")), {"ct": ct, "pet": pet}, {"seg": make_mask({1: "liver"})}),
        (make_case("c", masks=()), {"ct": ct}, {}),
    ]
    planned = plan_outputs(layout, [case for case, _, _ in content])
    rows = make_rows(layout, folder, content)
    assert [file.path for row in rows for file in row.outputs] == [file.path for plan in planned for file in plan.files]
    outputs = layout.finish(folder, rows)
    assert [file.path for file in outputs.files] == ["dataset.json"]
    first, second = load_monai_list(tmp_path / "dataset.json", "training")
    assert load_image(first["image"]).equals(ct)
    assert [load_image(path).modality for path in second["image"]] == ["CT", "PT"]
    # Numbered alike: liver is 1, spleen 2.
    assert [int(load_image(entry["label"]).array.max()) for entry in (first, second)] == [2, 1]
    assert [entry["case_id"] for entry in (first, second)] == ["a", "b"]
    (test,) = load_monai_list(tmp_path / "dataset.json", "test")
    assert set(test) == {"image", "case_id"}
    with pytest.raises(ValueError, match="not specified"):
        load_monai_list(tmp_path / "dataset.json", "validation")
    facts = json.loads((tmp_path / "dataset.json").read_text())
    assert facts["labels"] == {"0": "background", "1": "liver", "2": "spleen"}
    assert (facts["numTraining"], facts["numTest"]) == (2, 1)
    # New labels follow those that have a number.
    rows += make_rows(layout, folder, [(make_case("d"), {"ct": ct}, {"seg": make_mask({1: "aorta"})})])
    layout.finish(folder, rows)
    assert json.loads((tmp_path / "dataset.json").read_text())["labels"]["3"] == "aorta"


def test_patients_are_in_one_part_and_stay_there():
    layout = MonaiLayout(validation=0.3)
    cases = [make_case(f"case{n}", patient=f"P-{n // 2}") for n in range(400)]
    parts = [layout.plan(case).files[0].path.split("/")[0] for case in cases]
    assert parts[::2] == parts[1::2]
    assert 40 < sum(part == "validation" for part in parts[::2]) < 80
    assert {layout.plan(make_case("x", masks=(), patient=f"P-{n}")).files[0].path[:5] for n in range(9)} == {"test/"}


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(OptionError, match="a share from 0 to 1"):
        plan_outputs(MonaiLayout(validation=share), [])


def test_an_image_that_is_called_as_the_label_map_is_refused():
    with pytest.raises(OptionError, match="gives one name to several files"):
        plan_outputs(MonaiLayout(), [make_case("a", ("label",))])
