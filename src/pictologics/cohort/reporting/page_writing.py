"""The page as a file: a template filled in, with styles and scripts of our own inside."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from ..._version import __version__
from ..libraries import name_missing_library
from ..running.run_folder import RunFolder
from .counts import Chart

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["PageFacts", "StatusTile", "encode_for_script", "measure_page", "write_page"]

SCRIPTS: Final = ("data.js", "words.js", "filters.js", "table.js", "viewer.js", "start.js")
"""The scripts of the page, in the order in which they need one another."""

UNSAFE_IN_SCRIPT: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What could end a script element, as JSON writes it too."""


@dataclass(frozen=True)
class StatusTile:
    """How many cases have a status.

    Attributes:
        status: The status, or ``"all"``.
        name: The same for people.
        count: How many.
    """

    status: str
    name: str
    count: int


@dataclass(frozen=True)
class PageFacts:
    """What stands above the table.

    Attributes:
        title: What the page is about.
        facts: A line about the run, in parts.
        notices: What a reader must know first.
        tiles: How many cases have each status.
        charts: The counts.
        made: When the page was made.
    """

    title: str
    facts: Sequence[str]
    notices: Sequence[str]
    tiles: Sequence[StatusTile]
    charts: Sequence[Chart]
    made: str


def encode_for_script(value: Any) -> str:
    """JSON that stays within its script element, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter, escape in UNSAFE_IN_SCRIPT.items():
        text = text.replace(letter, escape)
    return text


def measure_page(facts: PageFacts, data: str) -> int:
    """Bytes of the page without pictures."""
    return sum(len(piece.encode()) for piece in fill_page(facts, data, []))


def write_page(facts: PageFacts, data: str, blocks: Iterable[str], folder: RunFolder, path: str) -> None:
    """Write the page, whole or not at all.

    Args:
        facts: What stands above the table.
        data: The cases, as JSON for a script.
        blocks: The pictures, as JSON for scripts; taken one by one, so that they are never all in memory.
        folder: Where the page goes.
        path: Its name there.

    Raises:
        FileAccessError: If the system refuses.
    """
    with folder.open_for_writing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(fill_page(facts, data, blocks))


def fill_page(facts: PageFacts, data: str, blocks: Iterable[str]) -> Iterable[str]:
    """The page in pieces."""
    with name_missing_library():
        from jinja2 import Environment, PackageLoader
        from markupsafe import Markup

    styles, script = read_asset("style.css"), "".join(["(() => {\n", *map(read_asset, SCRIPTS), "})();\n"])
    environment = Environment(loader=PackageLoader(__package__ or "", "assets"), autoescape=True)
    return environment.get_template("page.html").generate(
        title=facts.title,
        facts=facts.facts,
        notices=facts.notices,
        tiles=facts.tiles,
        charts=facts.charts,
        made=facts.made,
        version=__version__,
        policy=make_content_policy(styles, script),
        # Ours, and JSON without a letter that means something to HTML: nothing to escape, and much to measure.
        styles=Markup(styles),
        script=Markup(script),
        data=Markup(data),
        blocks=mark_blocks(blocks, Markup),
    )


def mark_blocks(blocks: Iterable[str], mark: type[Markup]) -> Iterable[Markup]:
    """Mark pieces of JSON as what needs no escaping, one by one."""
    for block in blocks:
        yield mark(block)


def read_asset(name: str) -> str:
    """Read a file that the page is made of."""
    return (files(__package__ or "") / "assets" / name).read_text(encoding="utf-8")


def make_content_policy(styles: str, script: str) -> str:
    """The Content-Security-Policy of the page: no network at all, and no script or style but these."""
    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"script-src {hash_for_policy(script)}; style-src {hash_for_policy(styles)}"
    )


def hash_for_policy(text: str) -> str:
    """How a policy names the content of an element."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
