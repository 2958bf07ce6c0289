"""Options of layouts out of the text of a shell."""

from __future__ import annotations

import pytest

from pictologics import OptionError
from pictologics.cli.commands.layout_options import make_layout_options
from pictologics.cohort.layouts.registry import make_layout


@pytest.mark.parametrize(
    ("layout", "pairs", "options"),
    [
        ("flat", ["template={case_id}-{name}{suffix}", "mask_template=a=b"], ["{case_id}-{name}{suffix}", "a=b"]),
        ("bids", ["dataset_name= Two words "], [" Two words "]),
        ("nnunet", ["dataset_id=27", "test_cases=yes", "dataset_name=Liver"], [27, True, "Liver"]),
        ("nnunet", ["test_cases=False", "labels=liver=1, left kidney=2"], [False, {"liver": 1, "left kidney": 2}]),
        ("monai", ["validation=0.2", "labels=a=b=1"], [0.2, {"a=b": 1}]),
    ],
)
def test_each_option_has_the_type_of_its_layout(layout, pairs, options):
    made = make_layout_options(layout, pairs)
    assert list(made.values()) == options
    assert [type(value) for value in made.values()] == [type(value) for value in options]
    ready = make_layout(layout, **made)
    assert {name: getattr(ready, name) for name in made} == made


@pytest.mark.parametrize(
    ("layout", "pair", "text"),
    [
        ("nnunet", "dataset_id=many", "--option dataset_id is 'many' and must be a whole number"),
        ("nnunet", "test_cases=maybe", "--option test_cases is 'maybe' and must be true or false"),
        ("monai", "validation=a fifth", "--option validation is 'a fifth' and must be a number"),
        ("monai", "labels=liver", "must be names and numbers, such as liver=1,spleen=2"),
        ("monai", "labels=liver=1,liver=2", "must be names and numbers"),
        ("flat", "template", "--option is 'template' and must be a name and a value"),
    ],
)
def test_what_an_option_cannot_be_is_said(layout, pair, text):
    with pytest.raises(OptionError) as caught:
        make_layout_options(layout, [pair])
    assert text in str(caught.value)


def test_an_unknown_option_is_left_to_the_layout():
    assert make_layout_options("bids", ["color=red"]) == {"color": "red"}
