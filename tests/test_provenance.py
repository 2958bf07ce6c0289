"""The record that an Image carries."""

from __future__ import annotations

import dataclasses
import json
import pickle
import warnings

import pytest

from pictologics import ContentWarning, GeometryWarning
from pictologics.provenance import (
    Decision,
    Provenance,
    SliceSource,
    VolumeWarnings,
    give_warnings,
)

RECORD = Provenance(
    "scan/",
    "dicom",
    (SliceSource("scan/1.dcm", 0, "1.2.3", (1.0, 2.0, 3.5), 2.0, -1024.0), SliceSource("scan/2.dcm")),
    (
        Decision("sorted", "2 slices sorted along their normal", 2.0),
        Decision("left out", "1 localizer left out", 1, "content"),
    ),
)


def test_json_holds_everything():
    again = json.loads(RECORD.to_json())
    assert list(again) == ["source", "reader", "slices", "decisions"]
    assert again["source"] == "scan/"
    assert again["reader"] == "dicom"
    assert again["slices"][0] == {
        "file": "scan/1.dcm",
        "frame": 0,
        "sop_instance_uid": "1.2.3",
        "position": [1.0, 2.0, 3.5],
        "slope": 2.0,
        "intercept": -1024.0,
    }
    assert again["slices"][1]["position"] is None
    assert again["decisions"][1] == {
        "kind": "left out",
        "text": "1 localizer left out",
        "value": 1,
        "warning": "content",
    }
    assert "\n" in RECORD.to_json(indent=2)


def test_json_keeps_letters_beyond_ascii():
    assert "Schädel" in Provenance("Schädel/").to_json()


def test_with_decisions_adds_and_leaves_the_first_alone():
    more = RECORD.with_decisions(Decision("placed", "placed on the reference"))
    assert [d.kind for d in more.decisions] == ["sorted", "left out", "placed"]
    assert len(RECORD.decisions) == 2
    assert (more.source, more.reader, more.slices) == (RECORD.source, RECORD.reader, RECORD.slices)


def test_is_an_immutable_value():
    assert pickle.loads(pickle.dumps(RECORD)) == RECORD
    assert hash(RECORD.slices[0]) == hash(dataclasses.replace(RECORD.slices[0]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECORD.source = "elsewhere"


def test_only_decisions_that_ask_for_it_warn_and_each_of_its_kind():
    decisions = [*RECORD.decisions, Decision("assumed", "1 mm was assumed", 1.0, "geometry")]
    with pytest.warns() as caught:
        give_warnings("scan/", decisions)
    assert [(w.category, str(w.message)) for w in caught] == [
        (ContentWarning, "'scan/': 1 localizer left out"),
        (GeometryWarning, "'scan/': 1 mm was assumed"),
    ]
    assert {w.filename for w in caught} == {__file__}


def test_what_differs_in_numbers_and_names_alone_is_said_once():
    texts = [
        "1.5 % of 3 slices of 'a.dcm' are odd",
        "20,5 % of 4 slices of 'b/2.dcm' are odd",
        "1.5 % of 3 slices of 'a.dcm' are even",
        "the volume's edges and the image's corners are odd",
        "the volume's edges but not the image's corners are odd",
        "passed over before, in 2 words",
    ]
    decisions = [Decision("assumed", text, warning="content") for text in texts]
    volumes = VolumeWarnings("scan/")
    volumes.pass_over([Decision("assumed", "passed over before, in 7 words", warning="content")])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            volumes.give(decisions)
            volumes.give([Decision("left out", texts[0])])
    assert [str(one.message) for one in caught] == [f"'scan/': {texts[k]}" for k in (0, 2, 3, 4)]
