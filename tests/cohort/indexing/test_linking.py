"""Which image belongs to a mask: rows of known series, and the made-up export."""

from __future__ import annotations

from itertools import count
from pathlib import PurePosixPath

import duckdb
import numpy as np
import pytest

from pictologics import Grid
from pictologics.cohort.indexing.grid_columns import make_geometry_columns
from pictologics.cohort.indexing.link_problems import FIND_LINK_PROBLEMS, FIND_SPLIT_STUDIES
from pictologics.cohort.indexing.linking import FIND_LINKS, link_series
from pictologics.cohort.indexing.series_rows import describe_series_rows
from pictologics.cohort.indexing.volume_file_rows import describe_volume_file_rows
from pictologics.cohort.parquet_files import make_table
from pictologics.dicom.headers import tags
from pictologics.dicom.studies.links import LinkedSeries, find_links
from pictologics.dicom.studies.pseudonyms import Pseudonyms
from pictologics.storage.files import DiskFile
from tests.cohort.indexing.series_headers import read_series_headers

GRID = Grid((48, 40, 24), (1.0, 1.0, 3.0), (-20.0, -30.0, 100.0))
PLAIN = Pseudonyms(b"", keeps_identifiers=True)


class Tables:
    """Series and files of a cohort, put together by hand."""

    def __init__(self) -> None:
        self.series: list[dict] = []
        self.files: list[dict] = []
        self.numbers = count()

    def add(self, key: str, kind: str = "image", *, folder: str = "", objects=(), grid: Grid | None = GRID, **columns):
        """A series; a file for each of its objects, or one."""
        study = columns.pop("study_key", "T")
        row = {"series_key": key, "kind": kind, "format": "DICOM", "study_key": study, "files": 1, "loads": True}
        self.series.append({**row, **make_geometry_columns(grid), **columns})
        for instance in objects or [f"{key} object"]:
            path = f"{folder}/{next(self.numbers)}" if folder else str(next(self.numbers))
            self.files.append({"path": path, "format": "DICOM", "series_key": key, "instance_key": instance})

    def add_file(self, path: str, kind: str = "image", grid: Grid = GRID):
        """A file that is no DICOM."""
        row = {"series_key": path, "kind": kind, "format": "NIfTI", "files": 1, "loads": True}
        self.series.append({**row, **make_geometry_columns(grid)})
        self.files.append({"path": path, "format": "NIfTI", "series_key": path})

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.register("all_series", make_table("series", self.series))
        connection.register("unit_files", make_table("files", self.files))
        link_series(connection)
        return connection

    def link(self) -> dict[str, tuple[str, str, int]]:
        """Image, how and number of choices of each mask, as the tables and the rule in memory both find them."""
        found = {mask: (image, how, choices) for mask, image, how, choices in self.connect().sql(FIND_LINKS).fetchall()}
        of_dicom = {mask: link for mask, link in found.items() if link[1] != "folder"}
        in_memory = find_links([self.as_linked(row) for row in self.series if row["format"] == "DICOM"])
        assert {mask: (link.image, link.how, link.choices) for mask, link in in_memory.items()} == of_dicom
        return found

    def as_linked(self, row: dict) -> LinkedSeries:
        """A row of the table of series as the rule in memory has it."""
        grid = None
        if row.get("size_x") is not None:
            shape, spacing = ([row[f"{name}_{axis}"] for axis in "xyz"] for name in ("size", "spacing"))
            grid = Grid(tuple(shape), tuple(spacing), tuple(row["origin"]), np.reshape(row["direction"], (3, 3)))
        return LinkedSeries(
            row["series_key"],
            row["kind"],
            row.get("study_key") or "",
            row.get("patient_key") or "",
            row.get("frame_of_reference_key") or "",
            row.get("modality") or "",
            row["files"],
            row["loads"],
            grid,
            tuple(row.get("referenced_series_keys") or ()),
            tuple(row.get("referenced_instance_keys") or ()),
            frozenset(
                file["instance_key"]
                for file in self.files
                if file["series_key"] == row["series_key"] and "instance_key" in file
            ),
        )

    def find_problems(self) -> list[tuple]:
        connection = self.connect()
        return sorted(connection.sql(f"{FIND_LINK_PROBLEMS} UNION ALL {FIND_SPLIT_STUDIES}").fetchall(), key=str)


