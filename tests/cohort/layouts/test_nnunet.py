from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pictologics import load_image
from pictologics.cohort.layouts.flat import FlatLayout
from pictologics.cohort.layouts.nnunet import NnunetLayout
from pictologics.cohort.layouts.planning import plan_outputs
from pictologics.cohort.running.run_folder import RunFolder
from pictologics.errors import ContentWarning, CorruptFileError, GeometryError, OptionError

from .cases import make_case, make_image, make_mask, make_rows
from .training_rules import verify_nnunet_folder

FOLDER = "Dataset100_Cohort"


def write_set(layout, root, masks):
    """A data set of one CT image for each mask or dict of masks."""
    folder = RunFolder(str(root))
    content = []
    for number, given in enumerate(masks):
        named = given if isinstance(given, dict) else {"seg": given}
        content.append((make_case(f"case{number}", masks=tuple(named)), {"ct": make_image()}, named))
    rows = make_rows(layout, folder, content)
    return folder, rows, layout.finish(folder, rows)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_an_organ_has_one_number_in_every_case(tmp_path, suffix):
    layout = NnunetLayout(suffix)
    _, _, outputs = write_set(
        layout,
        tmp_path,
        [make_mask({1: "spleen", 2: "liver"}), make_mask({5: "Liver", 1: "aorta"}), make_mask({3: "spleen"})],
    )
    facts = verify_nnunet_folder(tmp_path / FOLDER)
    assert facts["labels"] == {"background": 0, "aorta": 1, "Liver": 2, "spleen": 3}
    assert facts["channel_names"] == {"0": "CT"}
    # Value v was at x = v before.
    for number, places in enumerate([{3: 1, 2: 2}, {2: 5, 1: 1}, {3: 3}]):
        labels = load_image(tmp_path / FOLDER / f"labelsTr/case{number}{suffix}")
        assert {value: int(np.argwhere(labels.array == value)[0][0]) for value in places} == places
        assert set(labels.labels) == set(places)
    assert [file.path for file in outputs.files] == [f"{FOLDER}/dataset.json"]
    assert {file.path.split("/")[-1] for file in outputs.changed} == {f"case{n}{suffix}" for n in (0, 2)}
    assert all(load_image(tmp_path / file.path).labels == file.labels for file in outputs.changed)


def test_finishing_again_changes_nothing_and_new_labels_come_last(tmp_path):
    layout = NnunetLayout()
    folder, rows, outputs = write_set(layout, tmp_path, [make_mask({1: "spleen"}), make_mask({1: "liver"})])
    changed = {file.path: file for file in outputs.changed}
    rows = [replace(row, outputs=tuple(changed.get(file.path, file) for file in row.outputs)) for row in rows]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert layout.finish(folder, rows).changed == ()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    rows += make_rows(layout, folder, [(make_case("more"), {"ct": make_image()}, {"seg": make_mask({4: "aorta"})})])
    assert layout.finish(folder, rows).changed == ()
    assert verify_nnunet_folder(tmp_path / FOLDER)["labels"] == {"background": 0, "liver": 1, "spleen": 2, "aorta": 3}


def test_being_killed_while_numbers_change_does_no_harm(tmp_path):
    layout = NnunetLayout()
    # Those rows are older than the files: the run ended before they were written again.
    folder, rows, outputs = write_set(layout, tmp_path, [make_mask({1: "spleen"}), make_mask({1: "liver"})])
    (tmp_path / FOLDER / "dataset.json").unlink()
    before = {path: path.read_bytes() for path in (tmp_path / FOLDER).rglob("*.nii.gz")}
    assert layout.finish(folder, rows).changed == outputs.changed
    assert {path: path.read_bytes() for path in (tmp_path / FOLDER).rglob("*.nii.gz")} == before


def test_masks_of_one_case_become_one_label_map(tmp_path):
    masks = {"seg": make_mask({1: "liver"}), "rtstruct": make_mask({2: "liver", 3: "spleen"})}
    write_set(NnunetLayout(), tmp_path, [masks])
    verify_nnunet_folder(tmp_path / FOLDER)
    labels = load_image(tmp_path / FOLDER / "labelsTr/case0.nii.gz")
    assert np.array_equal(labels.array[:, 0, 0], [0, 1, 1, 2, 0, 0])


