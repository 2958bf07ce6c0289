"""A made-up patient for the demo: a torso with its organs, known analytically.

Everything is said in millimeters of the body's own frame, whose axes run as LPS does and whose origin
is the middle of the torso. Organs are painted in order, each over what lies beneath it. All of it is
computed where a plane's voxels lie, so a plane may cut the body at any angle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..geometry import Grid

__all__ = ["BODY_CENTER", "NODULE", "ORGAN_NAMES", "Organ", "ScannedBody"]

PlaneValues = npt.NDArray[np.float32]
BodyPoint = tuple[float, float, float]

BODY_CENTER: BodyPoint = (11.5, -23.25, -412.0)
"""Middle of the torso in the world, LPS mm: a scanner's zero is seldom inside the patient."""

RIGHT_LUNG, LEFT_LUNG, HEART, AORTA, LIVER, SPLEEN, RIGHT_KIDNEY, LEFT_KIDNEY, NODULE_LABEL = range(1, 10)
ORGAN_NAMES = {
    RIGHT_LUNG: "right lung",
    LEFT_LUNG: "left lung",
    HEART: "heart",
    AORTA: "aorta",
    LIVER: "liver",
    SPLEEN: "spleen",
    RIGHT_KIDNEY: "right kidney",
    LEFT_KIDNEY: "left kidney",
    NODULE_LABEL: "nodule",
}
"""What the values of the label map stand for."""

EDGE = 1.6
"""Width, mm, over which one tissue turns into the next: about a scanner's point spread."""

TORSO_HALF_WIDTH = 152.0
"""From the axis of the torso to the skin at its side, mm."""

TORSO_HALF_DEPTH = 106.0
"""From the axis of the torso to the skin of chest and back, mm."""

RIB_PITCH = 27.0
"""Distance between ribs, mm."""

RIB_SLOPE = 0.35
"""How far ribs rise per mm towards the back."""

VERTEBRA_PITCH = 31.0
"""From one vertebra to the next, mm."""

SPINE_Y = 46.0
"""How far the spine lies behind the axis of the torso, mm."""

LAYERS = (-EDGE, 0.0, 2.0, 3.5, 13.0, 15.0, 25.0, 28.0)
"""Depths below the skin, mm, between which tissues turn into the next: air, skin, fat, muscle, then the inside."""

LAYER_HU = (-1000.0, 20.0, 40.0, -105.0, -105.0, 55.0, 55.0)
"""The tissue at each of these depths but the last, Hounsfield units; there it depends on the height."""

MEDIASTINUM_HU = 25.0
"""What lies between the organs of the chest."""

VISCERAL_FAT_HU = -95.0
"""What lies between the organs of the abdomen."""


@dataclass(frozen=True, slots=True)
class Organ:
    """A rounded body: an ellipsoid, or an ellipsoid swept along a line.

    Attributes:
        center: Its middle, or the start of the line.
        radii: Half axes of the ellipsoid.
        hu: What it is made of, Hounsfield units.
        end: The end of the line; None for an ellipsoid that stays where it is.
        below_skin: It ends at this depth under the skin, however large it is.
        label: Its value in the label map of the organs; 0 for tissue that is not in it.
    """

    center: BodyPoint
    radii: BodyPoint
    hu: float
    end: BodyPoint | None = None
    below_skin: float = 0.0
    label: int = 0

    def inside(self, position: list[PlaneValues]) -> PlaneValues:
        """How far positions lie inside, mm; negative outside, exact only near the surface."""
        radii = np.asarray(self.radii, dtype=np.float32)
        offset = [(p - np.float32(c)) / r for p, c, r in zip(position, self.center, radii, strict=True)]
        if self.end is not None:
            line = (np.asarray(self.end, dtype=np.float32) - np.asarray(self.center, dtype=np.float32)) / radii
            along = sum(o * s for o, s in zip(offset, line, strict=True)) / np.float32(line @ line)
            along = np.clip(along, 0.0, 1.0)
            offset = [o - along * s for o, s in zip(offset, line, strict=True)]
        distance = np.sqrt(offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2)
        return np.asarray((1.0 - distance) * np.float32(np.cbrt(np.prod(radii))), dtype=np.float32)


