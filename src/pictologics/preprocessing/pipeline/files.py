"""Pipelines in files: YAML or JSON, read without trusting them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...errors import CorruptFileError, OptionError
from ...storage.files import DiskFile

__all__ = ["PARSERS", "format_json", "format_yaml", "parse_file", "parse_text"]

LARGEST_FILE = 1 << 20
"""Bytes: a pipeline is a page of text."""

LARGEST_CONTENT = 20_000
"""Values in a file, with every alias counted as often as it is used: a few lines of aliases can stand for billions."""

LONGEST_NUMBER = 2_000
"""Bits of a whole number, 602 digits: with longer ones Python may refuse to write them, as a message would have to."""

DEEPEST = 12
"""Lists within lists: a pipeline has five levels, and a walk through what refers to itself must end."""


def read_text(path: Path) -> str:
    """The text of a small file.

    Raises:
        MissingPathError: If it is not there.
        FileAccessError: If it cannot be opened.
        OptionError: If it is too large for a pipeline.
        CorruptFileError: If it is not valid UTF-8.
    """
    with DiskFile(path).open() as file:
        if file.size > LARGEST_FILE:
            raise OptionError(
                f"the file has {file.size} bytes, and a pipeline has {LARGEST_FILE} at most",
                path=path,
                advice="check the path",
            )
        content = file.read_at(0, LARGEST_FILE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorruptFileError("not valid UTF-8", path=path, advice="check the path, or save it as UTF-8") from error


def parse_json(text: str, path: str | None) -> Any:
    """The content of a JSON file."""
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: refuse_repeats(pairs, path))
    except (ValueError, RecursionError) as error:
        # Also a number of more digits than Python reads.
        if isinstance(error, OptionError):
            raise
        raise CorruptFileError(f"not valid JSON ({error})", path=path, advice="correct the file") from error


def parse_yaml(text: str, path: str | None) -> Any:
    """The content of a YAML file, of plain values only."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Plain values, no key twice, and no more values than a pipeline has: it takes 30 microseconds for each."""

        left = LARGEST_CONTENT

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            self.left -= 1
            if self.left < 0:
                raise extent_error(path)
            return super().compose_node(parent, index)

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        loader.flatten_mapping(node)
        pairs = [
            (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
            for key, value in node.value
        ]
        return refuse_repeats(pairs, path)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, *YAML_ERRORS) as error:
        if isinstance(error, OptionError):
            raise
        where = " ".join(str(error).split())
        raise CorruptFileError(f"not valid YAML of plain values ({where})", path=path, advice="correct it") from error


YAML_ERRORS = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""What PyYAML lets out of its constructors where a tag does not fit the text behind it."""

PARSERS: Mapping[str, Callable[[str, str | None], Any]] = {
    ".yaml": parse_yaml,
    ".yml": parse_yaml,
    ".json": parse_json,
}
"""What reads a file, by its suffix."""


def refuse_repeats(pairs: list[tuple[Any, Any]], path: str | None) -> dict[Any, Any]:
    """A mapping of pairs; a key that appears twice is refused, because the second would silently win."""
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise OptionError(f"the key {key!r} is not text", path=path, advice="names are text")
        if key in found:
            raise OptionError(f"the key '{key}' appears twice in one mapping", path=path, advice="keep one of them")
        found[key] = value
    return found


def extent_error(path: str | None) -> OptionError:
    """The error for a content that no pipeline has."""
    return OptionError(
        f"the file holds more than {LARGEST_CONTENT} values, or lists nested more than {DEEPEST} deep",
        path=path,
        advice="write the pipeline without aliases",
    )


def check_extent(content: Any, path: str | None) -> None:
    """Refuse a content that is larger or deeper than a pipeline can be, however its aliases nest."""
    left = LARGEST_CONTENT
    waiting = [(content, 0)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < 0 or depth > DEEPEST:
            raise extent_error(path)
        if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
            raise OptionError(
                f"the file holds a whole number of {value.bit_length()} bits, and a pipeline's have {LONGEST_NUMBER} "
                "at most",
                path=path,
                advice="correct it",
            )
        if isinstance(value, dict):
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]


def parse_text(text: str, suffix: str, path: str | None = None) -> Any:
    """The content of a pipeline's text, in the language of a suffix.

    Raises:
        CorruptFileError: If it is not valid YAML or JSON.
        OptionError: If it is larger or nested deeper than a pipeline, or a key is not text or appears twice.
    """
    content = PARSERS[suffix](text, path)
    check_extent(content, path)
    return content


def parse_file(path: str | os.PathLike[str]) -> Any:
    """The content of a pipeline's file.

    Raises:
        MissingPathError: If it is not there.
        FileAccessError: If it cannot be opened.
        CorruptFileError: If it is not valid YAML or JSON.
        OptionError: If its suffix is not one of ``PARSERS``; and as ``parse_text``.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"the path of a pipeline's file is required, and {type(path).__name__} was given")
    file = Path(os.fsdecode(path))
    suffix = file.suffix.lower()
    if suffix not in PARSERS:
        raise OptionError(f"a pipeline's file must end in {', '.join(sorted(PARSERS))}", path=file, advice="rename it")
    return parse_text(read_text(file), suffix, str(file))


def format_json(content: Mapping[str, Any]) -> str:
    """A content as JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def format_yaml(content: Mapping[str, Any]) -> str:
    """A content as YAML, in its own order."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Plain values, and every text as it was."""

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        # PyYAML writes these line breaks of Unicode as they are, but reads them as a plain line feed.
        style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, represent_text)
    return str(
        yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    )
