"""One language's translations of messages: gettext catalogues, read once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gandoctor.message import Message


@dataclass(frozen=True)
class Entry:
    """One translated template.

    Attributes:
        forms: The translation, or the forms it has by number.
        form_of: Which of them a number takes.
    """

    forms: tuple[str, ...]
    form_of: Callable[[int], int]


class Catalogue:
    """Translations by English template.

    Args:
        entries: English template (the singular one where there are two) -> its translation.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries

    @classmethod
    def read(cls, files: Iterable[Path]) -> Catalogue:
        """Read PO files; what is not translated yet, or marked as fuzzy, is left out."""
        entries: dict[str, Entry] = {}
        for file in files:
            entries |= _entries(file)
        return cls(entries)

    def template(self, message: Message) -> str | None:
        """Return the translation of a message's template; None where there is none."""
        entry = self._entries.get(message.template)
        if entry is None:
            return None
        chosen = 0 if message.plural is None else entry.form_of(math.ceil(message.count))
        return entry.forms[chosen] if chosen < len(entry.forms) else None


def _entries(file: Path) -> dict[str, Entry]:
    from gettext import c2py

    from babel.messages.pofile import read_po

    with file.open("rb") as content:
        catalog = read_po(content)
    form_of = c2py(catalog.plural_expr)
    entries = {}
    for entry in catalog:
        forms = _forms(entry.string)
        if entry.id and not entry.fuzzy and all(forms):
            entries[_forms(entry.id)[0]] = Entry(forms, form_of)
    return entries


def _forms(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the forms by number of what a PO file has as one text or as several."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)