def make_tube(start: BodyPoint, end: BodyPoint, radius: float, hu: float, label: int = 0) -> Organ:
    """Make a vessel or an airway: a sphere swept along a line."""
    return Organ(start, (radius, radius, radius), hu, end, label=label)


def make_pulmonary_vessels() -> list[Organ]:
    """Make the vessels that fan out from the root of each lung."""
    ends = [(105, -45, -10), (100, 30, -15), (70, 65, 20), (108, 0, 45), (95, 50, 95), (90, -50, 85)]
    ends += [(65, -62, 40), (62, 20, 150), (75, -20, 165), (60, 55, 140)]
    vessels = []
    for side in (-1.0, 1.0):
        root = (side * 36.0, 6.0, 52.0)
        for x, y, z in ends:
            end = (side * x, float(y), float(z))
            half = tuple((a + b) / 2 for a, b in zip(root, end, strict=True))
            lung = LEFT_LUNG if side > 0 else RIGHT_LUNG
            vessels.append(make_tube(root, half, 4.2, 60.0, lung))  # type: ignore[arg-type]
            vessels.append(make_tube(half, end, 2.4, 30.0, lung))  # type: ignore[arg-type]
    return vessels


NODULE = Organ((-84.0, -22.0, 62.0), (6.5, 6.5, 6.5), 45.0, label=NODULE_LABEL)
"""The finding: a round nodule in the right lung, away from every vessel."""

ORGANS: tuple[Organ, ...] = (
    # Chest
    Organ((-72.0, 2.0, 78.0), (63.0, 92.0, 132.0), -855.0, below_skin=30.0, label=RIGHT_LUNG),
    Organ((72.0, 2.0, 78.0), (63.0, 92.0, 132.0), -855.0, below_skin=30.0, label=LEFT_LUNG),
    *make_pulmonary_vessels(),
    NODULE,
    Organ((26.0, -27.0, 8.0), (52.0, 44.0, 52.0), 50.0, label=HEART),  # heart muscle, then its chambers
    Organ((40.0, -22.0, 2.0), (23.0, 21.0, 32.0), 230.0, label=HEART),
    Organ((6.0, -42.0, 4.0), (25.0, 17.0, 32.0), 190.0, label=HEART),
    Organ((4.0, -4.0, 34.0), (34.0, 17.0, 18.0), 210.0, label=HEART),
    make_tube((12.0, -24.0, 38.0), (14.0, -4.0, 62.0), 13.0, 220.0),  # pulmonary trunk and arteries
    make_tube((14.0, -4.0, 62.0), (-34.0, 6.0, 54.0), 8.0, 220.0),
    make_tube((14.0, -4.0, 62.0), (36.0, 6.0, 56.0), 8.0, 220.0),
    make_tube((0.0, 10.0, 76.0), (0.0, 2.0, 230.0), 8.5, -990.0),  # trachea and main bronchi
    make_tube((0.0, 10.0, 76.0), (-34.0, 16.0, 50.0), 5.5, -985.0),
    make_tube((0.0, 10.0, 76.0), (36.0, 16.0, 46.0), 5.0, -985.0),
    # Abdomen
    Organ((-66.0, -8.0, -74.0), (84.0, 76.0, 74.0), 110.0, below_skin=29.0, label=LIVER),  # liver, two lobes
    Organ((0.0, -48.0, -62.0), (62.0, 30.0, 34.0), 110.0, below_skin=29.0, label=LIVER),
    make_tube((-92.0, 4.0, -86.0), (-38.0, 4.0, -78.0), 5.0, 165.0, label=LIVER),
    Organ((-48.0, -46.0, -112.0), (13.0, 14.0, 24.0), 8.0),  # gall bladder
    Organ((90.0, 34.0, -58.0), (26.0, 38.0, 44.0), 125.0, below_skin=29.0, label=SPLEEN),  # spleen
    Organ((62.0, -30.0, -72.0), (44.0, 38.0, 42.0), 35.0),  # stomach with its air, which rises
    Organ((62.0, -47.0, -70.0), (30.0, 15.0, 30.0), -970.0),
    Organ((-62.0, 46.0, -116.0), (27.0, 24.0, 52.0), 195.0, label=RIGHT_KIDNEY),  # kidneys
    Organ((-53.0, 43.0, -116.0), (12.0, 10.0, 26.0), 55.0, label=RIGHT_KIDNEY),
    Organ((60.0, 46.0, -106.0), (27.0, 24.0, 52.0), 195.0, label=LEFT_KIDNEY),
    Organ((51.0, 43.0, -106.0), (12.0, 10.0, 26.0), 55.0, label=LEFT_KIDNEY),
    Organ((70.0, -28.0, -150.0), (24.0, 22.0, 20.0), 30.0),  # bowel
    Organ((22.0, -45.0, -160.0), (34.0, 20.0, 22.0), 35.0),
    Organ((-30.0, -42.0, -168.0), (30.0, 22.0, 24.0), 30.0),
    Organ((-92.0, -18.0, -170.0), (22.0, 24.0, 34.0), -20.0),
    Organ((-92.0, -30.0, -170.0), (13.0, 9.0, 26.0), -960.0),
    make_tube((-36.0, 50.0, -120.0), (-46.0, 46.0, -240.0), 17.0, 60.0),  # psoas
    make_tube((36.0, 50.0, -120.0), (46.0, 46.0, -240.0), 17.0, 60.0),
    # Great vessels
    make_tube((-22.0, 20.0, -240.0), (-18.0, 8.0, 10.0), 11.0, 150.0),  # caval veins
    make_tube((-26.0, -8.0, 40.0), (-28.0, -6.0, 200.0), 8.5, 180.0),
    make_tube((8.0, 14.0, -240.0), (20.0, 22.0, 92.0), 11.5, 310.0, label=AORTA),  # aorta, its arch, and upwards
    make_tube((-6.0, -26.0, 36.0), (-10.0, -24.0, 92.0), 15.0, 310.0, label=AORTA),
    make_tube((-10.0, -24.0, 92.0), (6.0, 0.0, 110.0), 13.5, 310.0, label=AORTA),
    make_tube((6.0, 0.0, 110.0), (20.0, 22.0, 92.0), 12.0, 310.0, label=AORTA),
    make_tube((-8.0, -14.0, 108.0), (-16.0, -10.0, 220.0), 5.5, 310.0),
    make_tube((8.0, 2.0, 112.0), (24.0, -2.0, 220.0), 4.5, 310.0),
    # Bone that is the same at every height; ribs and vertebrae come on top
    Organ((0.0, -83.0, 10.0), (17.0, 6.0, 6.0), 380.0, (0.0, -80.0, 150.0)),  # breastbone
    Organ((0.0, SPINE_Y, -260.0), (21.0, 17.0, 17.0), 90.0, (0.0, SPINE_Y, 260.0)),  # discs
    make_tube((0.0, SPINE_Y + 25.0, -260.0), (0.0, SPINE_Y + 25.0, 260.0), 13.0, 480.0),
    make_tube((0.0, SPINE_Y + 25.0, -260.0), (0.0, SPINE_Y + 25.0, 260.0), 8.5, 20.0),
)


