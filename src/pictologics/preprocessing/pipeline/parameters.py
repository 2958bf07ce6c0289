"""The parameters of a step and their types, read from its function's signature, so that they are written once."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Union

import numpy as np

from ...image import Image

__all__ = ["Mismatch", "Parameter", "convert_value", "describe_type", "list_parameters"]

TYPE_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}
"""Types that a parameter may have, as messages call them."""

TYPE_PLURALS = {
    "a whole number": "whole numbers",
    "a number": "numbers",
    "text": "texts",
    "true or false": "truth values",
}
"""The same in the plural, for lists."""


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


@cache
def list_parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a function, but for the images and arrays that a pipeline hands it."""
    hints = typing.get_type_hints(function)
    return tuple(
        Parameter(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if not holds_voxels(hints[name])
    )


def holds_voxels(annotation: Any) -> bool:
    """Whether a type is, or may be, an image or an array."""
    if annotation is Image or typing.get_origin(annotation) is np.ndarray or annotation is np.ndarray:
        return True
    return any(holds_voxels(inner) for inner in typing.get_args(annotation) if not isinstance(inner, (str, int)))


def describe_type(annotation: Any) -> str:
    """A type in words, as in "three numbers" or ``"nearest" or "linear"``."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return " or ".join(f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(describe_type(kind) for kind in inner)
    if is_list(origin):
        count = "" if origin is not tuple or Ellipsis in inner else f"{len(inner)} "
        words = dict.fromkeys(describe_type(kind) for kind in inner if kind is not Ellipsis)
        if len(words) > 1:
            return f"a list of {', '.join(words)}"
        word = next(iter(words))
        return (
            f"a list of {count}{TYPE_PLURALS[word]}" if word in TYPE_PLURALS else f"a list of {count}items, each {word}"
        )
    return TYPE_WORDS[annotation]


def is_list(origin: Any) -> bool:
    """Whether a type is a list of others."""
    return isinstance(origin, type) and issubclass(origin, Sequence) and origin is not str


def convert_value(value: Any, annotation: Any) -> Any:
    """A value as a function wants it: lists become tuples, and whole numbers floats where those are asked for.

    Raises:
        Mismatch: If it is of another type.
    """
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        # Of the same type as well: True is not 1.
        if any(type(value) is type(choice) and value == choice for choice in inner):
            return value
        raise Mismatch
    if origin in (Union, types.UnionType):
        return convert_to_first(value, inner)
    if is_list(origin):
        return convert_list(value, origin, inner)
    if isinstance(value, np.generic):
        value = value.item()
    if annotation is float and type(value) in (int, float):
        try:
            return float(value)
        except OverflowError:
            raise Mismatch from None
    if type(value) is not annotation:
        raise Mismatch
    return value


def convert_to_first(value: Any, annotations: Sequence[Any]) -> Any:
    """The value as the first of several types that it fits."""
    for annotation in annotations:
        try:
            return convert_value(value, annotation)
        except Mismatch:
            continue
    raise Mismatch


def convert_list(value: Any, origin: Any, inner: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list whose items are of their types."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        raise Mismatch
    if origin is tuple and Ellipsis not in inner:
        if len(value) != len(inner):
            raise Mismatch
        return tuple(convert_value(item, kind) for item, kind in zip(value, inner, strict=True))
    return tuple(convert_value(item, inner[0]) for item in value)
