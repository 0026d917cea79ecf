"""Dataclasses to JSON and back, strictly: what is misspelt or of another kind is refused by its place.

An unknown key may be a misspelt one; were it passed over, a layer would be read in another way than its owner meant.
Cases: ``tests/intake/test_profile.py``.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

from senhui.intake.refusal import LayerRefused

Value = TypeVar("Value")

_LONGEST_SHOWN = 80


@dataclass(eq=False)
class ProfileKeyUnknown(LayerRefused):
    """A profile says something under a name that nothing reads."""

    what: ClassVar[str] = "The mapping says “{key}”, which is not known."
    why: ClassVar[str] = "A misspelt name would be passed over, and the layer read in another way than meant."
    remedy: ClassVar[str] = "Correct the name or take the line out. Known are: {known}."
    key: str
    known: tuple[str, ...]


@dataclass(eq=False)
class ProfileValueWrong(LayerRefused):
    """A profile says something of a kind that cannot be there."""

    what: ClassVar[str] = "The mapping gives “{key}” a value that cannot be used: {value}."
    why: ClassVar[str] = "Expected there is: {expected}."
    remedy: ClassVar[str] = "Correct the value, or take the line out so that it is recognised or asked."
    key: str
    value: str
    expected: str


def plain(value: Any) -> Any:
    """Give a value as JSON has it: dataclasses and mappings as objects, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple) else value


def built(kind: type[Value], values: Any, *, at: str = "") -> Value:
    """Build a dataclass from JSON by the types of its fields.

    Parameters
    ----------
    kind : type
        The dataclass; its fields are strings, numbers, Literals, tuples, mappings, dataclasses, or one of several.
    values : object
        What JSON had.
    at : str
        Where in the whole, for the messages: ``datum.``.

    Raises
    ------
    ProfileKeyUnknown, ProfileValueWrong
        See there.
    """
    if not isinstance(values, Mapping):
        raise ProfileValueWrong(at.rstrip("."), _shown(values), "{}")
    hints = get_type_hints(kind)
    known = [item for item in fields(kind) if item.init]  # type: ignore[arg-type]
    names = tuple(item.name for item in known)
    for key in values:
        if key not in names:
            raise ProfileKeyUnknown(f"{at}{key}", names)
    for item in known:
        if item.name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise ProfileValueWrong(f"{at}{item.name}", "", _expected(hints[item.name]))
    return kind(**{key: _typed(hints[key], value, at=f"{at}{key}") for key, value in values.items()})


def _typed(kind: Any, value: Any, *, at: str) -> Any:
    """Turn a JSON value into one of the type that a field has, or refuse it."""
    origin, arguments = get_origin(kind), get_args(kind)
    wrong = ProfileValueWrong(at, _shown(value), _expected(kind))
    if origin is UnionType or str(origin) == "typing.Union":
        return _one_of(arguments, value, at=at, wrong=wrong)
    if origin is tuple:
        return _typed_tuple(arguments, value, at=at, wrong=wrong)
    if origin is Mapping:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise wrong
        return {key: _typed(arguments[1], inner, at=f"{at}.{key}") for key, inner in value.items()}
    if is_dataclass(kind):
        return built(kind, value, at=f"{at}.")  # type: ignore[arg-type]
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise wrong
        return float(value)
    if not isinstance(value, str) or (origin is Literal and value not in arguments):
        raise wrong
    return value


def _typed_tuple(kinds: tuple[Any, ...], value: Any, *, at: str, wrong: ProfileValueWrong) -> tuple[Any, ...]:
    """Turn a JSON list into a tuple of fixed length, or of any length where the type ends in an ellipsis."""
    if not isinstance(value, list | tuple):
        raise wrong
    each = kinds[:1] * len(value) if kinds[-1] is ... else kinds
    if len(each) != len(value):
        raise wrong
    pairs = enumerate(zip(each, value, strict=True))
    return tuple(_typed(kind, inner, at=f"{at}[{index}]") for index, (kind, inner) in pairs)


def _one_of(kinds: tuple[Any, ...], value: Any, *, at: str, wrong: ProfileValueWrong) -> Any:
    """Choose among several types: nothing, or the dataclass whose ``kind`` is named, or the only other one."""
    if value is None:
        if NoneType not in kinds:
            raise wrong
        return None
    some = [kind for kind in kinds if kind is not NoneType]
    if len(some) > 1:
        named = value.get("kind") if isinstance(value, Mapping) else None
        some = [kind for kind in some if get_args(get_type_hints(kind)["kind"]) == (named,)]
    if len(some) != 1:
        raise wrong
    return _typed(some[0], value, at=at)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _expected(kind: Any) -> str:
    """Say in JSON's own signs what belongs there, since words would need a translation."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(f"“{name}”" for name in arguments)
    if origin is UnionType or str(origin) == "typing.Union":
        return " | ".join(_expected(inner) for inner in arguments)
    if origin is tuple:
        inner = [_expected(argument) for argument in arguments if argument is not ...]
        return f"[{', '.join(inner)}{', …' if arguments[-1] is ... else ''}]"
    if is_dataclass(kind):
        return "{" + ", ".join(item.name for item in fields(kind)) + "}"
    return {str: "“…”", float: "0.0", NoneType: "null"}.get(kind, "{“…”: …}")
