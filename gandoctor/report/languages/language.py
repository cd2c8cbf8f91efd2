"""The catalogue of everything the report says: a JSON file per language under languages/, read by key.

What rules, treatments and the monitor say in English is translated in a folder per language beside it: `rules.json`
and `recording.json` by sentence (`sayings`), `treatments.json` by id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from gandoctor.errors import GandoctorError
from gandoctor.report.sayings import Sayings

LANGUAGES = ("en", "zh")
"""Codes as `--lang` takes them. A new language is a new file; the tests say what it lacks."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Language:
    """The report's words in one language.

    Attributes:
        code: "en" or "zh".
        tag: BCP 47 tag of the page.
        words: Key -> text, with {places} for values. Every language has every key.
        names: "rule.GD301" -> title and the like: translations of what rules, treatments and signals say in English.
            What is not in here is shown in English.
        sayings: Translates what is made up for one run: statements, reasons, what tells a cause from the next.
    """

    code: str
    tag: str
    words: Mapping[str, str]
    names: Mapping[str, str]
    sayings: Sayings = field(default_factory=lambda: Sayings({}))

    def __call__(self, key: str, **values: object) -> str:
        """Return the plain text of a key."""
        return self.words[key].format(**values)

    def html(self, key: str, **values: object) -> Markup:
        """Return the text of a key whose markup is the catalogue's own; the values are escaped."""
        return Markup(self.words[key]).format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Return the singular or plural text of a key, which gets {n}."""
        return self(f"{key}.{'one' if n == 1 else 'other'}", n=f"{n:,}", **values)

    def name(self, kind: str, id_: str, english: str) -> str:
        """Return the title of a rule, cause, treatment or signal; `english` where there is no translation."""
        return self.names.get(f"{kind}.{id_}", str(english))

    def say(self, english: str) -> str:
        """Return what a rule or the monitor said; in English where there is no translation."""
        return self.sayings(str(english)) or str(english)

    def english_of(self, said: str) -> Markup:
        """Return the attribute that marks an element as English where `say` has no translation."""
        return Markup("") if self.sayings(str(said)) else self.english

    @property
    def english(self) -> Markup:
        """Attribute that marks an element's words as English on a page that is not."""
        return Markup("") if self.code == "en" else Markup(' lang="en"')

    def section(self, prefix: str) -> dict[str, str]:
        """Return the keys below `prefix`, without it; the page's scripts get theirs this way."""
        return {
            key.removeprefix(f"{prefix}."): text for key, text in self.words.items() if key.startswith(f"{prefix}.")
        }


@cache
def language(code: str) -> Language:
    """Return a language of the catalogue.

    Raises:
        GandoctorError: There is none of that code.
    """
    if code not in LANGUAGES:
        raise GandoctorError(f"The report does not speak {code!r}. It speaks: {', '.join(LANGUAGES)}.")
    parts: list[dict[str, Any]] = [
        json.loads(file.read_text(encoding="utf-8"))
        for file in (_FOLDER / f"{code}.json", *sorted((_FOLDER / code).glob("*.json")))
    ]
    names = {key: text for part in parts for key, text in _flat(part.get("names", {})).items()}
    sentences = {key: text for part in parts for group in part.get("says", {}).values() for key, text in group.items()}
    return Language(code, parts[0]["tag"], _flat(parts[0]["words"]), names, Sayings(sentences))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found