def test_labels_that_overlap_are_told(tmp_path):
    masks = {"seg": make_mask({1: "liver"}), "rtstruct": make_mask({1: "spleen"})}
    with pytest.warns(ContentWarning, match=r"segments overlap and the higher number was kept: 1 \(liver\) and 2"):
        write_set(NnunetLayout(), tmp_path, [masks])
    assert load_image(tmp_path / FOLDER / "labelsTr/case0.nii.gz").array[1, 0, 0] == 2


def test_the_background_is_no_label_and_ignored_voxels_come_last(tmp_path):
    write_set(NnunetLayout(), tmp_path, [make_mask({1: "Ignore", 2: "Background", 3: "liver", 4: "zygoma"})])
    labels = verify_nnunet_folder(tmp_path / FOLDER)["labels"]
    assert labels == {"background": 0, "liver": 1, "zygoma": 2, "Ignore": 3}
    assert not load_image(tmp_path / FOLDER / "labelsTr/case0.nii.gz").array[2].any()


def test_values_without_names_are_labels_too(tmp_path):
    mask = make_mask({2: "x", 4: "y"})
    mask.labels = {}
    write_set(NnunetLayout(), tmp_path, [mask])
    assert verify_nnunet_folder(tmp_path / FOLDER)["labels"] == {"background": 0, "label 2": 1, "label 4": 2}


def test_numbers_may_be_chosen(tmp_path):
    layout = NnunetLayout(labels={"spleen": 1, "liver": 2}, dataset_id=7, dataset_name="Abdomen")
    _, _, outputs = write_set(layout, tmp_path, [make_mask({1: "liver"})])
    assert outputs.changed == ()
    assert verify_nnunet_folder(tmp_path / "Dataset007_Abdomen")["labels"] == {"background": 0, "spleen": 1, "liver": 2}
    with pytest.raises(OptionError, match="none of the labels of the data set"):
        write_set(layout, tmp_path, [make_mask({1: "kidney"})])


def test_channels_are_numbered_and_cases_without_masks_are_for_testing(tmp_path):
    layout = NnunetLayout(test_cases=True)
    folder = RunFolder(str(tmp_path))
    images = {"ct": make_image(), "pet": make_image(3, np.float32, modality="PT")}
    content = [
        (make_case("train", ("ct", "pet")), images, {"seg": make_mask({1: "liver"})}),
        (make_case("try", ("ct", "pet"), masks=()), images, {}),
    ]
    planned = plan_outputs(layout, [case for case, _, _ in content])
    rows = make_rows(layout, folder, content)
    assert {file.path for row in rows for file in row.outputs} == {
        file.path for outputs in planned for file in outputs.files
    }
    layout.finish(folder, rows)
    facts = verify_nnunet_folder(tmp_path / FOLDER)
    assert facts["channel_names"] == {"0": "CT", "1": "pet"}
    assert facts["numTraining"] == 1
    assert sorted(path.name for path in (tmp_path / FOLDER / "imagesTs").iterdir()) == [
        "try_0000.nii.gz",
        "try_0001.nii.gz",
    ]


def test_voxels_without_data_do_not_become_nan(tmp_path):
    layout, folder = NnunetLayout(), RunFolder(str(tmp_path))
    image = make_image(0, np.float32)
    image.source_mask = image.array != 0
    image.source_mask[0, 0, 0] = True
    rows = make_rows(layout, folder, [(make_case("a"), {"ct": image}, {"seg": make_mask({1: "liver"})})])
    layout.finish(folder, rows)
    verify_nnunet_folder(tmp_path / FOLDER)


