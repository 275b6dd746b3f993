"""Frozen dataclasses to plain JSON values and back: the one codec of every contract between processes.

A dataclass becomes an object; the members of a closed union carry their class name under ``"type"``.
Decimals travel as strings, tuples as lists, enums as their values. Decoding is strict: a missing field,
an unknown field or a value of the wrong shape raises :class:`PayloadError` naming the path, so a process
that speaks another version of a contract fails where it speaks, not later.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union

T = TypeVar("T")


class PayloadError(ValueError):
    """A payload does not fit its contract; the message starts with the path of the value at fault."""


def to_payload(value: Any) -> Any:
    """Return ``value`` as JSON-ready objects, lists and scalars (what :func:`from_payload` reads back)."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        payload = {f.name: to_payload(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **payload}  # a field of that name wins: see _decode_dataclass
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_payload(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset, set)):
        return [to_payload(item) for item in value]
    return value


def from_payload(kind: Any, payload: Any) -> Any:
    """Read ``payload`` as ``kind`` (a dataclass, a union of dataclasses, or any field type made of them).

    Raises:
        PayloadError: the payload has a missing, unknown or ill-shaped value; the message names its path.
    """
    try:
        return _reader(kind)(payload)
    except _Unfit as error:
        raise PayloadError(f"${error.path}: {error.reason}") from None


class _Unfit(Exception):
    """A value that does not fit. The path grows while the error rises, so that reading what fits builds none."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason, self.path = reason, path

    def under(self, step: str) -> _Unfit:
        self.path = step + self.path
        return self


_Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> _Reader:
    """Return the function that reads one kind of value: what the type says is asked once, not for every value."""
    if kind is Any:
        return lambda payload: payload
    origin = typing.get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union_reader(typing.get_args(kind))
    if origin is Literal:
        return _literal_reader(typing.get_args(kind))
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(typing.cast(type, kind))
    if origin in (tuple, list, Sequence, frozenset):
        return _sequence_reader(typing.get_args(kind)[0], {tuple: tuple, frozenset: frozenset}.get(origin, list))
    if origin in (dict, Mapping):
        return _mapping_reader(typing.get_args(kind)[1])
    return _scalar_reader(kind)


def _literal_reader(values: tuple[Any, ...]) -> _Reader:
    def read(payload: Any) -> Any:
        if payload not in values:
            raise _Unfit(f"{payload!r} is none of {values}")
        return payload

    return read


def _union_reader(members: tuple[Any, ...]) -> _Reader:
    optional = type(None) in members
    members = tuple(member for member in members if member is not type(None))
    classes = [member for member in members if isinstance(member, type) and dataclasses.is_dataclass(member)]
    tagged: dict[str, Any] = {cls.__name__: cls for cls in reversed(classes)}

    def read(payload: Any) -> Any:
        if payload is None and optional:
            return None
        if isinstance(payload, Mapping) and "type" in payload:
            name = payload["type"]
            if not isinstance(name, str) or name not in tagged:
                raise _Unfit(f"{name!r} is not expected here", ".type")
            return _reader(tagged[name])(payload)
        errors = []
        for member in members:
            try:
                return _reader(member)(payload)
            except _Unfit as error:
                errors.append(error)
        raise (
            errors[0]
            if len(errors) == 1
            else _Unfit("; ".join(f"{each.path} {each.reason}".strip() for each in errors))
        )

    return read


def _dataclass_reader(cls: type) -> _Reader:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    kinds = {field.name: hints[field.name] for field in fields}
    needed = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    # A class with a field "type" of its own carries no tag, and so is never a member of a union.
    tagged = "type" not in kinds
    readers: dict[str, _Reader] = {}

    def read(payload: Any) -> Any:
        if not isinstance(payload, Mapping):
            raise _Unfit(f"an object is expected, not {type(payload).__name__}")
        if not readers:  # not before the first value: a class may hold itself
            readers.update({name: _reader(kind) for name, kind in kinds.items()})
        values: dict[str, Any] = {}
        for name, value in payload.items():
            reader = readers.get(name)
            if reader is None:
                if name == "type":
                    continue
                raise _Unfit(f"is not a field of {cls.__name__}", f".{name}")
            try:
                values[name] = reader(value)
            except _Unfit as error:
                raise error.under(f".{name}") from None
        for name in needed:
            if name not in values:
                raise _Unfit("is missing", f".{name}")
        if tagged and payload.get("type", cls.__name__) != cls.__name__:
            raise _Unfit(f"{payload['type']!r} is not {cls.__name__}", ".type")
        return cls(**values)

    return read


def _sequence_reader(item: Any, made: Callable[[list[Any]], Any]) -> _Reader:
    def read(payload: Any) -> Any:
        if isinstance(payload, (str, bytes)) or not isinstance(payload, Sequence):
            raise _Unfit(f"a list is expected, not {type(payload).__name__}")
        reader, items = _reader(item), []
        for value in payload:
            try:
                items.append(reader(value))
            except _Unfit as error:
                raise error.under(f"[{len(items)}]") from None
        return made(items)

    return read


def _mapping_reader(kind: Any) -> _Reader:
    def read(payload: Any) -> Any:
        if not isinstance(payload, Mapping):
            raise _Unfit(f"an object is expected, not {type(payload).__name__}")
        reader, items = _reader(kind), {}
        for name, value in payload.items():
            try:
                items[str(name)] = reader(value)
            except _Unfit as error:
                raise error.under(f".{name}") from None
        return items

    return read


def _scalar_reader(kind: Any) -> _Reader:
    made = _MADE_OF.get(kind)
    if made is None and isinstance(kind, type) and issubclass(kind, Enum):
        made = kind

    def read(payload: Any) -> Any:
        if type(payload) is kind:
            return payload
        if made is not None and (issubclass(kind, Enum) or type(payload) in _READ_AS[kind]):
            try:
                return made(payload)
            except (ValueError, OverflowError) as error:
                raise _Unfit(str(error)) from None
            except InvalidOperation:
                raise _Unfit(f"{payload!r} is not a decimal number") from None
        if isinstance(kind, type) and isinstance(payload, kind) and not (kind is int and isinstance(payload, bool)):
            return payload
        raise _Unfit(f"{getattr(kind, '__name__', kind)} is expected, not {type(payload).__name__}")

    return read


_MADE_OF: Mapping[Any, Callable[[Any], Any]] = {Decimal: Decimal, datetime: datetime.fromisoformat, float: float}
_READ_AS: Mapping[Any, tuple[type, ...]] = {Decimal: (str, int), datetime: (str,), float: (int,)}
"""What each of them is made of; ``bool`` is an ``int`` that is no number here."""
