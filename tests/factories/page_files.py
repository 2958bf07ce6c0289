"""The files that the pages of the documentation load, under the names they use."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import SecondaryCaptureImageStorage

from pictologics import (
    Grid,
    Image,
    load_image,
    save_image,
)
from pictologics.cli.demo_anatomy import ORGAN_NAMES
from pictologics.cli.demo_series import DemoTruth, write_demo_series
from pictologics.dicom.segmentation.cielab import srgb_to_lab
from pictologics.preprocessing import crop_to_mask
from tests.factories.dicom_series import uid
from tests.factories.dicom_series import write_series as write_slices
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.nrrd_files import write_nrrd
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.phases import kinds
from tests.factories.phases import write_phases as write_phase_files
from tests.factories.segmentations import frames_of, segment_item, write_seg
from tests.factories.structure_sets import RoiTruth, circle, on_plane, write_structures

__all__ = ["page_folder"]


@contextmanager
def page_folder() -> Iterator[Path]:
    """A folder with every sample file, gone when the page is done."""
    with tempfile.TemporaryDirectory(prefix="page-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        truth = write_demo_series(folder / "ct_with_scout", slices=24, size=64)
        write_series(folder, truth)
        write_archives(folder)
        write_phases(folder)
        write_multiframe(folder)
        write_pet(folder / "pet")
        write_volumes(folder)
        write_padded(folder, truth)
        write_color(folder)
        write_masks(folder, truth.grid)
        write_plan(folder, truth.grid)
        write_organ_masks(folder, truth.grid)
        write_study(folder)
        write_organs(folder, truth)
        write_segmentations(folder, truth)
        write_brain(folder)
        write_nrrd_files(folder)
        write_broken(folder)
        yield folder


def write_series(folder: Path, truth: DemoTruth) -> None:
    """CT series: as it should be, below other folders, two in one folder, with a gap, tilted; and one slice."""
    for name in ("ct_scan", "patient/2024-02-29/ct", "gap", "two_series", "tilted"):
        (folder / name).mkdir(parents=True)
        for k, file in enumerate(truth.slice_files):
            if name != "gap" or k not in (10, 11):
                shutil.copy(file, folder / name)
    other = write_demo_series(folder / "two_series", slices=6, size=64, seed=8)
    other.localizer_file.unlink()
    for file in (folder / "tilted").iterdir():
        dataset = pydicom.dcmread(file)
        height = float(truth.grid.world_to_index(dataset.ImagePositionPatient)[2])
        # Each slice a little further along its columns than the one below: a gantry leaning by 18.5 degrees.
        lean = np.tan(np.radians(18.5)) * truth.grid.spacing[2] * height
        position = np.array(dataset.ImagePositionPatient, float) + lean * truth.grid.direction[:, 1]
        dataset.ImagePositionPatient = [f"{value:.8g}" for value in position]
        dataset.save_as(file)
    shutil.copy(truth.slice_files[12], folder / "slice_012")


def write_archives(folder: Path) -> None:
    """The CT series in one file."""
    for kind in ("zip", "gztar"):
        shutil.make_archive(str(folder / "ct_scan"), kind, folder / "ct_scan")


def write_phases(folder: Path) -> None:
    """A gated CT of three phases, and the same with a slice too few."""
    truth = write_demo_series(folder / "parts", slices=8, size=32)
    for name in ("cardiac", "incomplete"):
        (folder / name).mkdir()
        for percentage in (75, 0, 40):
            for k, file in enumerate(truth.slice_files):
                dataset = pydicom.dcmread(file)
                dataset.SeriesDescription = "Gated heart"
                dataset.NominalPercentageOfCardiacPhase = percentage
                dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid("phase", percentage, k)
                if name == "cardiac" or (percentage, k) != (40, 3):
                    dataset.save_as(folder / name / f"IM{percentage + 100 * k:04d}")
    shutil.rmtree(folder / "parts")


def write_multiframe(folder: Path) -> None:
    """One enhanced MR file of two time points."""
    later = PHANTOM.with_array(PHANTOM.array + 1000)
    planes = [*planes_of(PHANTOM, temporal=1), *planes_of(later, temporal=2)]
    write_enhanced(folder / "enhanced.dcm", planes, series="perfusion")


def write_volumes(folder: Path) -> None:
    """A 4D file of functional MR, diffusion with its tables, and a series of three echoes of two components."""
    rng = np.random.default_rng(3)
    affine = np.diag([3.0, 3.0, 4.0, 1.0])
    bold = nibabel.Nifti1Image(rng.integers(0, 900, (16, 16, 8, 60)).astype(np.int16), affine)
    bold.header.set_xyzt_units("mm", "sec")
    bold.header["pixdim"][4] = 2.0
    nibabel.save(bold, folder / "bold.nii.gz")
    nibabel.save(
        nibabel.Nifti1Image(rng.integers(0, 900, (8, 8, 4, 7)).astype(np.int16), affine), folder / "dwi.nii.gz"
    )
    np.savetxt(folder / "dwi.bval", [[0, 1000, 1000, 1000, 0, 2000, 2000]], fmt="%g")
    vectors = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0), (0.6, 0.8, 0), (0, 0.6, 0.8)]
    np.savetxt(folder / "dwi.bvec", np.transpose(vectors), fmt="%g")
    echoes = []
    for kind in kinds("M", "P"):
        for echo in (4.92, 7.38, 9.84):

            def touch(dataset: Dataset, k: int, kind=kind, echo=echo) -> None:
                kind(dataset, k)
                dataset.EchoTime = echo

            echoes.append(touch)
    write_phase_files(folder / "echoes", echoes, modality="MR")


def write_pet(folder: Path) -> None:
    """PET of 300 MBq of F-18 in a person of 75 kg, scanned after an hour."""

    def change(dataset: Dataset, k: int) -> None:
        dataset.SeriesDate = dataset.AcquisitionDate = "20240229"
        dataset.SeriesTime = dataset.AcquisitionTime = "110000"
        dataset.Units, dataset.DecayCorrection = "BQML", "START"
        dataset.CorrectedImage = ["ATTN", "DECY"]
        dataset.PatientWeight, dataset.PatientSize, dataset.PatientSex = 75, 1.8, "F"
        tracer = Dataset()
        tracer.RadiopharmaceuticalStartDateTime = "20240229100000"
        tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = 3e8, 6586.2
        dataset.RadiopharmaceuticalInformationSequence = Sequence([tracer])

    write_slices(folder, PHANTOM, change, modality="PT", slope=100.0, intercept=0.0)


def write_padded(folder: Path, truth: DemoTruth) -> None:
    """The CT series with all that lies outside a circle filled up with one value."""
    (folder / "padded").mkdir()
    y, x = np.indices((64, 64))
    outside = np.hypot(x - 31.5, y - 31.5) > 32
    for file in truth.slice_files:
        dataset = pydicom.dcmread(file)
        stored = dataset.pixel_array.copy()
        stored[outside] = 4095
        dataset.PixelData = stored.tobytes()
        dataset.add_new("PixelPaddingValue", "US", 4095)
        dataset.save_as(folder / "padded" / file.name)


def write_color(folder: Path) -> None:
    """A picture of a screen in red, green and blue."""
    dataset = pydicom.dcmread(folder / "slice_012")
    gray = (dataset.pixel_array // 16).astype(np.uint8)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.Modality, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = "OT", 3, "RGB"
    dataset.PlanarConfiguration, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 0, 8, 8, 7
    dataset.PixelData = np.stack([gray, gray // 2, 255 - gray], axis=2).tobytes()
    for keyword in (
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "RescaleSlope",
        "RescaleIntercept",
        "RescaleType",
    ):
        delattr(dataset, keyword)
    dataset.save_as(folder / "screen.dcm")


def write_masks(folder: Path, grid: Grid) -> None:
    """A sphere on a part of the scan with one axis turned round, and the same half a voxel aside."""
    part = grid.crop((20, 16, 6), (30, 28, 12)).flip(1)
    x, y, z = np.indices(part.shape)
    sphere = ((x - 15) / 12) ** 2 + ((y - 14) / 11) ** 2 + ((z - 6) / 5) ** 2 < 1
    save_image(Image.from_grid(sphere.astype(np.uint8), part, modality="SEG"), folder / "cropped_mask.nii.gz")
    aside = Grid(part.shape, part.spacing, tuple(part.index_to_world((0.5, 0, 0))), part.direction)
    save_image(Image.from_grid(sphere.astype(np.uint8), aside, modality="SEG"), folder / "shifted_mask.nii.gz")
    whole = load_image(folder / "cropped_mask.nii.gz", reference_image=Image.from_grid(np.zeros(grid.shape), grid))
    nibabel.save(nibabel.Nifti1Image(np.asarray(whole.array, np.uint8), np.eye(4)), folder / "lost_mask.nii.gz")


def write_plan(folder: Path, grid: Grid) -> None:
    """Contours on the CT series: a tumor in an organ with a cavity, a vessel beside it, and a reference point."""
    rings = {"GTV": [(6.2, 0)], "LIVER": [(17.3, 0), (4.6, -9)], "VESSEL": [(5.4, 14)]}
    rois = [
        RoiTruth(
            name,
            [on_plane(grid, circle((34 + shift, 30), radius), k) for k in range(8, 15) for radius, shift in own],
            interpreted_type="GTV" if name == "GTV" else "ORGAN",
        )
        for name, own in rings.items()
    ]
    point = grid.index_to_world([[34, 30, 11]])
    rois.append(RoiTruth("ISOCENTER", [point], kind="POINT", interpreted_type="ISOCENTER"))
    frame = pydicom.dcmread(next((folder / "ct_scan").iterdir())).FrameOfReferenceUID
    write_structures(folder / "plan.dcm", rois, frame_uid=frame)


def write_organ_masks(folder: Path, grid: Grid) -> None:
    """Masks of three organs, each cropped to its own box."""
    for name, start, shape in (
        ("liver", (14, 20, 4), (20, 18, 9)),
        ("kidney", (30, 34, 6), (8, 8, 6)),
        ("tumor", (18, 26, 8), (6, 6, 3)),
    ):
        part = grid.crop(start, shape)
        center = (np.array(shape) - 1) / 2
        inside = sum(((index - c) / (c + 0.5)) ** 2 for index, c in zip(np.indices(shape), center, strict=True)) < 1
        save_image(Image.from_grid(inside.astype(np.uint8), part, modality="SEG"), folder / f"{name}.nii.gz")


def write_study(folder: Path) -> None:
    """The liver as it is exported, in a box of -2048; and the pipeline that the page about preprocessing shows."""
    scan = load_image(folder / "ct_scan")
    liver = load_image(folder / "liver.nii.gz", reference_image=scan)
    exported = Image.from_grid(np.where(liver.array > 0, scan.array, -2048), scan.grid, modality="CT")
    save_image(crop_to_mask(exported, liver, margin_mm=30)[0], folder / "exported_liver.nii.gz")
    page = (Path(__file__).parents[2] / "docs" / "preprocessing.md").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")


def write_organs(folder: Path, truth: DemoTruth) -> None:
    """The organs of the scan as a label map."""
    organs = Image.from_grid(truth.organs, truth.grid, modality="SEG", labels=ORGAN_NAMES)
    save_image(organs, folder / "organs.nii.gz")


def write_segmentations(folder: Path, truth: DemoTruth) -> None:
    """DICOM SEG files on the scan: three organs, two that overlap, and one with probabilities."""
    grid = truth.grid

    def on_scan(dataset: Dataset) -> None:
        dataset.FrameOfReferenceUID = pydicom.dcmread(truth.slice_files[0]).FrameOfReferenceUID

    place = Phantom(np.zeros(grid.shape), grid.spacing, grid.origin, grid.direction)
    boxes = {1: ((14, 20, 4), (20, 18, 9)), 2: ((36, 34, 6), (8, 8, 6)), 3: ((20, 24, 12), (4, 4, 9))}
    masks = {number: box_mask(grid.shape, *box) for number, box in boxes.items()}
    masks[1] *= 1 - masks[3]
    finder = {"SegmentAlgorithmName": "finder", "RecommendedDisplayCIELabValue": list(srgb_to_lab("#e6194b"))}
    described = [segment_item(1, "liver"), segment_item(2, "kidney"), segment_item(3, "tumor", **finder)]
    for segment, code, meaning in ((described[1], "64033007", "Kidney"), (described[2], "108369006", "Neoplasm")):
        kind = segment.SegmentedPropertyTypeCodeSequence[0]
        kind.CodeValue, kind.CodeMeaning = code, meaning
    described[2].SegmentAlgorithmType = "AUTOMATIC"
    step = grid.spacing[2]
    write_seg(folder / "organs.dcm", frames_of(masks, place), on_scan, segments=described, step=step)
    overlapping = {1: box_mask(grid.shape, *boxes[1]), 2: box_mask(grid.shape, (20, 24, 6), (4, 4, 4))}
    described = [segment_item(1, "liver"), segment_item(2, "tumor")]
    write_seg(folder / "overlapping.dcm", frames_of(overlapping, place), on_scan, segments=described, step=step)
    part = grid.crop((20, 16, 6), (30, 28, 12))
    x, y, z = np.indices(part.shape)
    radius = np.sqrt(((x - 15) / 12) ** 2 + ((y - 14) / 11) ** 2 + ((z - 6) / 5) ** 2)
    fractions = np.rint(255 * np.clip(1.3 - radius, 0, 1))
    place = Phantom(fractions, part.spacing, part.origin, part.direction)
    described = [segment_item(1, "liver")]
    write_seg(
        folder / "probability.dcm", frames_of({1: fractions}, place), on_scan, kind="FRACTIONAL", segments=described
    )


def box_mask(shape: tuple[int, ...], start: tuple[int, ...], size: tuple[int, ...]) -> np.ndarray:
    """A mask of a box."""
    mask = np.zeros(shape, np.uint8)
    mask[tuple(slice(low, low + count) for low, count in zip(start, size, strict=True))] = 1
    return mask


def write_brain(folder: Path) -> None:
    """NIfTI files as other software writes them: a head, in one volume and in five."""
    x, y, z = np.indices((48, 56, 40))
    radius = np.sqrt(((x - 24) / 20) ** 2 + ((y - 28) / 25) ** 2 + ((z - 20) / 18) ** 2)
    head = (1000 * np.clip(1.15 - radius, 0, 1)).astype(np.int16)
    ras_affine = np.diag([3.0, 3.0, 3.5, 1.0])
    ras_affine[:3, 3] = (-70.5, -82.0, -58.0)
    brain = nibabel.Nifti1Image(head, ras_affine)
    brain.set_qform(ras_affine, 1)
    brain.set_sform(ras_affine, 1)
    nibabel.save(brain, folder / "brain.nii.gz")
    volumes = np.stack([head // 2 + 10 * k for k in range(5)], axis=3).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volumes, ras_affine), folder / "fmri.nii.gz")
    bare = nibabel.Nifti1Header()
    bare.set_data_shape(head.shape)
    bare.set_data_dtype(np.int16)
    bare["pixdim"][1:4] = (3.0, 3.0, 3.5)
    (folder / "bare.nii").write_bytes(bare.binaryblock + bytes(4) + head.tobytes("F"))


def write_nrrd_files(folder: Path) -> None:
    """A segmentation of two layers as 3D Slicer keeps it, and a header whose voxels are elsewhere."""
    x, y, z = np.indices((20, 18, 16))
    liver = ((x - 9) / 8) ** 2 + ((y - 9) / 7) ** 2 + ((z - 8) / 6) ** 2 < 1
    lesion = (x - 12) ** 2 + (y - 9) ** 2 + (z - 8) ** 2 < 6
    keys = {"kinds": "list domain domain domain"}
    for place, name in enumerate(("liver", "lesion")):
        keys |= {
            f"Segment{place}_ID=": f"Segment_{place + 1}",
            f"Segment{place}_Name=": name,
            f"Segment{place}_Layer=": str(place),
            f"Segment{place}_LabelValue=": str(place + 1),
        }
    layers = np.stack([liver * 1, lesion * 2])
    write_nrrd(folder / "organs.seg.nrrd", array=layers, dtype="u1", encoding="gzip", leading=1, extra=keys)
    (folder / "headers").mkdir()
    write_nrrd(folder / "headers" / "scan.nhdr", extra={"data file": "../voxels.raw"})
    (folder / "headers" / "scan-0.data").replace(folder / "voxels.raw")


def write_broken(folder: Path) -> None:
    """A file that was cut off, and one that is no image."""
    (folder / "cut.nii.gz").write_bytes((folder / "brain.nii.gz").read_bytes()[:5000])
    (folder / "notes.txt").write_text("Bring the films.\n", encoding="utf-8")