def soften(inside: PlaneValues) -> PlaneValues:
    """Turn how far a voxel's center lies inside a tissue, mm, into the share that the tissue has of the voxel."""
    return np.asarray(np.clip(inside / np.float32(EDGE) + np.float32(0.5), 0.0, 1.0))


class ScannedBody:
    """The body as a scanner with this grid sees it.

    Args:
        grid: Where the voxels lie, LPS.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.boxes = [self.index_box(organ) for organ in ORGANS]

    def index_box(self, organ: Organ) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
        """The first and the past-the-last voxel index that an organ may touch."""
        ends = np.array([organ.center, organ.end or organ.center]) + BODY_CENTER
        index = self.grid.world_to_index(ends)
        margin = (max(organ.radii) + EDGE) / np.asarray(self.grid.spacing)
        low = np.floor(index.min(axis=0) - margin).astype(int)
        high = np.ceil(index.max(axis=0) + margin).astype(int) + 1
        return np.maximum(low, 0), np.minimum(high, self.grid.shape)

    def plane(self, k: int, labels: npt.NDArray[np.uint8] | None = None) -> PlaneValues:
        """Hounsfield units of one plane, without noise.

        Args:
            k: Index along the third axis.
            labels: Filled, where given, with the label of the organ that has most of each voxel, (rows, columns).

        Returns:
            (rows, columns), which is (y, x).
        """
        position = self.positions(k)
        depth = measure_depth(position)
        middle = float(position[2].mean())
        hu = np.interp(depth, LAYERS, (*LAYER_HU, find_inner_tissue(middle))).astype(np.float32)
        for organ, (low, high) in zip(ORGANS, self.boxes, strict=True):
            if not low[2] <= k < high[2] or (low[:2] >= high[:2]).any():
                continue
            box = (slice(low[1], high[1]), slice(low[0], high[0]))
            share = soften(organ.inside([p[box] for p in position]))
            if organ.below_skin:
                share *= soften(depth[box] - np.float32(organ.below_skin))
            hu[box] += share * (np.float32(organ.hu) - hu[box])
            if labels is not None:
                labels[box][share > 0.5] = organ.label
        add_vertebrae(hu, position)
        add_ribs(hu, position, depth)
        add_table(hu, position)
        return hu

    def positions(self, k: int) -> list[PlaneValues]:
        """The three coordinates of a plane's voxels in the body's frame, each (rows, columns)."""
        affine = self.grid.affine
        start = affine[:3, 3] + affine[:3, 2] * k - BODY_CENTER
        columns, rows = (np.arange(n) for n in self.grid.shape[:2])
        along_row = affine[:3, 0, None] * columns
        down_column = affine[:3, 1, None] * rows
        return list((start[:, None, None] + down_column[:, :, None] + along_row[:, None, :]).astype(np.float32))


def find_inner_tissue(z: float) -> float:
    """Find what fills the space between the organs, HU: fat below the diaphragm, soft tissue above."""
    return float(np.interp(z, (-60.0, -10.0), (VISCERAL_FAT_HU, MEDIASTINUM_HU)))


def measure_depth(position: list[PlaneValues]) -> PlaneValues:
    """Measure depths below the torso's surface towards its axis, mm; negative outside."""
    x, y, z = position
    waist = 1.0 - 0.07 * np.exp(-(((z + 95.0) / 70.0) ** 2))
    ratio = np.sqrt((x / TORSO_HALF_WIDTH) ** 2 + (y / TORSO_HALF_DEPTH) ** 2) / waist
    ratio = np.maximum(ratio, np.float32(1e-3))
    return np.asarray(np.sqrt(x**2 + y**2) * (1.0 / ratio - 1.0), dtype=np.float32)


