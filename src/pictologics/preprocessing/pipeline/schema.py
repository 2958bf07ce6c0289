"""What the parameters of a function may be, read from its signature, so that it is written once."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

import numpy as np

from ...image import Image

__all__ = ["Mismatch", "Parameter", "converted", "described", "parameters_of"]

WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}
PLURALS = {"a whole number": "whole numbers", "a number": "numbers", "text": "texts", "true or false": "truth values"}


class Mismatch(Exception):  # noqa: N818 - caught where the step is known, and never seen outside
    """A value that is not of the type it must be."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that a pipeline's author chooses.

    Attributes:
        name: Its name.
        annotation: Its type.
        default: Its default, ``inspect.Parameter.empty`` if it must be given.
    """

    name: str
    annotation: Any
    default: Any

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty


def parameters_of(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a function, but for the images and arrays that a pipeline hands it."""
    hints = typing.get_type_hints(function)
    return tuple(
        Parameter(one.name, hints[one.name], one.default)
        for one in inspect.signature(function).parameters.values()
        if not holds_voxels(hints[one.name])
    )


def holds_voxels(annotation: Any) -> bool:
    """Whether a type is, or may be, an image or an array."""
    if annotation is Image or typing.get_origin(annotation) is np.ndarray or annotation is np.ndarray:
        return True
    return any(holds_voxels(inner) for inner in typing.get_args(annotation) if not isinstance(inner, (str, int)))


def described(annotation: Any) -> str:
    """A type in words, as in "three numbers" or ``"nearest" or "linear"``."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " or ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(described(one) for one in inner)
    if is_list(origin):
        count = "" if origin is not tuple or Ellipsis in inner else f"{len(inner)} "
        words = dict.fromkeys(described(one) for one in inner if one is not Ellipsis)
        if len(words) > 1:
            return f"a list of {', '.join(words)}"
        word = next(iter(words))
        return f"a list of {count}{PLURALS[word]}" if word in PLURALS else f"a list of {count}items, each {word}"
    return WORDS[annotation]


def is_list(origin: Any) -> bool:
    """Whether a type is a list of others."""
    return isinstance(origin, type) and issubclass(origin, Sequence) and origin is not str


def converted(value: Any, annotation: Any) -> Any:
    """A value as a function wants it: lists become tuples, and whole numbers real ones where those are asked for.

    Raises:
        Mismatch: If it is of another type.
    """
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return next(one for one in inner if matches(one, value)) if any(matches(k, value) for k in inner) else fail()
    if origin in (Union, types.UnionType):
        return first_that_fits(value, inner)
    if is_list(origin):
        return converted_list(value, origin, inner)
    if isinstance(value, np.generic):
        value = value.item()
    if annotation is float and type(value) in (int, float):
        try:
            return float(value)
        except OverflowError:
            raise Mismatch from None
    return value if type(value) is annotation else fail()


def matches(choice: Any, value: Any) -> bool:
    """Whether a value is a choice and of its type: ``True`` is not 1."""
    return type(value) is type(choice) and value == choice


def fail() -> Any:
    """Say that a value does not fit."""
    raise Mismatch


def first_that_fits(value: Any, annotations: Sequence[Any]) -> Any:
    """The value as the first of several types that it is of."""
    for one in annotations:
        try:
            return converted(value, one)
        except Mismatch:
            continue
    raise Mismatch


def converted_list(value: Any, origin: Any, inner: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list whose items are of their types."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        raise Mismatch
    if origin is tuple and Ellipsis not in inner:
        if len(value) != len(inner):
            raise Mismatch
        return tuple(converted(item, kind) for item, kind in zip(value, inner, strict=True))
    return tuple(converted(item, inner[0]) for item in value)