@pytest.fixture
def tables() -> Tables:
    return Tables()


def test_the_series_that_is_named_counts_most(tables):
    tables.add("CT", frame_of_reference_key="F1", objects=["a", "b"])
    tables.add("MR", frame_of_reference_key="F2")
    columns = {"referenced_series_keys": ["MR"], "referenced_instance_keys": ["a"], "frame_of_reference_key": "F1"}
    tables.add("mask", "SEG", **columns)
    assert tables.link() == {"mask": ("MR", "referenced series", 1)}


def test_the_series_with_most_of_the_named_objects(tables):
    tables.add("one", objects=["a", "b", "c"])
    tables.add("two", objects=["d", "e"])
    tables.add("contours", "RTSTRUCT", grid=None, referenced_instance_keys=["a", "d", "e"])
    assert tables.link() == {"contours": ("two", "referenced images", 1)}


def test_geometry_tells_images_of_one_frame_of_reference_apart(tables):
    tables.add("thin", grid=Grid((48, 40, 72), (1.0, 1.0, 1.0), GRID.origin), frame_of_reference_key="F")
    tables.add("thick", frame_of_reference_key="F")
    # A segmentation may leave planes out.
    tables.add("mask", "SEG", grid=Grid((48, 40, 9), GRID.spacing, GRID.origin), frame_of_reference_key="F")
    assert tables.link() == {"mask": ("thick", "frame of reference", 1)}


def test_a_grid_that_runs_the_other_way_is_the_same_grid(tables):
    tables.add("thin", grid=Grid((48, 40, 72), (1.0, 1.0, 1.0), GRID.origin), frame_of_reference_key="F")
    tables.add("axial", frame_of_reference_key="F")
    tables.add("turned", "SEG", grid=GRID.permute((2, 0, 1)).flip(0), frame_of_reference_key="F")
    assert tables.link()["turned"][0] == "axial"


def test_images_that_fit_equally_well_are_a_guess_and_a_problem(tables):
    for name in ("first", "second"):
        tables.add(name, frame_of_reference_key="F")
    tables.add("scout", grid=Grid((512, 512, 1)), frame_of_reference_key="F")
    tables.add("contours", "RTSTRUCT", grid=None, frame_of_reference_key="F")
    image, how, choices = tables.link()["contours"]
    assert image in ("first", "second") and (how, choices) == ("frame of reference", 2)
    ((kind, key, paths, text),) = tables.find_problems()
    assert (kind, key, len(paths)) == ("ambiguous link", "contours", 1) and "2 images fit" in text


def test_an_image_of_the_same_study_is_preferred(tables):
    tables.add("before", study_key="T1", frame_of_reference_key="F")
    tables.add("after", study_key="T2", frame_of_reference_key="F")
    tables.add("contours", "RTSTRUCT", grid=None, study_key="T2", frame_of_reference_key="F")
    assert tables.link() == {"contours": ("after", "frame of reference", 1)}


def test_a_study_links_unless_frames_of_reference_contradict_it(tables):
    tables.add("CT", frame_of_reference_key="F")
    tables.add("no frame", "RTSTRUCT", grid=None)
    tables.add("other frame", "RTSTRUCT", grid=None, frame_of_reference_key="G")
    # Anonymizers renew the frame of reference of each file; its planes are still those of the image.
    tables.add("other frame, same planes", "SEG", frame_of_reference_key="G")
    assert tables.link() == {
        "no frame": ("CT", "study", 1),
        "other frame, same planes": ("CT", "study", 1),
    }
    ((kind, key, _, text),) = tables.find_problems()
    assert (kind, key) == ("orphan", "other frame") and "RTSTRUCT" in text


