"""What the report says in one language: the page's own words by key, and messages by template."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from markupsafe import Markup

from gandoctor.errors import GandoctorError
from gandoctor.message import ENGLISH, Absence, Message
from gandoctor.report import languages
from gandoctor.report.languages.catalogue import Catalogue

_HAN = "\u4e00-\u9fff"
_MARKS = "，。；：、（）"

Said = Message | Absence | str
"""Something that was said: a message, the message of an absence, or plain text of a plug-in or an older run."""


@dataclass(frozen=True)
class Language:
    """The report's words in one language; one of `gandoctor.message.Words`.

    Attributes:
        code: Name of its folder, e.g. "zh".
        tag: BCP 47 tag of the page, e.g. "zh-CN".
        words: Key -> text, with {places} for values; English where the language has no such key.
        catalogue: Translations of messages.
    """

    code: str
    tag: str
    words: Mapping[str, str]
    catalogue: Catalogue = field(default_factory=lambda: Catalogue({}))

    def __call__(self, key: str, **values: object) -> str:
        """Return the plain text of a key."""
        return self.words[key].format(**values)

    def html(self, key: str, **values: object) -> Markup:
        """Return the text of a key whose markup is the catalogue's own; the values are escaped."""
        return Markup(self.words[key]).format(**values)

    def count(self, key: str, n: int, **values: object) -> str:
        """Return the text of a key that depends on a number, which it gets as {n}.

        "KEY.one" is for 1; the others are "KEY.few" and so on, as the Unicode CLDR calls them, or "KEY.other".
        """
        form = f"{key}.{'one' if n == 1 else self._locale.plural_form(n)}"
        return self(form if form in self.words else f"{key}.other", n=f"{n:,}", **values)

    def signal(self, name: str) -> str:
        """Return a signal's plain name; one that has none goes by its own."""
        family, _, member = name.partition("/")
        plain = self.words.get(f"signal.{family}")
        return name if plain is None else f"{plain}, {member}" if member else plain

    def section(self, prefix: str) -> dict[str, str]:
        """Return the keys below `prefix`, without it; the page's scripts get theirs this way."""
        return {
            key.removeprefix(f"{prefix}."): text for key, text in self.words.items() if key.startswith(f"{prefix}.")
        }

    def say(self, said: Said) -> str:
        """Return what was said; wholly in English where a part of it has no translation."""
        message = _message(said)
        return _spaced(message.render(self)) if self.speaks(message) else str(message)

    def speaks(self, said: Said) -> bool:
        """Tell whether a message, and every message inside of it, has a translation."""
        message = _message(said)
        return self.code == "en" or (
            self.catalogue.template(message) is not None
            and all(self.speaks(inner) for value in message.values.values() for inner in _messages_in(value))
        )

    def english_of(self, said: Said) -> Markup:
        """Return the attribute that marks an element as English where `say` has no translation."""
        return Markup("") if self.speaks(said) else self.english

    @property
    def english(self) -> Markup:
        """Attribute that marks an element's words as English on a page that is not."""
        return Markup("") if self.code == "en" else Markup(' lang="en"')

    def template(self, message: Message) -> str:
        """Return a message's template in this language, or the English one."""
        return self.catalogue.template(message) or ENGLISH.template(message)

    def listed(self, items: Sequence[str]) -> str:
        """Return "a, b and c" in this language."""
        if self.code == "en":
            return ENGLISH.listed(items)
        from babel.lists import format_list

        return format_list(list(items), locale=self._locale)

    @cached_property
    def _locale(self) -> Any:
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(self.tag, sep="-")
        except (ValueError, UnknownLocaleError):
            return Locale("en")


@cache
def language(code: str) -> Language:
    """Return a language.

    Raises:
        GandoctorError: There is none of that code.
    """
    if code not in languages.LANGUAGES:
        spoken = ", ".join(languages.LANGUAGES)
        raise GandoctorError(f"The report does not speak {code!r}. It speaks: {spoken}.")
    folder, english = languages.FOLDER / code, _page("en")
    page = english if code == "en" else _page(code)
    words = _flat(english["words"]) | _flat(page.get("words", {}))
    return Language(code, page.get("tag", code), words, Catalogue.read(sorted(folder.glob("*.po"))))


def _page(code: str) -> dict[str, Any]:
    file = languages.FOLDER / code / "page.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return content


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _message(said: Said) -> Message:
    return said.message if isinstance(said, Absence) else Message.of(said)


def _messages_in(value: object) -> list[Message]:
    if isinstance(value, tuple):
        return [message for one in value for message in _messages_in(one)]
    return [value] if isinstance(value, Message) else []


def _spaced(text: str) -> str:
    """Put a space between Chinese characters and what is none, as its catalogue has it, and no other."""
    text = re.sub(f"(?<=[{_HAN}{_MARKS}]) (?=[{_HAN}])|(?<=[{_HAN}]) (?=[{_MARKS}])", "", text)
    return re.sub(f"(?<=[{_HAN}])(?=[A-Za-z0-9`-])|(?<=[A-Za-z0-9`%])(?=[{_HAN}])", " ", text)
