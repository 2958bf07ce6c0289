"""What is printed holds nothing that a terminal obeys."""

from __future__ import annotations

import json

import pytest

from pictologics.cli.terminal import escape_controls, print_as_json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("liver", "liver"),
        ("\x1b[2J\x1b]0;own\x07", r"\x1b[2J\x1b]0;own\x07"),
        ("a\x9b31m", r"a\x9b31m"),
        ("fdp\N{RIGHT-TO-LEFT OVERRIDE}", r"fdp\u202e"),
        ("a\rb\x7f", r"a\rb\x7f"),
        ("Str\xf6me\nMilz", "Str\xf6me\nMilz"),
        ("\u3000\u200d\u6c34", "\u3000\u200d\u6c34"),
    ],
)
def test_controls_are_written_as_python_writes_them(text, shown):
    assert escape_controls(text) == shown


def test_a_cell_has_no_line_end():
    assert escape_controls("liver\nspleen", "") == r"liver\nspleen"


def test_json_escapes_what_its_writer_leaves_and_reads_back(capsys):
    value = {"label": "\x1b[2J \x9b31m \x7f \u202e \U000e0041 \u6c34", "numbers": [1, 2]}
    print_as_json(value)
    printed = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\x7f", "\u202e", "\U000e0041"} & set(printed)
    assert "\u6c34" in printed
    assert json.loads(printed) == value
