"""One step of a pipeline: its name, its parameters, and the masks that it is meant for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...errors import OptionError
from .catalog import StepKind, find_step
from .parameters import Mismatch, convert_value, describe_type

__all__ = ["Step", "StepLike", "make_step", "to_plain"]

MASKS_KEY = "masks"
"""The parameter that every step with masks has: the names of those that it is meant for."""


@dataclass(frozen=True)
class Step:
    """One step of a pipeline.

    Attributes:
        name: Name of its function, such as ``"resample_image"``, or a short name of it.
        parameters: Parameters by name; those that are left out have their defaults.
        masks: Names of the masks that it is meant for; None for all of them.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    masks: tuple[str, ...] | None = None

    def all_parameters(self) -> dict[str, Any]:
        """Every parameter, those that were left out with their defaults."""
        defaults = {parameter.name: parameter.default for parameter in find_step(self.name, 0, None).parameters}
        return {**defaults, **self.parameters}

    def content(self) -> Any:
        """The step as a file has it: its name, or its name and parameters."""
        inner = {name: to_plain(value) for name, value in self.parameters.items()}
        if self.masks is not None:
            inner[MASKS_KEY] = list(self.masks)
        return {self.name: inner} if inner else self.name


StepLike: TypeAlias = Step | str | tuple[str, Mapping[str, Any]] | Mapping[str, Any]
"""What stands for a step: its name, its name and parameters, or a mapping of its name to its parameters."""


def to_plain(value: Any) -> Any:
    """A parameter as files have it: tuples are lists."""
    return [to_plain(item) for item in value] if isinstance(value, tuple) else value


def make_step(given: Any, number: int, path: str | None) -> Step:
    """A step whose name, parameters and types are right.

    Args:
        given: What stands for it.
        number: Which step of the pipeline it is, from 1.
        path: The file it stands in, for messages.

    Raises:
        OptionError: If it is not a step; the message has its number, name and parameter, and what is known.
    """
    name, parameters, masks = split_step(given, number, path)
    kind = find_step(name, number, path)
    known = {parameter.name: parameter for parameter in kind.parameters}
    where = f"step {number} ({name})"
    for key in parameters:
        if key not in known:
            raise OptionError(
                f"{where} has no parameter {key!r}",
                path=path,
                advice=f"its parameters are {', '.join(list_names(kind)) or 'none'}",
                step=number,
                name=name,
                parameter=key,
                known=list_names(kind),
            )
    missing = [parameter for parameter in kind.parameters if parameter.is_required and parameter.name not in parameters]
    if missing:
        raise OptionError(
            f"{where} needs the parameter {missing[0].name}, {describe_type(missing[0].annotation)}",
            path=path,
            advice="add it",
            step=number,
            name=name,
            parameter=missing[0].name,
        )
    typed = {
        key: convert_parameter(value, known[key].annotation, (where, number, key), path)
        for key, value in parameters.items()
    }
    step = Step(name, typed, check_mask_names(masks, kind, where, path))
    if kind.check is not None:
        try:
            kind.check(step.all_parameters())
        except OptionError as error:
            raise OptionError(
                f"{where}: {error.found}", path=path, advice=error.advice, step=number, name=name, **error.values
            ) from error
    return step


def split_step(given: Any, number: int, path: str | None) -> tuple[Any, dict[str, Any], Any]:
    """The name, parameters and masks of what stands for a step."""
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
    return name, inner, inner.pop(MASKS_KEY, None)


def list_names(kind: StepKind) -> list[str]:
    """The names of all parameters of a kind of step."""
    return [parameter.name for parameter in kind.parameters] + ([MASKS_KEY] if kind.scope.can_choose_masks else [])


def convert_parameter(value: Any, annotation: Any, where: tuple[str, int, str], path: str | None) -> Any:
    """A parameter's value as its type, or an error that says which step and parameter it is."""
    try:
        return convert_value(value, annotation)
    except Mismatch:
        step, number, name = where
        advice = ""
        if isinstance(value, str) and is_numeral(value):
            # YAML 1.1 takes 1e-3 for text: its numbers have a point and a sign in the exponent.
            advice = f"write the number without quotes, and in YAML with a point, as {float(value)!r}"
        raise OptionError(
            f"{step}: {name} is {value!r} and must be {describe_type(annotation)}",
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


def check_mask_names(masks: Any, kind: StepKind, where: str, path: str | None) -> tuple[str, ...] | None:
    """The names of the masks that a step is meant for."""
    if masks is None:
        return None
    if not kind.scope.can_choose_masks:
        raise OptionError(
            f"{where} has no parameter 'masks': it works on {kind.scope.words}", path=path, advice="leave it out"
        )
    names = [masks] if isinstance(masks, str) else masks
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        raise OptionError(f"{where}: masks is {masks!r} and must be a list of mask names", path=path)
    return tuple(names)
