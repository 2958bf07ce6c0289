"""Cases and images for the tests of layouts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pictologics import Image
from pictologics.cohort.cases.case import Case, SeriesChoice
from pictologics.cohort.layouts.protocol import OutputFile

DIRECTION = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SHAPE = (6, 5, 4)


@dataclass(frozen=True)
class Row:
    """What layouts see of a row of the manifest."""

    case_id: str
    outputs: tuple[OutputFile, ...]


def make_case(case_id="P-A_T-1_S-1", images=("ct",), masks=("seg",), patient="P-A", study="T-1", modality="CT"):
    def choose(name, kind):
        return SeriesChoice(name, f"S-{case_id}-{name}", study_key=study, patient_key=patient, modality=kind)

    return Case(
        case_id, {name: choose(name, modality) for name in images}, tuple(choose(name, "SEG") for name in masks)
    )


def make_image(value=7, dtype=np.int16, **fields):
    array = np.full(SHAPE, value, dtype, order="F")
    array[1, 2, 3] = value + 1
    return Image(array, (0.5, 0.75, 3.0), (10.0, -20.0, 30.0), DIRECTION, **{"modality": "CT", **fields})


def make_mask(labels, dtype=np.uint8):
    """A label map whose value ``v`` fills the plane ``x = v``."""
    array = np.zeros(SHAPE, dtype, order="F")
    for value in labels:
        array[value % SHAPE[0]] = value
    return Image(array, (0.5, 0.75, 3.0), (10.0, -20.0, 30.0), DIRECTION, modality="SEG", labels=labels)


def make_rows(layout, folder, content):
    """Write cases, and give the rows of their manifest: ``content`` has (case, images, masks)."""
    rows = []
    for case, images, masks in content:
        files = layout.write_case(folder, case, images, masks)
        rows.append(Row(case.case_id, files))
    return rows
