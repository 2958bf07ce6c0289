"""Cases out of a cohort: images by condition, joined by frame of reference or study, with the masks linked to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cohort_folder import Cohort, open_cohort
from .case import Case, SeriesChoice
from .case_names import name_cases, number_alike
from .cohort_rows import (
    LinkedMask,
    SeriesPlace,
    SeriesSources,
    find_linked_masks,
    find_phases,
    find_series,
    find_sources,
    make_choice,
    set_phase,
)
from .selection import Selection, make_selection

__all__ = ["CohortLike", "choose_cases", "name_cohort"]

CohortLike = Cohort | str | os.PathLike[str]
"""A cohort, or the folder of one."""

SeriesFacts = Mapping[str, Any]

MOST_NAMED_SERIES = 5
"""Series that a message names."""


@dataclass(frozen=True)
class ChosenSeries:
    """The series of a case, before anything is known of their files.

    Attributes:
        images: Rows by the name of the image.
        masks: The masks that are linked to any of them.
        problem: Why they make no case; empty if they do.
    """

    images: dict[str, SeriesFacts]
    masks: tuple[LinkedMask, ...] = ()
    problem: str = ""

    @property
    def rows(self) -> list[SeriesFacts]:
        """The rows of all of them."""
        return [*self.images.values(), *(mask.row for mask in self.masks)]


def choose_cases(cohort: CohortLike, what: str | Selection) -> list[Case]:
    """Choose the cases of a cohort.

    Args:
        cohort: The cohort, or its folder.
        what: A condition on the images, for cases of one image each; or a ``Selection``.

    Returns:
        The cases, in the order of patients, studies and series. An image to which no other of the selection can be
        joined makes no case; a case in which several could be meant says so in its ``problem``.

    Raises:
        OptionError: If a condition is no SQL.
    """
    opened, selection = open_cohort(cohort), make_selection(what)
    chosen = join_images(opened, selection)
    keys = {row["series_key"] for series in chosen for row in series.images.values()}
    if selection.masks is not None and keys:
        linked = find_linked_masks(opened, selection.masks, keys)
        chosen = [add_masks(series, linked) for series in chosen]
    sources = find_sources(opened, [row for series in chosen for row in series.rows])
    names = name_cases([next(iter(series.images.values())) for series in chosen])
    cases = [assemble_case(name, series, sources) for name, series in zip(names, chosen, strict=True)]
    if selection.phases == "all":
        phases = find_phases(opened, sorted(keys))
        cases = [part for case in cases for part in split_volumes(case, phases)]
    return cases


def name_cohort(cohort: CohortLike | None) -> str:
    """The folder of a cohort as text; empty if there is none."""
    if cohort is None:
        return ""
    return str(cohort.path if isinstance(cohort, Cohort) else os.fspath(cohort))


def join_images(cohort: Cohort, selection: Selection) -> list[ChosenSeries]:
    """Find the first images, and to each of them the others."""
    (first, condition), *others = selection.images.items()
    rows = find_series(cohort, condition)
    if selection.where is not None:
        # Asked by itself: put together, a comment at the end of one would go on in the other.
        meant = {row["series_key"] for row in find_series(cohort, selection.where)}
        rows = [row for row in rows if row["series_key"] in meant]
    chosen = [ChosenSeries({first: row}) for row in rows]
    for name, other in others:
        candidates = find_series(cohort, other)
        by_place = {column: group_by_place(candidates, column) for column in ("frame_of_reference_key", "study_key")}
        joined = (add_image(series, name, by_place) for series in chosen)
        chosen = [series for series in joined if series is not None]
    return chosen


def group_by_place(rows: Sequence[SeriesFacts], column: str) -> dict[str, list[SeriesFacts]]:
    """Rows by the text of a column, where it has one."""
    groups: dict[str, list[SeriesFacts]] = {}
    for row in rows:
        if row[column]:
            groups.setdefault(row[column], []).append(row)
    return groups


def add_image(
    series: ChosenSeries, name: str, by_place: Mapping[str, Mapping[str, list[SeriesFacts]]]
) -> ChosenSeries | None:
    """Join the image of another name, by the frame of reference or else by the study; None if there is none."""
    first = next(iter(series.images.values()))
    taken = {row["series_key"] for row in series.images.values()}
    found: list[SeriesFacts] = []
    for column in ("frame_of_reference_key", "study_key"):
        # Where an anonymizer gives two patients one UID, their images are not joined.
        here = [row for row in by_place[column].get(first[column] or "", ()) if may_be_one_patient(row, first)]
        # Frames of reference are often used again, such as by all CT of a PET/CT scanner's visit.
        found = [row for row in here if row["series_key"] not in taken and row["study_key"] == first["study_key"]]
        found = found or [row for row in here if row["series_key"] not in taken]
        if found:
            break
    if not found:
        return None
    if len(found) == 1:
        return ChosenSeries({**series.images, name: found[0]}, problem=series.problem)
    keys = ", ".join(str(row["series_key"]) for row in found[:MOST_NAMED_SERIES])
    problem = f"{len(found)} series could be its image {name!r} ({keys}); narrow the condition until there is one"
    return ChosenSeries(series.images, problem=series.problem or problem)


def may_be_one_patient(a: SeriesFacts, b: SeriesFacts) -> bool:
    """Whether two series are of one patient, as far as they say."""
    return None in (a["patient_key"], b["patient_key"]) or bool(a["patient_key"] == b["patient_key"])


def add_masks(series: ChosenSeries, linked: Mapping[str, Sequence[LinkedMask]]) -> ChosenSeries:
    """Take the masks that are linked to any image of a case."""
    masks = [mask for row in series.images.values() for mask in linked.get(row["series_key"], ())]
    return ChosenSeries(series.images, tuple(masks), series.problem)


def assemble_case(name: str, series: ChosenSeries, sources: Mapping[SeriesPlace, SeriesSources]) -> Case:
    """A case out of the rows of its series and their files."""

    def find_place(row: SeriesFacts) -> SeriesSources:
        return sources[row["series_key"], row["kind"]]

    images = {image: make_choice(image, row, find_place(row)) for image, row in series.images.items()}
    owners = {row["series_key"]: image for image, row in series.images.items()}
    first = next(iter(images))
    masks = []
    for mask, label in zip(series.masks, number_alike([describe_mask(mask) for mask in series.masks]), strict=True):
        owner = owners[mask.image_key]
        drawn_on = owner if owner != first and mask.row["kind"] == "RTSTRUCT" else ""
        masks.append(make_choice(label, mask.row, find_place(mask.row), drawn_on))
    problems = [series.problem, *(find_problem(row, find_place(row)) for row in series.rows)]
    return Case(name, images, tuple(masks), list_notes(series, masks), next(filter(None, problems), ""))


def list_notes(series: ChosenSeries, masks: Sequence[SeriesChoice]) -> tuple[str, ...]:
    """What the manifest is to say of how the masks of a case were found."""
    images = {row["series_key"]: row for row in series.images.values()}
    notes = []
    for mask, choice in zip(series.masks, masks, strict=True):
        if mask.choices > 1:
            notes.append(f"mask {choice.name} was linked by {mask.how}, which fits {mask.choices} images")
        if not may_be_one_patient(mask.row, images[mask.image_key]):
            notes.append(f"mask {choice.name} is of another patient than its image, which it names by its UID")
    return tuple(notes)


def find_problem(row: SeriesFacts, sources: SeriesSources) -> str:
    """Why a series cannot be part of a case; empty if it can."""
    if row["verdict"] == "refused" and row["loads"] is False:
        return f"the series {row['series_key']} does not load: {row['verdict_text']}"
    return sources.problem


def describe_mask(mask: LinkedMask) -> str:
    """What a mask is called in its case."""
    return str(mask.row["kind"] or "mask").lower()


def split_volumes(case: Case, phases: Mapping[str, Sequence[SeriesFacts]]) -> list[Case]:
    """A case for each volume of its first image, if that has several."""
    name, first = next(iter(case.images.items()))
    volumes = phases.get(first.series_key, ())
    if len(volumes) < 2:
        return [case]
    cases = []
    for row in volumes:
        images: dict[str, SeriesChoice] = {**case.images, name: set_phase(first, row)}
        cases.append(Case(f"{case.case_id}_p{row['phase']:03d}", images, case.masks, case.notes, case.problem))
    return cases
