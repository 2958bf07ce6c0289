"""Series of several volumes at the same slice positions, in the ways in which vendors tell them apart."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from tests.factories.dicom_series import slice_dataset, uid, write_dataset
from tests.factories.mosaics import csa_header
from tests.factories.phantom import PHANTOM, Phantom

__all__ = ["PATTERNS", "TRAPS", "Pattern", "phase_phantom", "write_phases"]

#: Called with a slice's data set and its number along the third axis.
Touch = Callable[[Dataset, int], None]


@dataclass(frozen=True)
class Pattern:
    """What tells volumes apart.

    ``touches`` write it, one for each volume, in the order of the volumes; ``tag`` is the attribute that a listing
    names (None: order alone), ``words`` what each label must contain.
    """

    touches: Sequence[Touch]
    tag: str | None
    words: Sequence[str]
    modality: str = "MR"

    @property
    def count(self) -> int:
        """How many volumes."""
        return len(self.touches)


def phase_phantom(t: int, phantom: Phantom = PHANTOM) -> Phantom:
    """The volume of phase ``t``: the same place, other values."""
    return phantom.with_array(phantom.array + 1000 * t)


def write_phases(
    folder: Path,
    touches: Sequence[Touch],
    *,
    phantom: Phantom = PHANTOM,
    by_slice: bool = False,
    numbered: Sequence[int] | None = None,
    absent: set[tuple[int, int]] = frozenset(),
    seed: int = 0,
    **options,
) -> dict[tuple[int, int], Path]:
    """Write one file for each slice of each volume.

    Args:
        folder: Made when it is not there.
        touches: One for each volume.
        phantom: The first volume; the others are ``phase_phantom(t, phantom)``.
        by_slice: Whether InstanceNumber counts the volumes of a slice before the next slice.
        numbered: In which order InstanceNumber counts the volumes; their own by default.
        absent: (volume, slice) pairs that are not written.
        seed: Shuffles the file names, which tell nothing.
        **options: See :func:`tests.factories.dicom_series.slice_dataset`.

    Returns:
        The file of each (volume, slice).
    """
    folder.mkdir(parents=True, exist_ok=True)
    count, slices = len(touches), phantom.shape[2]
    numbered = range(count) if numbered is None else numbered
    names = [f"{k:04d}.dcm" for k in range(count * slices)]
    random.Random(seed).shuffle(names)
    options.setdefault("slope", None)
    files = {}
    for t, touch in enumerate(touches):
        for k in range(slices):
            if (t, k) in absent:
                continue
            rank = numbered[t]
            number = 1 + (k * count + rank if by_slice else rank * slices + k)
            ds = slice_dataset(k, phase_phantom(t, phantom), instance_number=number, **options)
            ds.SOPInstanceUID = uid("phase", t, "slice", k, options.get("series", ""))
            touch(ds, k)
            files[t, k] = write_dataset(folder / names[t * slices + k], ds)
    return files


def put(**attributes) -> Touch:
    """Set attributes; a callable is asked for its value at each slice."""

    def touch(ds: Dataset, k: int) -> None:
        for keyword, value in attributes.items():
            setattr(ds, keyword, value(k) if callable(value) else value)

    return touch


def siemens_diffusion(b_value: int, direction: Sequence[float] | None = None) -> Touch:
    """Group 0019 of Siemens."""

    def touch(ds: Dataset, k: int) -> None:
        block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0C, "IS", str(b_value))
        if direction is not None:
            block.add_new(0x0E, "FD", list(direction))

    return touch


def ge_diffusion(b_value: int, direction: Sequence[float] | None = None) -> Touch:
    """Groups 0019 and 0043 of GE, which adds a billion to b-values of scans with several."""

    def touch(ds: Dataset, k: int) -> None:
        block = ds.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x39, "IS", [str(1_000_000_000 + b_value), "8", "0", "0"])
        acquisition = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
        for element, component in zip((0xBB, 0xBC, 0xBD), direction or (0.0, 0.0, 0.0), strict=True):
            acquisition.add_new(element, "DS", str(component))

    return touch


def philips_diffusion(b_value: float, direction: Sequence[float] | None = None) -> Touch:
    """Groups 2001 and 2005 of Philips."""

    def touch(ds: Dataset, k: int) -> None:
        block = ds.private_block(0x2001, "Philips Imaging DD 001", create=True)
        block.add_new(0x03, "FL", float(b_value))
        ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
        for element, component in zip((0x200510B0, 0x200510B1, 0x200510B2), direction or (0.0,) * 3, strict=True):
            ds.add_new(element, "FL", float(component))

    return touch


def csa_diffusion(b_value: int, direction: Sequence[float] | None = None) -> Touch:
    """The CSA header of an older Siemens scanner, which writes a b-value nowhere else, and numbers its acquisitions."""

    def touch(ds: Dataset, k: int) -> None:
        values = {"B_value": [b_value], "DiffusionGradientDirection": [f"{v:.8f}" for v in direction or ()]}
        block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        content = csa_header(values)
        block.add_new(0x10, "OB", content + b"\0" * (len(content) % 2))
        ds.AcquisitionNumber = 9 - b_value // 100

    return touch


def uih_diffusion(b_value: float, direction: Sequence[float] | None = None) -> Touch:
    """Group 0065 of United Imaging."""

    def touch(ds: Dataset, k: int) -> None:
        block = ds.private_block(0x0065, "Image Private Header", create=True)
        block.add_new(0x09, "FD", float(b_value))
        block.add_new(0x37, "FD", list(direction or (0.0, 0.0, 0.0)))

    return touch


def ge_kind(number: int) -> Touch:
    """Group 0043 of GE: 0 to 3 for magnitude, phase, real and imaginary; its ImageType is always the same."""

    def touch(ds: Dataset, k: int) -> None:
        ds.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", number)

    return touch


def standard_diffusion(b_value: float, direction: Sequence[float] | None = None) -> Touch:
    """The attributes of the standard."""

    def touch(ds: Dataset, k: int) -> None:
        ds.DiffusionBValue = b_value
        if direction is not None:
            ds.DiffusionGradientOrientation = list(direction)

    return touch


def kinds(*names: str, place: int = 2) -> list[Touch]:
    """ImageType with another word at one place."""
    found = []
    for name in names:
        words = ["ORIGINAL", "PRIMARY", "M", "ND"]
        words[place] = name
        found.append(put(ImageType=words))
    return found


DIRECTIONS = [(0.0, 0.6, 0.8), (0.6, 0.0, 0.8), (1.0, 0.0, 0.0)]


def shells(diffusion: Callable[..., Touch]) -> Pattern:
    """Three b-values."""
    return Pattern([diffusion(b) for b in (0, 400, 800)], "DiffusionBValue", ["b=0", "b=400", "b=800"])


def directions(diffusion: Callable[..., Touch]) -> Pattern:
    """One volume without a gradient, three with one b-value and another direction each."""
    touches = [diffusion(0), *(diffusion(800, direction) for direction in DIRECTIONS)]
    return Pattern(touches, "DiffusionBValue", ["b=0", "b=800", "b=800", "b=800"])


def drifting(keyword: str, values: Callable[[int, int], object], count: int = 3) -> list[Touch]:
    """A value that changes with the slice too."""
    return [put(**{keyword: lambda k, t=t: values(t, k)}) for t in range(count)]


PATTERNS: dict[str, Pattern] = {
    "cardiac phase": Pattern(
        [put(NominalPercentageOfCardiacPhase=p) for p in (5.0, 40.0, 75.0)],
        "NominalPercentageOfCardiacPhase",
        ["Phase 5%", "Phase 40%", "Phase 75%"],
        "CT",
    ),
    "temporal position": Pattern(
        [put(TemporalPositionIdentifier=t, NumberOfTemporalPositions=12) for t in (2, 9, 11)],
        "TemporalPosition",
        ["2", "9", "11"],
    ),
    "trigger time": Pattern(
        [put(TriggerTime=t) for t in (9.5, 88.0, 166.5)], "TriggerTime", ["9.5 ms", "88 ms", "166.5 ms"]
    ),
    # Another moment at each slice, and no two alike.
    "drifting trigger time": Pattern(
        drifting("TriggerTime", lambda t, k: 300.0 * t + 7.25 * k), "TriggerTime", ["1", "2", "3"]
    ),
    "b-value": shells(standard_diffusion),
    "b-value Siemens": shells(siemens_diffusion),
    "b-value GE": shells(ge_diffusion),
    "b-value Philips": shells(philips_diffusion),
    "b-value CSA": shells(csa_diffusion),
    "b-value UIH": shells(uih_diffusion),
    "gradient CSA": directions(csa_diffusion),
    "gradient UIH": directions(uih_diffusion),
    "gradient": directions(standard_diffusion),
    "gradient Siemens": directions(siemens_diffusion),
    "gradient GE": directions(ge_diffusion),
    "gradient Philips": directions(philips_diffusion),
    "echo": Pattern(
        [put(EchoNumbers=n, EchoTime=t) for n, t in ((1, 2.46), (2, 4.92), (3, 10.0))],
        "EchoTime",
        ["Echo 1 (2.46 ms)", "Echo 2 (4.92 ms)", "Echo 3 (10 ms)"],
    ),
    "echo time alone": Pattern([put(EchoTime=t) for t in (8.5, 80.0, 101.0)], "EchoTime", ["8.5", "80", "101"]),
    "echo number alone": Pattern([put(EchoNumbers=n) for n in (1, 2)], "Echo", ["1", "2"]),
    "inversion time": Pattern(
        [put(InversionTime=t) for t in (50.0, 400.0, 1100.0)], "InversionTime", ["50", "400", "1100"]
    ),
    "flip angle": Pattern([put(FlipAngle=a) for a in (4.0, 15.0, 30.0)], "FlipAngle", ["4", "15", "30"]),
    "magnitude, phase": Pattern(kinds("M", "P"), "ImageType", ["M", "P"]),
    "real, imaginary": Pattern(kinds("M", "I", "P", "R"), "ImageType", ["M", "I", "P", "R"]),
    "GE's parts of a complex image": Pattern(
        [ge_kind(number) for number in (0, 3, 1, 2)], "ImageType", ["MAGNITUDE", "IMAGINARY", "PHASE", "REAL"]
    ),
    "Dixon": Pattern(
        kinds("FAT", "IN_PHASE", "OPP_PHASE", "WATER", place=3),
        "ImageType",
        ["FAT", "IN_PHASE", "OPP_PHASE", "WATER"],
    ),
    "acquisition number": Pattern(
        [put(AcquisitionNumber=n) for n in (1, 2, 10)], "AcquisitionNumber", ["1", "2", "10"], "CT"
    ),
    "acquisition time": Pattern(
        [put(AcquisitionTime=t) for t in ("090000.5", "090012", "100000")], "AcquisitionTime", ["", "", ""], "CT"
    ),
    "content time": Pattern(
        [put(ContentTime=t) for t in ("090000", "090012", "100000")], "ContentTime", ["", "", ""], "CT"
    ),
    "drifting acquisition time": Pattern(
        drifting("AcquisitionTime", lambda t, k: f"1201{t * 10 + k:02d}.25"), "AcquisitionTime", ["1", "2", "3"]
    ),
    "echo and time": Pattern(
        [
            put(EchoNumbers=1 + t % 2, EchoTime=2.5 + 2.5 * (t % 2), TemporalPositionIdentifier=1 + t // 2)
            for t in range(4)
        ],
        "TemporalPositionIdentifier + EchoTime",
        ["2.5 ms", "5 ms", "2.5 ms", "5 ms"],
    ),
    "flip angle and kind": Pattern(
        [put(FlipAngle=5.0 * (1 + t // 2), ImageType=["ORIGINAL", "PRIMARY", "MP"[t % 2]]) for t in range(4)],
        "FlipAngle + ImageType",
        ["M", "P", "M", "P"],
    ),
    "order": Pattern([put()] * 3, None, ["Volume 1", "Volume 2", "Volume 3"]),
    # As many volumes as slices; the trigger time of a slice is the same in each volume.
    "slice timing of an EPI": Pattern(
        [put(TemporalPositionIdentifier=t + 1, TriggerTime=lambda k: 400.0 * (k * 2 % 5)) for t in range(5)],
        "TemporalPosition",
        ["1", "2", "3", "4", "5"],
    ),
    # A step-and-shoot scan: the acquisition changes inside of each volume.
    "cardiac phases in two steps": Pattern(
        [
            put(
                NominalPercentageOfCardiacPhase=p, AcquisitionNumber=lambda k: 1 + (k > 2), ContentTime=f"1200{p:02.0f}"
            )
            for p in (30.0, 45.0)
        ],
        "NominalPercentageOfCardiacPhase",
        ["30%", "45%"],
        "CT",
    ),
}

#: What changes inside one volume and must not split it.
TRAPS: dict[str, Touch] = {
    "step and shoot": put(AcquisitionNumber=lambda k: 1 + k // 2),
    "every slice an acquisition": put(AcquisitionNumber=lambda k: k + 1),
    "drifting trigger time": put(TriggerTime=lambda k: 612.5 + 3.25 * k),
    "alternating trigger time": put(TriggerTime=lambda k: 100.0 * (k % 2)),
    "a time for each slice": put(
        AcquisitionTime=lambda k: f"1200{k:02d}", ContentTime=lambda k: f"1300{k:02d}", AcquisitionDateTime="20200101"
    ),
    "temporal positions": put(TemporalPositionIdentifier=lambda k: k % 2 + 1),
    "interleaved echoes": put(EchoTime=lambda k: 3.0 + k % 2, EchoNumbers=lambda k: 1 + k % 2),
    "cardiac phases": put(NominalPercentageOfCardiacPhase=lambda k: 40.0 + (k > 1)),
    "image types": put(ImageType=lambda k: ["ORIGINAL", "PRIMARY", "AXIAL" if k else "OTHER"]),
}
