"""Catalogues: every template in the code has its entry, every entry its template, and both have the same places."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import gandoctor
from gandoctor.message import _PLACE, _SPEC, _TYPED, places_of
from gandoctor.report.languages import FOLDER, LANGUAGES

PACKAGE = Path(gandoctor.__file__).parent
KEYWORDS = {"Message": (1,), "counted": (1, 2)}
"""As in `pybabel extract -k Message:1 -k counted:1,2`."""
COMPLETE = {"zh"}
"""Languages that lack nothing; what any other one lacks is shown in English."""

OTHERS = [code for code in LANGUAGES if code != "en"]
Template = str | tuple[str, ...]


@cache
def in_the_code() -> dict[Template, str]:
    """Return every template, as Babel extracts it, and the first file it stands in."""
    found: dict[Template, str] = {}
    for file, _line, template, _comments, _context in extract_from_dir(
        PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS, strip_comment_tags=False
    ):
        found.setdefault(template if isinstance(template, str) else tuple(template), file)
    return found


def entries_of(code: str) -> Iterator[tuple[str, Template, tuple[str, ...]]]:
    """Yield (file, English template, its translations) of a language."""
    for file in sorted((FOLDER / code).glob("*.po")):
        with file.open("rb") as content:
            for entry in read_po(content, abort_invalid=True):
                if entry.id:
                    english = entry.id if isinstance(entry.id, str) else tuple(entry.id)
                    other = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
                    assert not entry.fuzzy, f"{file.name}: {english} is fuzzy"
                    yield file.name, english, other


def by_file(templates: dict[Template, str]) -> str:
    told = defaultdict(list)
    for template, file in templates.items():
        told[file].append(f"    {template!r}")
    return "\n".join(line for file in sorted(told) for line in (f"  {file} ({len(told[file])})", *told[file]))


def test_the_code_is_searched() -> None:
    assert len(in_the_code()) > 300
    assert ("{ending}: {name}, and {n} more finding.", "{ending}: {name}, and {n} more findings.") in in_the_code()


@pytest.mark.parametrize("code", OTHERS)
def test_every_template_has_an_entry(code: str) -> None:
    """What lacks is printed by file; a language that is not complete falls back to English."""
    there = {english for _, english, other in entries_of(code) if all(other)}
    lacking = {template: file for template, file in in_the_code().items() if template not in there}
    assert code not in COMPLETE or not lacking, f"{code} lacks {len(lacking)} templates:\n{by_file(lacking)}"


@pytest.mark.parametrize("code", OTHERS)
def test_every_entry_is_a_template_of_the_code(code: str) -> None:
    obsolete = {english: file for file, english, _ in entries_of(code) if english not in in_the_code()}
    assert not obsolete, f"{code} has {len(obsolete)} entries that nothing says:\n{by_file(obsolete)}"


@pytest.mark.parametrize("code", OTHERS)
def test_two_files_do_not_contradict_each_other(code: str) -> None:
    said: dict[Template, tuple[str, ...]] = {}
    entries = list(entries_of(code))
    assert not [(file, english) for file, english, other in entries if said.setdefault(english, other) != other]


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_template(code: str) -> None:
    for file, english, other in entries_of(code):
        forms = (english,) if isinstance(english, str) else english
        wanted = set().union(*(places_of(form) for form in forms))
        for form in filter(None, other):
            assert places_of(form) == wanted, (file, english, form)


def test_every_place_is_filled_as_it_says() -> None:
    """A format specification that is not followed would show the bare value; a single brace would stay one."""
    texts = [("code", form) for t in in_the_code() for form in ((t,) if isinstance(t, str) else t)]
    texts += [(file, form) for code in OTHERS for file, _, other in entries_of(code) for form in other]
    for file, text in texts:
        specs = [found[2] for found in _PLACE.finditer(text) if found[2]]
        assert all(_SPEC.fullmatch(spec) or _TYPED.fullmatch(spec) for spec in specs), (file, text)
        assert not re.search("[{}]", _PLACE.sub("", text)), (file, text)
