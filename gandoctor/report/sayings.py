"""What rules and the monitor say in English, in another language: by templates of sentences, as the catalogue has them.

A template's {places} hold one word each, those named {words}, {words2} ... any number. What stands in a place is
translated as well, so that a sentence may hold half-sentences; names, numbers and what is called {code} stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, starmap

LONGEST = 2_000
"""Characters; a longer text is none of ours, and is not looked at."""
MOST_PARTS = 40
"""Commas and the like in one sentence, beyond which it is not taken apart."""

CODE = "code"
"""The place whose words are part of a piece of code."""

_SENTENCE_END = re.compile(r"(?<=[\w%)\"'`\]}])[.?] (?=[A-Z`]|[a-z]+_\w)")
_FULL_STOP = re.compile(r"(?<![.])[.]$|(?<=[.]{3})[.]$")
"""The last point, unless it is the last of three."""
_PLACE = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"[\w./^+-]+%?( \(\S+\)| [\d.e+-]+)?")
"""A number, or the name of a layer or a signal, with a number or something in brackets behind it."""
_JOINTS = (("; ", "；"), (": ", "："), (", ", "，"), (" and ", "和"))
_HAN = "\u4e00-\u9fff"
_MARKS = "，。；：、（）"


@dataclass(frozen=True)
class Template:
    """One English sentence or half-sentence, and how it is said in another language."""

    english: str
    other: str

    @property
    def weight(self) -> int:
        """How much of it is fixed; of two templates that fit, the heavier one is meant."""
        return len(_PLACE.sub("", self.english))

    @property
    def is_safe(self) -> bool:
        """Whether it can be told by more than how it ends, so that anything may stand in its places."""
        return not self.english.startswith("{words")

    @property
    def first_word(self) -> str:
        """It begins with; "" where a place does."""
        word = self.english.partition(" ")[0]
        return "" if "{" in word else word

    @cached_property
    def _fixed(self) -> list[str]:
        return [part for part in _PLACE.split(self.english)[::2] if part]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pieces = _PLACE.split(self.english)
        for i, piece in enumerate(pieces):
            place = f"(?P<{piece}>{'.+?' if piece.startswith('words') else r'[^ ]+?'})"
            pieces[i] = place if i % 2 else re.escape(piece)
        return re.compile("".join(pieces), re.DOTALL)

    def places_in(self, text: str) -> dict[str, str] | None:
        """Return what stands in its places, if `text` is this sentence."""
        if not all(part in text for part in self._fixed):
            return None
        found = self._pattern.fullmatch(text)
        return found.groupdict() if found else None


class Sayings:
    """Translates whole texts.

    Args:
        templates: English template -> the same in the other language, with the same places.
    """

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._terms = {english: other for english, other in templates.items() if not _PLACE.search(english)}
        self._by_first_word: dict[str, list[Template]] = {}
        for template in sorted(starmap(Template, templates.items()), key=lambda t: -t.weight):
            self._by_first_word.setdefault(template.first_word, []).append(template)
        self._said = lru_cache(4_096)(self._in_parts)

    def __call__(self, text: str) -> str | None:
        """Return the translation of a text; None where one of its sentences has none."""
        text = text.strip()
        if not self._terms or len(text) > LONGEST:
            return None
        said = self._sentences(text, True) or self._sentences(text, False)
        return None if said is None else _spaced(said + ("。" if _FULL_STOP.search(text) else ""))

    def _sentences(self, text: str, strict: bool) -> str | None:
        """Return all sentences; strict: also of what stands in a place, every word is translated or a name."""
        said = [self._said(sentence, strict) for sentence in _SENTENCE_END.split(_FULL_STOP.sub("", text))]
        return "。".join(s for s in said if s is not None) if None not in said else None

    def _in_parts(self, text: str, strict: bool) -> str | None:
        """Return one sentence or a part of it, from the right a piece at a time where no template fits it whole."""
        whole = self._piece(text, strict)
        if whole is not None or text.count(",") + text.count(" and ") > MOST_PARTS:
            return whole
        for joint, other in _JOINTS:
            end = len(text)
            while (at := text.rfind(joint, 0, end)) > 0:
                left, right, end = text[:at], text[at + len(joint) :], at
                last = self._piece(right, strict)
                first = self._said(left, strict) if last is not None else None
                if first is not None and last is not None:
                    return first + _joint(joint, right, other) + last
        return None

    def _piece(self, text: str, strict: bool) -> str | None:
        if text in self._terms:
            return self._terms[text]
        for template in chain(*(self._by_first_word.get(word, ()) for word in (text.partition(" ")[0], ""))):
            places = template.places_in(text)
            if places is None or not (strict or template.is_safe):
                continue
            values = {n: v if n == CODE else self._value(v, strict) for n, v in places.items()}
            if None not in values.values():
                return template.other.format(**values)
        return text if _NAME.fullmatch(text) else None

    def _value(self, text: str, strict: bool) -> str | None:
        if " " not in text:
            return self._terms.get(text, text)
        return self._sentences(text, strict) or (None if strict else text)


def _joint(joint: str, right: str, usual: str) -> str:
    """Return what stands between two things: in a list of names another mark than between clauses."""
    if joint == ", ":
        return "、" if _NAME.fullmatch(right) else usual
    return "，" if joint == " and " and right.count(" ") > 1 else usual


def _spaced(text: str) -> str:
    """Put a space between Chinese characters and what is none, as the rest of the catalogue has it, and no other."""
    text = re.sub(f"(?<=[{_HAN}{_MARKS}]) (?=[{_HAN}])|(?<=[{_HAN}]) (?=[{_MARKS}])", "", text)
    return re.sub(f"(?<=[{_HAN}])(?=[A-Za-z0-9`-])|(?<=[A-Za-z0-9`%])(?=[{_HAN}])", " ", text)