def test_a_dose_has_the_image_of_its_plan(tables):
    tables.add("planning CT", frame_of_reference_key="F")
    tables.add("other CT", frame_of_reference_key="F")
    tables.add("contours", "RTSTRUCT", grid=None, objects=["rs"], referenced_series_keys=["planning CT"])
    tables.add("plan", "other", grid=None, objects=["rp"], referenced_instance_keys=["rs"])
    tables.add("dose", "dose", frame_of_reference_key="F", referenced_instance_keys=["rp"])
    tables.add("sum", "dose", frame_of_reference_key="F", referenced_instance_keys=["rs"])
    links = tables.link()
    assert links["dose"] == links["sum"] == ("planning CT", "plan and structure set", 1)


def test_a_mask_whose_series_is_not_there_is_an_orphan(tables):
    tables.add("CT", study_key="T2", frame_of_reference_key="F")
    tables.add("mask", "SEG", referenced_series_keys=["lost"], frame_of_reference_key="G", folder="masks")
    assert not tables.link()
    ((kind, key, paths, text),) = tables.find_problems()
    assert (kind, key, PurePosixPath(paths[0]).parent.name) == ("orphan", "mask", "masks")
    assert "the series that it names is not there" in text


def test_files_in_one_folder_by_their_grid(tables):
    other = Grid((48, 40, 24), (1.0, 1.0, 3.0), (-20.0, -30.0, 101.0))
    tables.add_file("p1/t1.nii.gz")
    tables.add_file("p1/t2.nii.gz", grid=other)
    tables.add_file("p1/tumor_mask.nii.gz", "SEG", other)
    tables.add_file("p2/lonely_mask.nii.gz", "SEG")
    assert tables.link() == {"p1/tumor_mask.nii.gz": ("p1/t2.nii.gz", "folder", 1)}
    assert [problem[:2] for problem in tables.find_problems()] == [("orphan", "p2/lonely_mask.nii.gz")]


def test_files_of_one_grid_by_their_names(tables):
    for name in ("case_01", "case_02"):
        tables.add_file(f"all/{name}.nii.gz")
        tables.add_file(f"all/{name}_liver_seg.nii.gz", "SEG")
        tables.add_file(f"raw/imagesTr/{name}_0000.nii.gz")
        tables.add_file(f"raw/labelsTr/{name}.nii.gz", "SEG")
    assert tables.link() == {
        **{f"all/{name}_liver_seg.nii.gz": (f"all/{name}.nii.gz", "folder", 1) for name in ("case_01", "case_02")},
        **{
            f"raw/labelsTr/{name}.nii.gz": (f"raw/imagesTr/{name}_0000.nii.gz", "folder", 1)
            for name in ("case_01", "case_02")
        },
    }


def test_a_mask_file_among_slices(tables):
    tables.add("CT", folder="scan", objects=["a", "b"])
    tables.add_file("scan/mask.nii.gz", "SEG", GRID.flip(0).flip(1))
    assert tables.link() == {"scan/mask.nii.gz": ("CT", "folder", 1)}


def test_a_mask_called_nothing_but_mask_beside_the_folder_of_its_image(tables):
    other = Grid((48, 40, 24), (1.0, 1.0, 3.0), (-20.0, -30.0, 101.0))
    tables.add_file("p1/image/phantom.nii.gz")
    tables.add_file("p1/mask/mask.nii.gz", "SEG", GRID.flip(0))
    tables.add("CT", folder="p2/scan", objects=["a", "b"], grid=other)
    tables.add_file("p2/Labels/seg.nii.gz", "SEG", other)
    # Folders of patients side by side, and names that say whose mask it is.
    tables.add_file("all/p3/mask.nii.gz", "SEG")
    tables.add_file("all/p4/ct.nii.gz")
    tables.add_file("two/image/anna.nii.gz")
    tables.add_file("two/mask/bert.nii.gz", "SEG")
    assert tables.link() == {
        "p1/mask/mask.nii.gz": ("p1/image/phantom.nii.gz", "folder", 1),
        "p2/Labels/seg.nii.gz": ("CT", "folder", 1),
    }
    lonely = [text for kind, _, _, text in tables.find_problems() if kind == "orphan"]
    assert len(lonely) == 2 and all("and none of its name in one beside it" in text for text in lonely)