def add_vertebrae(hu: PlaneValues, position: list[PlaneValues]) -> None:
    """Paint vertebral bodies onto the column of discs."""
    x, y, z = position
    body = Organ((0.0, SPINE_Y, 0.0), (20.0, 16.0, 1e6), 0.0).inside([x, y, np.zeros_like(z)])
    # The cube root of the radii is not a length here: scale back to millimeters of the smaller one.
    body *= np.float32(16.0 / np.cbrt(20.0 * 16.0 * 1e6))
    along = np.abs(np.mod(z, VERTEBRA_PITCH) - VERTEBRA_PITCH / 2)
    inside = np.minimum(body, VERTEBRA_PITCH / 2 - 4.0 - along)
    for shell, tissue in ((0.0, 620.0), (2.5, 210.0)):  # cortical bone, then what it holds
        hu += soften(inside - np.float32(shell)) * (np.float32(tissue) - hu)


def add_ribs(hu: PlaneValues, position: list[PlaneValues], depth: PlaneValues) -> None:
    """Paint ribs in the chest wall, higher at the back than at the front."""
    x, y, z = position
    height = np.asarray(z - RIB_SLOPE * y, dtype=np.float32)
    across = np.abs(np.mod(height, RIB_PITCH) - RIB_PITCH / 2)
    inside = np.minimum(4.5 - np.abs(depth - 22.0), 5.5 - across)
    in_chest = soften(height + np.float32(75.0)) * soften(np.abs(x) - np.float32(24.0))
    for shell, tissue in ((0.0, 560.0), (2.0, 240.0)):
        hu += in_chest * soften(inside - np.float32(shell)) * (np.float32(tissue) - hu)


def add_table(hu: PlaneValues, position: list[PlaneValues]) -> None:
    """Paint the couch: a curved carbon shell filled with foam."""
    x, y, _ = position
    below = y + 0.0007 * x**2 - 109.0
    inside = np.minimum(np.minimum(below, 17.0 - below), 165.0 - np.abs(x))
    for shell, material in ((0.0, 10.0), (2.0, -930.0)):
        hu += soften(inside - np.float32(shell)) * (np.float32(material) - hu)
