"""Sentences without UIDs and names of files."""

from __future__ import annotations

import pytest

from pictologics.cohort.indexing.nameless_text import remove_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "stored as Explicit VR Little Endian, 1.2.840.10008.1.2.1",
            "stored as Explicit VR Little Endian, 1.2.840.10008.1.2.1",
        ),
        (
            "of class 1.2.840.10008.5.1.4.1.1.2, series 1.2.840.113619.2.55.3",
            "of class 1.2.840.10008.5.1.4.1.1.2, series (a UID)",
        ),
        ("UID2.25.3.4.55 is twice there", "UID(a UID) is twice there"),
        ("IM_1.2.840.100081.5.6.dcm", "IM_(a UID).dcm"),
        ("0.522 voxels at -411.188 mm, version 1.2.3", "0.522 voxels at -411.188 mm, version 1.2.3"),
        ("'in/Jane' is no image", "a file is no image"),
    ],
)
def test_uids_go_as_a_whole_and_those_of_the_standard_stay(text, expected):
    assert remove_names(text, ["in/Jane"]) == expected


def test_uids_stay_where_tables_have_them_anyway():
    assert remove_names("series 1.2.840.113619.2.55.3", [], keeps_uids=True) == "series 1.2.840.113619.2.55.3"
