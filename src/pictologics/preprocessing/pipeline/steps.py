"""One step of a pipeline: its name, its parameters, and the masks that it is meant for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...errors import OptionError
from .registry import StepKind, Takes, find_step
from .schema import Mismatch, converted, described

__all__ = ["Step", "StepLike", "make_step", "plain"]

MASKS = "masks"
"""The parameter that every step with masks has: the names of those that it is meant for."""

TAKE_NO_MASK = (Takes.IMAGE, Takes.ALL, Takes.ALL_BY_MASKS)


@dataclass(frozen=True)
class Step:
    """One step, which is as its kind wants it once it is part of a pipeline.

    Attributes:
        name: Name of the kind of step, such as ``"resample"``.
        parameters: Parameters by name; those that are left out have their defaults.
        masks: Names of the masks that it is meant for; None for all of them.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    masks: tuple[str, ...] | None = None

    def all_parameters(self) -> dict[str, Any]:
        """Every parameter, those that were left out with their defaults."""
        defaults = {one.name: one.default for one in find_step(self.name, 0, None).parameters}
        return {**defaults, **self.parameters}

    def content(self) -> Any:
        """The step as a file has it: its name, or its name and parameters."""
        inner = {name: plain(value) for name, value in self.parameters.items()}
        if self.masks is not None:
            inner[MASKS] = list(self.masks)
        return {self.name: inner} if inner else self.name


StepLike: TypeAlias = Step | str | tuple[str, Mapping[str, Any]] | Mapping[str, Any]
"""What stands for a step: its name, its name and parameters, or a mapping of its name to its parameters."""


def plain(value: Any) -> Any:
    """A parameter as files have it: tuples are lists."""
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def make_step(given: Any, number: int, path: str | None) -> Step:
    """A step whose name, parameters and types are right.

    Args:
        given: What stands for it.
        number: Which step of the pipeline it is, from 1.
        path: The file it stands in, for messages.

    Raises:
        OptionError: If it is none; the message has its number, name and parameter, and what is known.
    """
    name, parameters, masks = taken_apart(given, number, path)
    kind = find_step(name, number, path)
    known = {one.name: one for one in kind.parameters}
    where = f"step {number} ({name})"
    for parameter in parameters:
        if parameter not in known:
            raise OptionError(
                f"{where} has no parameter {parameter!r}",
                path=path,
                advice=f"its parameters are {', '.join(names_of(kind)) or 'none'}",
                step=number,
                name=name,
                parameter=parameter,
                known=names_of(kind),
            )
    missing = [one.name for one in kind.parameters if one.is_required and one.name not in parameters]
    if missing:
        one = known[missing[0]]
        raise OptionError(
            f"{where} needs the parameter {one.name}, {described(one.annotation)}",
            path=path,
            advice="add it",
            step=number,
            name=name,
            parameter=one.name,
        )
    typed = {
        key: typed_value(value, known[key].annotation, (where, number, key), path) for key, value in parameters.items()
    }
    step = Step(name, typed, checked_masks(masks, kind, where, path))
    if kind.check is not None:
        try:
            kind.check(step.all_parameters())
        except OptionError as error:
            raise OptionError(
                f"{where}: {error.found}", path=path, advice=error.advice, step=number, name=name, **error.values
            ) from error
    return step


def taken_apart(given: Any, number: int, path: str | None) -> tuple[Any, dict[str, Any], Any]:
    """Name, parameters and masks of what stands for a step."""
    if isinstance(given, Step):
        return given.name, dict(given.parameters), given.masks
    if isinstance(given, str):
        return given, {}, None
    name, parameters = given, None
    if isinstance(given, Mapping) and len(given) == 1:
        ((name, parameters),) = given.items()
    elif isinstance(given, tuple) and len(given) == 2:
        name, parameters = given
    # A name with nothing after its colon is null in YAML.
    if isinstance(name, str) and parameters is None and not isinstance(given, str):
        parameters = {}
    if not isinstance(name, str) or not isinstance(parameters, Mapping):
        raise OptionError(
            f"step {number} is {given!r}, and a step is its name, or its name and its parameters by name",
            path=path,
            advice='write for example "resample: {new_spacing: [1, 1, 1]}"',
            step=number,
        )
    inner = dict(parameters)
    return name, inner, inner.pop(MASKS, None)


def names_of(kind: StepKind) -> list[str]:
    """The names of all parameters of a kind of step."""
    return [one.name for one in kind.parameters] + ([] if kind.takes in TAKE_NO_MASK else [MASKS])


def typed_value(value: Any, annotation: Any, where: tuple[str, int, str], path: str | None) -> Any:
    """A parameter's value, of its type."""
    try:
        return converted(value, annotation)
    except Mismatch:
        step, number, name = where
        advice = ""
        if isinstance(value, str) and is_numeral(value):
            # YAML 1.1 takes 1e-3 for text: its numbers have a point and a sign in the exponent.
            advice = f"write the number without quotes, and in YAML with a point, as {float(value)!r}"
        raise OptionError(
            f"{step}: {name} is {value!r} and must be {described(annotation)}",
            path=path,
            advice=advice,
            step=number,
            parameter=name,
            value=value,
        ) from None


def is_numeral(text: str) -> bool:
    """Whether a text reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def checked_masks(masks: Any, kind: StepKind, where: str, path: str | None) -> tuple[str, ...] | None:
    """The names of the masks that a step is meant for."""
    if masks is None:
        return None
    if kind.takes in TAKE_NO_MASK:
        raise OptionError(
            f"{where} has no parameter 'masks': it works on {kind.takes.value}", path=path, advice="leave it out"
        )
    names = [masks] if isinstance(masks, str) else masks
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        raise OptionError(f"{where}: masks is {masks!r} and must be names of masks, as a list of texts", path=path)
    return tuple(names)
