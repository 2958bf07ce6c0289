"""Errors and warnings as the shell shows them: one sentence, and options in place of Python's keywords."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from typer.core import TyperGroup

from ..errors import PictologicsError
from .ending import end_as_told
from .terminal import escape_controls

__all__ = ["CommandGroup", "translate_keywords"]

OPTIONS_OF_KEYWORDS = {
    "allow_outside_files": "--outside-files",
    "alpha": "--alpha",
    "apply_rescale": "--stored-values",
    "axis": "--axis",
    "binarize": "--binarize",
    "color": "--luminance",
    "conflict_resolution": "--rule",
    "dataset_index": "--dataset-index",
    "dry_run": "--dry-run",
    "dtype": "--dtype",
    "fill_value": "--fill-value",
    "format": "--format",
    "geometry": "--geometry",
    "identifiers": "--identifiers",
    "initial_slice": "--slice",
    "interpolation": "--interpolation",
    "irregular": "--irregular",
    "key": "--key",
    "layout": "--layout",
    "layout_options": "--option NAME=VALUE",
    "masks": "--mask-files",
    "page": "--output",
    "pixels": "--pixels",
    "recursive": "--recursive",
    "reference_image": "--reference",
    "relabel_masks": "--relabel",
    "reposition_to_reference": "--reference IMAGE",
    "retry_failed": "--retry-failed",
    "scheduler": "--scheduler",
    "segments": "--segments",
    "series_uid": "--series-uid",
    "slices": "--slices",
    "suv": "--suv",
    "text": "--text",
    "time_limit": "--time-limit",
    "window": "--window",
    "without": "--without",
    "workers": "--workers",
}
"""Keywords of the public functions, and the options by which commands set them; some with a name for their value."""


class CommandGroup(TyperGroup):
    """The commands; errors of ours end them with one sentence instead of a traceback."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; its help does not write <bool> behind options that take no value."""
        command = super().get_command(ctx, cmd_name)
        for option in () if command is None else command.get_params(ctx):
            if getattr(option, "is_flag", False):
                option.metavar = ""
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""

        def show_warning(message: Warning | str, *_: object) -> None:
            print_message("Warning:", "yellow", translate_keywords(str(message), self.options_of_command(ctx)))

        warnings.showwarning = show_warning  # type: ignore[assignment]
        try:
            with end_as_told():
                return super().invoke(ctx)
        except PictologicsError as error:
            options = self.options_of_command(ctx)
            found, advice = (translate_keywords(text, options) for text in (error.found, error.advice))
            advice += self.name_other_command(ctx, error)
            # Put together again, so that a path is printed as it is, whatever it holds.
            print_message("Error:", "bold red", str(PictologicsError(found, path=error.path, advice=advice)))
            sys.exit(1)

    def name_other_command(self, ctx: Any, error: PictologicsError) -> str:
        """Say which command has the option that would help, if the one that was called has none."""
        called, other = ctx.invoked_subcommand, "convert"
        offered = {name for name in dict(error.values.get("way_out", ())) if name in OPTIONS_OF_KEYWORDS}
        options = self.options_of_command(ctx)
        missing = sorted(OPTIONS_OF_KEYWORDS[name] for name in offered if OPTIONS_OF_KEYWORDS[name] not in options)
        if not missing:
            return ""
        placed = " --reference" if "--interpolation" in missing else ""
        return f' ("{called}" has no such option; write it first by "{other}{placed}" with {", ".join(missing)})'

    def options_of_command(self, ctx: Any) -> dict[str, bool]:
        """Which options the command has, and whether each stands alone, without a value."""
        command = self.commands[ctx.invoked_subcommand]
        return {name: getattr(option, "is_flag", False) for option in command.params for name in option.opts}


def translate_keywords(text: str, options: Mapping[str, bool]) -> str:
    """Put the options of a command for the keywords in a message; what the command cannot set stays.

    Args:
        text: A message, such as ``pass irregular="ignore" to keep the slices``.
        options: The options, and whether each stands alone.
    """

    def write_option(match: re.Match[str]) -> str:
        option, _, example = OPTIONS_OF_KEYWORDS[match["name"]].partition(" ")
        if option not in options:
            return match[0]
        if example:
            return f"{option} {example}"
        value = (match["value"] or "").strip("\"'").removeprefix("numpy.")
        # "=True" is how Python says what an option says by being there.
        return option if options[option] or value in {"", "True"} else f"{option} {value}"

    if "--reference" not in options and options.keys() & {"mask", "--mask"}:
        text = text.replace("pass it as reference_image", "write it first, before its mask")
    names = "|".join(OPTIONS_OF_KEYWORDS)
    # "color" may be a word or a keyword: alone, a name counts only where a message speaks of what was passed.
    text = re.sub(rf"\b(?P<name>{names})=(?P<value>\"[^\"]*\"|'[^']*'|[\w.]+)?", write_option, text)
    long_names = "|".join(name for name in OPTIONS_OF_KEYWORDS if "_" in name)
    text = re.sub(rf"\b(?P<name>{long_names})\b(?P<value>)", write_option, text)
    text = re.sub(rf"(?:^|(?<=leave ))(?P<name>{names})(?P<value>)(?= is | out\b)", write_option, text)
    # The other values that an option may have stand behind it in Python's quotes.
    return re.sub(r"\"(linear|cubic)\"", r"\1", text) if "--interpolation" in text else text


def print_message(kind: str, style: str, text: str) -> None:
    """Print a message to the error output."""
    # Imported here: most runs have nothing to complain of, and rich takes as long as the rest of the program.
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True)
    console.print(kind, style=style, end=" ")
    console.print(escape_controls(text), markup=False, highlight=False)
