"""The data set for PyTorch, with PyTorch's own DataLoader; all of it is skipped where PyTorch is not installed."""

from __future__ import annotations

import builtins
import multiprocessing
import pickle
import subprocess
import sys

import nibabel
import numpy as np
import pytest

from pictologics import GeometryError, Grid, Image, OptionError, save_image
from pictologics.cohort.cases.case import Case
from pictologics.cohort.training.dataset import Dataset
from tests.cohort.training.run_folders import GRID, RunCase, make_ramp, write_run


def make_mask(*values):
    mask = np.zeros(GRID.shape, np.uint8)
    for number, value in enumerate(values):
        mask[1 + 3 * number : 3 + 3 * number, 4:7, 5] = value
    return mask


CASES = [
    RunCase("a", "P-1", {"seg": make_mask(5, 3)}, {"seg": {5: "liver", 3: "spleen"}}, ("ct", "pet")),
    RunCase("b", "P-1", {"contours": make_mask(1, 2)}, {"contours": {1: "Liver", 2: "spleen"}}, ("ct", "pet")),
    RunCase("c", "P-2", {"seg": make_mask(5)}, {"seg": {5: "liver"}}, ("ct", "pet")),
    RunCase("d", "P-3", status="failed"),
]
LABELS = {"liver": 1, "spleen": 2}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run"), CASES)


def double(item):
    """A transform that workers can import."""
    item["image"] = 2 * item["image"]
    return item


def test_without_pytorch_the_library_is_named(run, monkeypatch):
    imported = builtins.__import__

    def refuse(name, *rest, **more):
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(OptionError, match="pip install torch"):
        Dataset(run, labels=LABELS)