@pytest.mark.parametrize(
    ("options", "cases", "found"),
    [
        ({"suffix": ".nii"}, {}, "reads no .nii"),
        ({"dataset_id": 0}, {}, "no data set of nnU-Net"),
        ({"dataset_id": 1000}, {}, "no data set of nnU-Net"),
        ({"dataset_name": "../x"}, {}, "no data set of nnU-Net"),
        ({"labels": {"liver": 2}}, {}, "without gaps"),
        ({"labels": {"liver": 1, "spleen": 1}}, {}, "without gaps"),
        ({}, {"masks": ()}, "2 of 2 cases have no mask, such as a"),
    ],
)
def test_what_nnunet_cannot_use_is_refused_before_any_work(options, cases, found):
    with pytest.raises(OptionError, match=found):
        plan_outputs(NnunetLayout(**options), [make_case("a", **cases), make_case("b", **cases)])


def test_cases_with_other_channels_are_refused():
    with pytest.raises(OptionError, match="the same channels of all"):
        plan_outputs(NnunetLayout(), [make_case("a"), make_case("b", ("ct", "pet"))])


@pytest.mark.parametrize(
    ("images", "masks", "error", "found"),
    [
        ({}, {"seg": make_mask({1: "liver"})}, OptionError, "has no image ct"),
        ({"ct": make_image()}, {}, OptionError, "has no mask"),
        ({"ct": make_image(np.nan, np.float32)}, {"seg": make_mask({1: "liver"})}, OptionError, "holds NaN"),
        (
            {"ct": make_image()},
            {"seg": replace(make_mask({1: "liver"}), origin=(0.0, 0.0, 0.0))},
            GeometryError,
            "lies on other voxels",
        ),
        (
            {"ct": make_image()},
            {"seg": replace(make_mask({1: "liver"}), array=np.full((6, 5, 4), 0.5))},
            OptionError,
            "holds fractions",
        ),
        (
            {"ct": make_image()},
            {"seg": replace(make_mask({1: "liver"}), array=np.full((6, 5, 4), -1))},
            OptionError,
            "beyond 0 to 65535",
        ),
    ],
    ids=["no image", "no mask", "NaN", "elsewhere", "fractions", "negative"],
)
def test_a_case_that_nnunet_cannot_use_is_refused_and_leaves_nothing(tmp_path, images, masks, error, found):
    with pytest.raises(error, match=found):
        NnunetLayout().write_case(RunFolder(str(tmp_path)), make_case("a"), images, masks)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"labels": 3}'])
def test_a_damaged_description_is_refused(tmp_path, text):
    RunFolder(str(tmp_path)).write_text(f"{FOLDER}/dataset.json", text)
    with pytest.raises(CorruptFileError, match="remove it and run again"):
        write_set(NnunetLayout(), tmp_path, [make_mask({1: "liver"})])


def test_names_in_other_scripts_are_kept(tmp_path):
    write_set(NnunetLayout(), tmp_path, [make_mask({1: "肝臓"})])
    text = (tmp_path / FOLDER / "dataset.json").read_text(encoding="utf-8")
    assert json.loads(text)["labels"] == {"background": 0, "肝臓": 1}


@pytest.mark.parametrize("labels", [None, {"spleen": 1}])
def test_cases_of_earlier_runs_have_the_numbers_of_the_set_and_those_of_another_layout_are_passed_over(
    tmp_path, labels
):
    before = make_mask({1: "liver", 2: "spleen"})
    folder, rows, _ = write_set(NnunetLayout(), tmp_path, [before])
    layout = NnunetLayout(labels=labels)
    rows += make_rows(layout, folder, [(make_case("new"), {"ct": make_image()}, {"seg": make_mask({1: "spleen"})})])
    rows += make_rows(FlatLayout(), folder, [(make_case("flat"), {"ct": make_image()}, {"seg": before})])
    layout.finish(folder, rows)
    facts = verify_nnunet_folder(tmp_path / FOLDER)
    assert facts["labels"] == {"background": 0, **(labels or {"liver": 1, "spleen": 2})}
    assert facts["numTraining"] == 2
    number = facts["labels"]["spleen"]
    for name, plane in (("case0", 2), ("new", 1)):
        found = np.argwhere(load_image(tmp_path / FOLDER / f"labelsTr/{name}.nii.gz").array == number)
        assert set(found[:, 0]) == {plane}
