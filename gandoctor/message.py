"""Messages: a sentence kept as a template and its values until somebody reads it, and why something is absent.

What a finding, a cause, a reason, a warning or a verdict says is a `Message`. It renders itself in English; a catalogue
translates its template first and fills in the values second, as gettext does. Its numbers stay numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Union

from gandoctor.printable import as_typed, short_exponent

Value = Union[str, int, float, "Message", tuple["Value", ...]]
"""What stands in a place: a number; a name, which is shown as it is; a message, which is translated; a list of them."""

LONGEST_TEXT = 2_000
"""Characters of a template or a name read from a file."""
LONGEST_NUMBER = 1_000
"""Bits of a whole number read from a file: a longer one fits no float, and format specifications would fail on it."""
DEEPEST = 6
"""Messages within messages, read from a file."""

_PLACE = re.compile(r"\{\{|\}\}|\{(\w+)(?::([^{}]*))?\}")
_SPEC = re.compile(r"[+]?,?(\.\d{1,2})?[defgG%s]?")
"""Format specifications that are followed; any other could ask for gigabytes."""
_TYPED = re.compile(r"(?:\.(\d{1,2}))?t")
"""A specification of our own: as the number is typed in code, `{rate:.2t}` -> 4e-4."""


Say = Callable[[Union["Message", str]], str]
"""Says a message in a language, and plain text as it is; `str` says it in English."""


class Words(Protocol):
    """A language: says templates in its own words."""

    def template(self, message: Message) -> str:
        """Return the message's template in this language, or the English one."""

    def listed(self, items: Sequence[str]) -> str:
        """Return "a, b and c" in this language."""


class English:
    """The language messages are written in."""

    def template(self, message: Message) -> str:
        """Return the message's own template, singular or plural."""
        return message.template if message.plural is None or message.count == 1 else message.plural

    def listed(self, items: Sequence[str]) -> str:
        """Return "a", "a and b" or "a, b and c"."""
        return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


ENGLISH = English()


@dataclass(frozen=True, init=False)
class Message:
    """A sentence, or a part of one.

    Attributes:
        template: English, with the values' places as `str.format` has them: "{share:.0%} of the samples".
        values: What stands in each place.
        plural: The template for any count but one; None where the sentence does not depend on a count. `counted`
            makes such messages.

    Raises:
        KeyError: The template has a place without a value.
    """

    template: str
    values: Mapping[str, Value]
    plural: str | None

    def __init__(self, template: str, /, **values: Value) -> None:
        self._set(template, values, None)

    def _set(self, template: str, values: Mapping[str, Value], plural: str | None) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "plural", plural)
        lacking = (places_of(template) | places_of(plural or "")) - values.keys()
        if lacking:
            raise KeyError(f"No value for {', '.join(sorted(lacking))} in {template!r}")

    @classmethod
    def of(cls, said: str | Message) -> Message:
        """Return a message as it is, and plain text as a message without places."""
        return said if isinstance(said, Message) else cls(said.replace("{", "{{").replace("}", "}}"))

    @property
    def count(self) -> float:
        """What decides between singular and plural."""
        n = self.values.get("n", 0)
        return n if isinstance(n, int | float) else 0

    @property
    def facts(self) -> dict[str, Value]:
        """The numbers and names of the message and of all messages in it, by place; the first one of a name."""
        found: dict[str, Value] = {}
        for name, value in self.values.items():
            for one in value if isinstance(value, tuple) else (value,):
                inner = one.facts if isinstance(one, Message) else {name: one}
                found = {**inner, **found}
        return found

    def render(self, words: Words = ENGLISH) -> str:
        """Return the sentence in a language."""
        return _filled(words.template(self), self.values, words)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"Message({str(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __hash__(self) -> int:
        return hash((self.template, str(self)))

    def to_plain(self) -> dict[str, Any]:
        """Return the message as JSON has it."""
        plain: dict[str, Any] = {"template": self.template}
        if self.values:
            plain["values"] = {name: _plain(value) for name, value in self.values.items()}
        return plain if self.plural is None else {**plain, "plural": self.plural}

    @classmethod
    def read(cls, plain: Any, deep: int = DEEPEST) -> Message:
        """Return a message from what a file holds: `to_plain`'s form, or a sentence of an earlier version.

        Raises:
            ValueError: It is neither.
        """
        if isinstance(plain, Message):
            return plain
        if isinstance(plain, str):
            return cls.of(plain[:LONGEST_TEXT])
        if not isinstance(plain, Mapping) or not isinstance(plain.get("template"), str) or deep <= 0:
            raise ValueError("neither a sentence nor a message")
        values, plural = plain.get("values", {}), plain.get("plural")
        if not isinstance(values, Mapping) or not isinstance(plural, str | None):
            raise ValueError("a message's values are an object")
        message = cls.__new__(cls)
        read = {str(name): _read(value, deep - 1) for name, value in values.items()}
        try:
            message._set(plain["template"][:LONGEST_TEXT], read, None if plural is None else plural[:LONGEST_TEXT])
        except KeyError as error:
            raise ValueError(str(error)) from None
        return message

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        plain = core_schema.plain_serializer_function_ser_schema(lambda one: cls.read(one).to_plain())
        return core_schema.no_info_plain_validator_function(cls.read, serialization=plain)


