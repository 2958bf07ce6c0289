"""Cases shared out so that no patient is in two parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose

import numpy as np

from ...errors import OptionError
from .training_case import TrainingCase

__all__ = ["split_by_patient"]


def split_by_patient(
    cases: Sequence[TrainingCase],
    fractions: Sequence[float],
    seed: int,
    patient_of: Callable[[str], str] | None,
) -> list[list[TrainingCase]]:
    """Share out cases, all of a patient into one part.

    Args:
        cases: The cases.
        fractions: How many of the patients go into each part; together 1.
        seed: Of the choice.
        patient_of: Tells the patient from the name of a case; None for what the manifest says.

    Raises:
        OptionError: If fractions are not above 0 or not 1 together, if a patient is not known, or if a part would be
            empty.
    """
    if not fractions or min(fractions) <= 0 or not isclose(sum(fractions), 1, abs_tol=1e-6):
        raise OptionError(
            f"fractions are {list(fractions)} and must be above 0 and 1 together", advice="pass (0.8, 0.2), for example"
        )
    owners = [case.patient_key if patient_of is None else patient_of(case.case_id) for case in cases]
    if not all(owners):
        raise OptionError(
            f"the patient of {owners.count('')} cases is not known, such as {cases[owners.index('')].case_id}, and one "
            "patient could come into two parts",
            advice="pass patient_of=, a function from the name of a case to its patient",
        )
    patients = np.random.default_rng(seed).permutation(sorted(set(owners)))
    edges = np.rint(np.cumsum([0, *fractions]) * len(patients)).astype(int)
    if (np.diff(edges) < 1).any():
        raise OptionError(
            f"{len(patients)} patients cannot be shared out as {list(fractions)}: a part would be empty",
            advice="pass fewer parts or other fractions",
        )
    part_of = {
        patient: number for number in range(len(fractions)) for patient in patients[edges[number] : edges[number + 1]]
    }
    return [
        [case for case, owner in zip(cases, owners, strict=True) if part_of[owner] == number]
        for number in range(len(fractions))
    ]
