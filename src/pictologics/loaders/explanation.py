"""What a path holds, as words, as plain values or as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from ..geometry import format_numbers
from ..storage.paths import is_there
from ..storage.urls import find_url, hide_secrets
from .protocol import Source, VolumeInfo

__all__ = ["Explanation", "list_segment_names", "name_source"]

MOST_SEGMENTS_NAMED = 12
"""A whole-body segmentation has a hundred segments; ``get_segment_info`` lists them all."""


@dataclass(frozen=True)
class Explanation:
    """What a path holds, from headers only.

    Attributes:
        path: The path; of a list, bytes or an open file without a name, words in angle brackets.
        volumes: Every volume found; ``load_image`` gives the one with ``is_default`` from the path alone.
        left_out: What is not a volume, and why.
    """

    path: str
    volumes: tuple[VolumeInfo, ...]
    left_out: tuple[str, ...] = ()

    @property
    def default(self) -> VolumeInfo | None:
        """The volume that ``load_image(path)`` gives; None if it needs keywords."""
        return next((volume for volume in self.volumes if volume.is_default), None)

    def to_dict(self) -> dict[str, object]:
        """The explanation as plain lists, dicts, text and numbers, each volume with its call."""
        facts = asdict(self)
        for volume, entry in zip(self.volumes, facts["volumes"], strict=True):
            entry["options"] = dict(volume.options)
            entry["findings"] = dict(volume.findings)
            entry["call"] = volume.call(self.path)
        return facts

    def to_json(self, indent: int | None = None) -> str:
        """The explanation as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def __str__(self) -> str:
        """The explanation in words, one paragraph for each volume."""
        count = len(self.volumes)
        lines = [f"{self.path} holds {count} volume{'s' * (count != 1)}."]
        for number, volume in enumerate(self.volumes, 1):
            lines.append(f"{number}. {format_volume(volume)}")
            lines.append(f"   {volume.call(self.path)}" + ("   <- load_image(path)" if volume.is_default else ""))
            lines += [f"   {line}" for line in (*list_segment_names(volume), *volume.notes)]
        lines += [f"Left out: {reason}." for reason in self.left_out]
        return "\n".join(lines)


def name_source(given: object, source: Source) -> str:
    """What the calls of an explanation load: a path, else words in angle brackets.

    The path of a source is for messages: it may be the first file of a list, or lie inside an archive.

    Args:
        given: What was passed to ``explain``.
        source: What it turned out to be.
    """
    if source.kind == "list":
        return f"<list of {len(source.files)} files>"
    url = find_url(given)
    if url is not None:
        # What may be secret in it is not written down.
        return hide_secrets(url)
    is_inside = isinstance(given, (str, os.PathLike)) and not is_there(source.path)
    return os.fsdecode(given) if is_inside else source.path  # type: ignore[arg-type]


def list_segment_names(volume: VolumeInfo) -> list[str]:
    """The segments of a mask in one line, the first of them by name; an empty list if there are none."""
    count = len(volume.labels)
    if not count:
        return []
    names = ", ".join(f"{value} {name}".rstrip() for value, name in volume.labels[:MOST_SEGMENTS_NAMED])
    more = ", ..." if count > MOST_SEGMENTS_NAMED else ""
    return [f"{count} segment{'s' * (count != 1)}: {names}{more}"]


def format_volume(volume: VolumeInfo) -> str:
    """One volume in one line."""
    # What has no voxels of its own has no grid to miss.
    no_size = "" if volume.needs_reference else "no regular grid"
    size = "x".join(map(str, volume.shape)) if volume.shape else no_size
    place = f"{format_numbers(volume.spacing)} mm, axes {volume.orientation}" if volume.spacing else ""
    parts = [
        f"{volume.format} {volume.modality}",
        volume.description,
        volume.phase,
        size,
        place,
        f"{volume.files} file{'s' * (volume.files != 1)}",
    ]
    return ", ".join(part for part in parts if part)