def test_the_package_does_not_import_pytorch():
    code = "import sys, pictologics.cohort; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestWithPyTorch:
    """Everything that makes tensors."""

    @pytest.fixture(autouse=True)
    def torch(self):
        return pytest.importorskip("torch", reason="PyTorch is not installed")

    def test_an_item_is_the_case_at_its_place(self, run, torch):
        data = Dataset(run, labels=LABELS)
        assert isinstance(data, torch.utils.data.Dataset)
        assert (len(data), data.case_ids, data.left_out) == (3, ["a", "b", "c"], {"d": "failed"})
        assert data.label_names == {1: "liver", 2: "spleen"}
        item = data[0]
        assert sorted(item) == ["affine", "case_id", "image", "mask", "spacing"]
        assert (item["image"].dtype, item["mask"].dtype) == (torch.float32, torch.uint8)
        assert item["image"].is_contiguous()
        assert item["mask"].is_contiguous()
        expected = np.stack([make_ramp(GRID), make_ramp(GRID, 1)])
        np.testing.assert_array_equal(item["image"].numpy(), expected)
        np.testing.assert_array_equal(item["mask"].numpy()[0], make_mask(1, 2))
        np.testing.assert_allclose(item["affine"].numpy(), GRID.affine)
        # nibabel reads the same file independently, in RAS.
        ras = nibabel.load(run / "a" / "ct.nii").affine
        np.testing.assert_allclose(np.diag([-1, -1, 1, 1]) @ item["affine"].numpy(), ras, atol=1e-4)
        np.testing.assert_allclose(item["spacing"].numpy(), GRID.spacing)
        assert item["case_id"] == "a"

    def test_labels_mean_the_same_in_all_cases_whatever_their_numbers(self, run):
        masks = [item["mask"].numpy()[0] for item in Dataset(run, labels=LABELS)]
        for mask, expected in zip(masks, [make_mask(1, 2), make_mask(1, 2), make_mask(1)], strict=True):
            np.testing.assert_array_equal(mask, expected)
        with pytest.raises(OptionError, match="pass labels="):
            Dataset(run)

    def test_channels_are_chosen_by_name(self, run):
        item = Dataset(run, images=["pet"], with_masks=False)[1]
        assert "mask" not in item
        np.testing.assert_array_equal(item["image"].numpy()[0], make_ramp(GRID, 1))

    def test_cases_without_a_wanted_label_are_an_error_or_left_out_or_background(self, run):
        with pytest.raises(OptionError, match=r"1 of 3 cases have no mask.*such as c; labels of this run are"):
            Dataset(run, labels={"spleen": 1})
        with pytest.raises(OptionError, match=r"no case has a mask .* wanted; labels of this run are"):
            Dataset(run, labels={"pancreas": 1}, without_mask="leave out")
        rest = Dataset(run, labels={"spleen": 1}, without_mask="leave out")
        assert rest.case_ids == ["a", "b"]
        assert rest.left_out == {"c": "no mask", "d": "failed"}
        assert not Dataset(run, labels={"spleen": 1}, without_mask="background")[2]["mask"].any()
        with pytest.raises(OptionError, match="without_mask"):
            Dataset(run, labels={"spleen": 1}, without_mask="skip")

    @pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mha"])
    def test_a_patch_is_what_the_whole_has_there(self, tmp_path, torch, suffix):
        out = write_run(tmp_path, CASES, suffix)
        whole, patches = Dataset(out, labels=LABELS), Dataset(out, labels=LABELS, patch=(5, 4, 3))
        torch.manual_seed(1)
        centered = 0
        for _ in range(20):
            for item, full in zip(patches, whole, strict=True):
                assert item["image"].shape == (2, 5, 4, 3)
                # Where the patch says that it is.
                start = np.linalg.solve(full["affine"].numpy(), item["affine"].numpy()[:, 3])[:3]
                low = np.rint(start).astype(int)
                np.testing.assert_allclose(start, low, atol=1e-6)
                x, y, z = (slice(at, at + size) for at, size in zip(low, (5, 4, 3), strict=True))
                np.testing.assert_array_equal(item["image"], full["image"][:, x, y, z])
                np.testing.assert_array_equal(item["mask"], full["mask"][:, x, y, z])
                centered += bool(item["mask"][0, 2, 2, 1])
        # Half of them are made so, and few of the others hit the small labels by chance.
        assert 15 < centered < 45

    def test_all_patches_are_on_labels_if_asked_for_or_none(self, run, torch):
        torch.manual_seed(0)
        data = Dataset(run, labels=LABELS, patch=(1, 1, 1), label_probability=1)
        assert all(item["mask"].any() for _ in range(10) for item in data)
        data = Dataset(run, labels=LABELS, patch=(1, 1, 1), label_probability=0)
        assert sum(bool(item["mask"].any()) for _ in range(10) for item in data) < 10

    def test_a_patch_larger_than_the_volume_is_filled_up(self, run):
        item = Dataset(run, labels=LABELS, patch=(14, 10, 8), fill_value=-1000)[0]
        assert item["image"].shape == (2, 14, 10, 8)
        np.testing.assert_array_equal(item["image"][0, 1:13], make_ramp(GRID))
        assert (item["image"][:, [0, 13]] == -1000).all()
        assert not item["mask"][:, [0, 13]].any()
        np.testing.assert_allclose(item["affine"].numpy()[:3, 3], GRID.index_to_world((-1, 0, 0)))

    def test_a_seed_repeats_the_patches(self, run, torch):
        data = Dataset(run, labels=LABELS, patch=(3, 3, 3))

        def draw(seed):
            torch.manual_seed(seed)
            return torch.stack([item["affine"] for item in data])

        assert torch.equal(draw(3), draw(3))
        assert not torch.equal(draw(3), draw(4))

    @pytest.mark.slow
    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_workers_give_what_the_main_process_gives(self, run, torch, method):
        if method not in multiprocessing.get_all_start_methods():
            pytest.skip(f"this system does not {method}")
        data = Dataset(run, labels=LABELS, transform=double)
        loader = torch.utils.data.DataLoader(data, num_workers=2, multiprocessing_context=method)
        for item, batch in zip(data, loader, strict=True):
            assert batch["case_id"] == [item["case_id"]]
            for name in ("image", "mask", "affine"):
                assert torch.equal(batch[name][0], item[name])
        np.testing.assert_array_equal(data[0]["image"][0], 2 * make_ramp(GRID))

    @pytest.mark.slow
    def test_workers_draw_patches_of_their_own_which_a_seed_repeats(self, run, torch):
        data = Dataset(run, labels=LABELS, patch=(3, 3, 3), label_probability=0)
        again = torch.utils.data.ConcatDataset([data.subset(["a"])] * 8)

        def draw(seed):
            loader = torch.utils.data.DataLoader(
                again, num_workers=2, generator=torch.Generator().manual_seed(seed), multiprocessing_context="fork"
            )
            return [tuple(batch["affine"][0, :3, 3].tolist()) for batch in loader]

        first = draw(1)
        assert len(set(first)) > 4
        assert first == draw(1)
        assert first != draw(2)

    def test_it_travels_and_holds_no_file_open(self, run, no_handle_left):
        data = Dataset(run, labels=LABELS, patch=(3, 3, 3), transform=double)
        _ = data[0]
        other = pickle.loads(pickle.dumps(data))
        assert other.case_ids == data.case_ids
        assert other[1]["case_id"] == "b"

    def test_parts_share_no_patient(self, run):
        data = Dataset(run, labels=LABELS)
        parts = data.split((0.5, 0.5), seed=2)
        assert sorted(map(tuple, (part.case_ids for part in parts))) == [("a", "b"), ("c",)]
        assert all(isinstance(part, Dataset) for part in parts)
        assert data.subset(["c", "a"]).case_ids == ["a", "c"]
        with pytest.raises(OptionError, match="no case x"):
            data.subset(["x"])

    def test_series_are_loaded_as_they_are_too(self, demo_cohort):
        first, third = demo_cohort.patients[0], demo_cohort.patients[2]
        cases = [
            Case.from_files("one", {"ct": first.ct.files[0].parent}, {"seg": first.seg.files[0]}),
            Case.from_files("two", {"ct": third.ct.files[0].parent}, {"rt": third.structures.files[0]}),
        ]
        data = Dataset(cases, labels={"liver": 1, "spleen": 2})
        for item, patient in zip(data, (first, third), strict=True):
            expected = np.where(patient.organs == 5, 1, np.where(patient.organs == 6, 2, 0))
            np.testing.assert_array_equal(item["mask"].numpy()[0], expected)
            np.testing.assert_allclose(item["affine"].numpy(), patient.grid.affine, atol=1e-6)
            assert abs(float(item["image"][0].numpy()[patient.organs == 5].mean()) - 110) < 20
        patch = Dataset(cases, labels={"liver": 1}, patch=(4, 4, 4), label_probability=1)[1]
        assert patch["mask"][0, 2, 2, 2] == 1
        assert "mask" not in Dataset(cases, with_masks=False)[0]
        with pytest.raises(OptionError, match="a run wrote"):
            Dataset(cases)
        with pytest.raises(OptionError, match="none of the 0 cases"):
            Dataset([], labels={"liver": 1})

    def test_a_file_that_was_changed_after_the_run_is_refused(self, tmp_path):
        out = write_run(tmp_path, CASES)
        moved = Grid(GRID.shape, GRID.spacing, (0, 0, 0), GRID.direction)
        save_image(Image.from_grid(make_mask(5), moved, modality="SEG"), out / "c" / "seg.nii")
        data = Dataset(out, labels=LABELS)
        with pytest.raises(GeometryError, match="a file of the case c"):
            _ = data[2]

    def test_an_index_beyond_the_end_ends_a_loop(self, run):
        data = Dataset(run, labels=LABELS)
        with pytest.raises(IndexError):
            _ = data[3]
        assert data[-1]["case_id"] == "c"
        assert len(list(data)) == 3
