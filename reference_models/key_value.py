"""`--set KEY=VALUE` for any tree of settings: dotted keys, a description of allowed values, clear errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from gandoctor.errors import GandoctorError
from gandoctor.printable import short_exponent


class Section(BaseModel):
    """A group of settings. It is immutable and rejects unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Tree = TypeVar("Tree", bound=Section)


def parse_changes(changes: Iterable[str]) -> dict[str, str]:
    """Read "KEY=VALUE" texts; the last one for a key wins.

    Raises:
        GandoctorError: A text does not have this form.
    """
    parsed: dict[str, str] = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise GandoctorError(
                f"The setting {change!r} does not have the form KEY=VALUE, e.g. generator.dropout=0.5."
            )
        parsed[key.strip()] = value.strip()
    return parsed


def with_changes(settings: Tree, changes: Mapping[str, Any]) -> Tree:
    """Return settings with values replaced by dotted key; "none" turns an optional setting off.

    Raises:
        GandoctorError: A key is unknown (the message names the nearest), or a value is out of bounds (it names them).
    """
    kind = type(settings)
    tree = settings.model_dump()
    for key, value in changes.items():
        field = _field(kind, key)
        *path, leaf = key.split(".")
        branch = tree
        for name in path:
            branch = branch[name]
        branch[leaf] = None if _optional(field) and str(value).lower() == "none" else value
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if not key:
            raise GandoctorError(str(first["ctx"]["error"])) from None
        raise GandoctorError(f"{key}={first['input']} is not valid: it must be {allowed(kind, key)}.") from None


def keys_of(tree: type[Section]) -> dict[str, FieldInfo]:
    """Return every setting by its dotted key, in the order of the tree."""

    def walk(section: type[BaseModel], prefix: str) -> dict[str, FieldInfo]:
        keys: dict[str, FieldInfo] = {}
        for name, field in section.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                keys |= walk(inner, f"{prefix}{name}.")
            else:
                keys[prefix + name] = field
        return keys

    return walk(tree, "")


def allowed(tree: type[Section], key: str) -> str:
    """Describe the values that a setting takes, e.g. "a number, 0 <= value < 1 (default 0.4)"."""
    field = _field(tree, key)
    kind = field.annotation
    if choices := getattr(kind, "__args__", ()):
        names = [str(choice) for choice in choices if isinstance(choice, str)]
    else:
        names = []
    bounds = {type(bound): bound for bound in field.metadata}
    low = f"{_bound(bounds[Ge].ge)} <= " if Ge in bounds else f"{_bound(bounds[Gt].gt)} < " if Gt in bounds else ""
    high = f" <= {_bound(bounds[Le].le)}" if Le in bounds else f" < {_bound(bounds[Lt].lt)}" if Lt in bounds else ""
    if names:
        words = "one of " + ", ".join(names)
    elif kind is bool:
        words = "true or false"
    else:
        words = "a whole number" if kind is int or int in choices else "a number"
        words += f", {low}value{high}" if low or high else ""
        words += ", or none" if _optional(field) else ""
    if field.is_required():
        return words
    default = short_exponent(str(field.default)) if isinstance(field.default, float) else field.default
    return f"{words} (default {'none' if default is None else default})"


def _bound(value: Any) -> str:
    return short_exponent(f"{value:g}")


def _field(tree: type[Section], key: str) -> FieldInfo:
    keys = keys_of(tree)
    if key in keys:
        return keys[key]
    members = [name for name in keys if name.startswith(key + ".")]
    if members:
        raise GandoctorError(f"{key!r} is a group of settings. Name one of {', '.join(members)}.")
    raise GandoctorError(f"There is no setting {key!r}. Did you mean {_nearest(key, list(keys))}?")


def _nearest(key: str, keys: list[str]) -> str:
    # A key without its group ("dropuot") is compared with the last parts of the keys.
    if "." not in key:
        leaves = [name.rsplit(".", 1)[-1] for name in keys]
        near = difflib.get_close_matches(key, leaves, n=1, cutoff=0.6)
        if near:
            return " or ".join(name for name in keys if name.rsplit(".", 1)[-1] == near[0])
    return difflib.get_close_matches(key, keys, n=1, cutoff=0.0)[0]


def _optional(field: FieldInfo) -> bool:
    return type(None) in getattr(field.annotation, "__args__", ())