def test_studies_that_are_split_over_folders(tables):
    # Folders of series below one of the study, or side by side, are how exports are.
    tables.add("CT 1", study_key="T1", folder="P1/T1/CT")
    tables.add("PT 1", study_key="T1", folder="P1/T1/PT")
    tables.add("CT 2", study_key="T2", folder="P2/CT")
    tables.add("PT 2", study_key="T2", folder="P2/PT")
    tables.add("CT 3", study_key="T3", folder="P3/CT")
    tables.add("PT 3", study_key="T3", folder="lost and found")
    ((kind, key, paths, text),) = tables.find_problems()
    assert (kind, key, paths) == ("split study", None, ["P3/CT", "lost and found"]) and "2 folders" in text


def test_series_that_do_not_load_as_they_are(tables):
    options = '{"irregular": "resample"}'
    tables.add("gaps", verdict="irregular", verdict_text="2 slices are missing", load_options=options)
    tables.add("broken", verdict="refused", verdict_text="it has no pixels")
    assert [(kind, key, text) for kind, key, _, text in tables.find_problems()] == [
        ("irregular", "gaps", f"2 slices are missing; it loads with {options}"),
        ("refused", "broken", "it has no pixels"),
    ]


def test_the_demo_cohort(demo_cohort):
    tables = Tables()
    for headers in read_series_headers(demo_cohort.root).values():
        row = describe_series_rows(headers, PLAIN).series
        tables.series.append(row)
        for header in headers:
            file = {"path": header.path, "format": "DICOM", "series_key": row["series_key"]}
            tables.files.append({**file, "instance_key": header.text(tags.SOP_INSTANCE_UID)})
    for path in (demo_cohort.nifti, demo_cohort.nifti_mask):
        tables.series.append(describe_volume_file_rows(DiskFile(path), str(path), PLAIN).series)
        tables.files.append({"path": str(path), "format": "NIfTI", "series_key": str(path)})
    expected = {
        mask.uid: patient.ct.uid
        for patient in demo_cohort.patients
        for mask in (patient.seg, patient.structures)
        if mask is not None and patient.ct.files[0].exists()
    }
    expected[str(demo_cohort.nifti_mask)] = str(demo_cohort.nifti)
    links = {mask: image for mask, (image, _, _) in tables.link().items()}
    assert expected.items() <= links.items()
    assert demo_cohort.orphan.uid not in links


# --- several patients ---


def test_a_frame_of_reference_of_two_patients_joins_nobody(tables):
    tables.add("ct", frame_of_reference_key="F", patient_key="P", study_key="T1")
    tables.add("own", "RTSTRUCT", frame_of_reference_key="F", patient_key="P", study_key="T2")
    tables.add("other", "RTSTRUCT", frame_of_reference_key="F", patient_key="Q", study_key="T3")
    tables.add("unknown", "RTSTRUCT", frame_of_reference_key="F", study_key="T4")
    assert {mask: how for mask, (_, how, _) in tables.link().items()} == {
        "own": "frame of reference",
        "unknown": "frame of reference",
    }
    assert [(kind, key) for kind, key, _, _ in tables.find_problems()] == [("orphan", "other")]


def test_a_study_of_two_patients_joins_nobody(tables):
    tables.add("ct", patient_key="P")
    tables.add("own", "RTSTRUCT", patient_key="P")
    tables.add("other", "RTSTRUCT", patient_key="Q")
    assert tables.link() == {"own": ("ct", "study", 1)}


def test_a_mask_that_names_an_image_of_another_patient_is_told(tables):
    tables.add("ct", patient_key="P", study_key="T1")
    tables.add("mask", "SEG", patient_key="Q", study_key="T2", referenced_series_keys=["ct"])
    assert tables.link() == {"mask": ("ct", "referenced series", 1)}
    ((kind, key, _, text),) = tables.find_problems()
    assert (kind, key) == ("other patient", "mask") and "one PatientID is wrong" in text