def counted(one: str, other: str, n: float, /, **values: Value) -> Message:
    """Return a message that depends on a count, which is the value {n}: `counted("{n} step", "{n} steps", 3)`."""
    message = Message.__new__(Message)
    message._set(one, {"n": n, **values}, other)
    return message


def sentences(*parts: Message | None) -> Message:
    """Return several sentences as one message; None is left out."""
    first, *rest = [part for part in parts if part is not None]
    for part in rest:
        first = Message("{first} {then}", first=first, then=part)
    return first


def clauses(*parts: Message | None) -> Message:
    """Return several clauses, joined by semicolons, as one message; None is left out."""
    first, *rest = [part for part in parts if part is not None]
    for part in rest:
        first = Message("{first}; {then}", first=first, then=part)
    return first


class Absent(StrEnum):
    """Why something was not recorded, for programs: rules compare these, never the sentence.

    Of a player's updates:
        FROZEN: They were not seen because all its weights are frozen.
        NO_OPTIMIZER: No optimizer of this player was found.
        NOT_CALLED: Its optimizer was not called while it was watched.
        USED_BEFORE: Its step was traced before the monitor was attached and cannot be traced anew.
        NOT_SUMMED: The sum of its gradients over all workers exists nowhere.
        NO_GRADIENT: None of its weights is given a gradient.
    Of what is fed, said and made:
        NOT_GIVEN: The user did not pass it.
        UNUSABLE: What the user passed cannot be used.
        NO_LATENTS: No latent sampler is known, or too few latents were drawn.
        CANNOT_RUN: A player could not be run on what was given.
        NOT_SEEN: It happened where the monitor cannot look, e.g. in a loop of the user's own.
        BETWEEN_STEPS: It happened inside a step, and in this framework the monitor looks between steps only.
        NOT_APPLICABLE: Of this network or loss there is no such number.
        NOT_RECOGNISED: It could not be inferred.
        ASSUMED: It was assumed, and may be wrong.
        LEFT_OUT: There is more of it than is recorded.
    """

    UNSPECIFIED = "unspecified"
    FROZEN = "frozen"
    NO_OPTIMIZER = "no_optimizer"
    NOT_CALLED = "not_called"
    USED_BEFORE = "used_before"
    NOT_SUMMED = "not_summed"
    NO_GRADIENT = "no_gradient"
    NOT_GIVEN = "not_given"
    UNUSABLE = "unusable"
    NO_LATENTS = "no_latents"
    CANNOT_RUN = "cannot_run"
    NOT_SEEN = "not_seen"
    BETWEEN_STEPS = "between_steps"
    NOT_APPLICABLE = "not_applicable"
    NOT_RECOGNISED = "not_recognised"
    ASSUMED = "assumed"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Absence:
    """Why something was not recorded.

    Attributes:
        code: For programs.
        message: For people.
    """

    code: Absent
    message: Message

    def __str__(self) -> str:
        return str(self.message)

    def to_plain(self) -> dict[str, Any]:
        """Return the absence as JSON has it."""
        return {"code": self.code.value, "message": self.message.to_plain()}

    @classmethod
    def read(cls, plain: Any) -> Absence:
        """Return an absence from what a file holds; a bare sentence, as earlier versions wrote, has no code.

        Raises:
            ValueError: It is none.
        """
        if isinstance(plain, Absence):
            return plain
        if isinstance(plain, Mapping):
            code = plain.get("code")
            known = Absent(code) if isinstance(code, str) and code in set(Absent) else Absent.UNSPECIFIED
            return cls(known, Message.read(plain.get("message")))
        return cls(Absent.UNSPECIFIED, Message.read(plain))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        plain = core_schema.plain_serializer_function_ser_schema(lambda one: cls.read(one).to_plain())
        return core_schema.no_info_plain_validator_function(cls.read, serialization=plain)


def places_of(template: str) -> set[str]:
    """Return the names of a template's places."""
    return {found[1] for found in _PLACE.finditer(template) if found[1]}


def _filled(template: str, values: Mapping[str, Value], words: Words) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]  # a doubled brace
        return _said(values[found[1]], found[2] or "", words) if found[1] in values else found[0]

    return _PLACE.sub(fill, template)


def _said(value: Value, spec: str, words: Words) -> str:
    if isinstance(value, Message):
        return value.render(words)
    if isinstance(value, tuple):
        return words.listed([_said(one, spec, words) for one in value])
    if (as_code := _TYPED.fullmatch(spec)) and isinstance(value, int | float):
        return as_typed(value, int(as_code[1] or 6))
    try:
        said = format(value, spec if _SPEC.fullmatch(spec) else "")
    except ValueError:
        return str(value)
    if "e" in said and spec.endswith("g") and isinstance(value, float) and 1 <= abs(value) < 1e6:
        return f"{float(said):,.0f}"  # 2,020 rather than 2.02e3
    return short_exponent(said) if isinstance(value, float) else said


def _plain(value: Value) -> Any:
    if isinstance(value, Message):
        return value.to_plain()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float) else str(value)


def _read(value: Any, deep: int) -> Value:
    if isinstance(value, list):
        if deep <= 0:
            raise ValueError("lists within lists")
        return tuple(_read(one, deep - 1) for one in value)
    if isinstance(value, Mapping):
        return Message.read(value, deep)
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        return math.inf if value > 0 else -math.inf
    return value if isinstance(value, int | float) else str(value)[:LONGEST_TEXT]
