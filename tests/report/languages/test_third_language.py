"""A language is one folder of catalogue files and nothing else; what it lacks is shown in English."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.message import Message, counted
from gandoctor.report import languages, render_html, render_markdown
from gandoctor.report.languages.language import Language, language
from support.report_page import Page
from support.report_runs import sound_diagnosis

GERMAN = """
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "The run completed {n} step"
msgid_plural "The run completed {n} steps"
msgstr[0] "Der Lauf hat {n} Schritt vollendet"
msgstr[1] "Der Lauf hat {n} Schritte vollendet"

msgid "{ending}: no failure mode was detected. Samples, the players' movement and their balance were judged."
msgstr "{ending}: kein Fehler gefunden."

msgid "{names} hold {share:.0%} of {player}."
msgstr "{player}: {share:.0%} in {names}."

msgid "discriminator"
msgstr "Diskriminator"

#, fuzzy
msgid "generator"
msgstr "vielleicht Generator"

msgid "Losses"
msgstr ""
"""


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Language]:
    shutil.copytree(languages.FOLDER / "en", tmp_path / "en")
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "few.po").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "de" / "page.json").write_text('{"tag": "de-AT", "words": {"verdict": {"healthy": "Gesund"}}}')
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    monkeypatch.setattr(languages, "LANGUAGES", languages.codes())
    language.cache_clear()
    yield language("de")
    language.cache_clear()


def test_its_folder_is_all_it_needs(german: Language, failing: Diagnosis) -> None:
    assert languages.LANGUAGES == ("en", "de")
    healthy = sound_diagnosis(failing.run)
    shown = Page(render_html(healthy, "de"))
    assert "Der Lauf hat 1000 Schritte vollendet: kein Fehler gefunden." in shown.text
    assert ("html", {"lang": "de-AT"}) in shown.elements
    assert "Gesund" in shown.text
    assert "What was checked" in shown.text
    assert "Der Lauf hat 1000 Schritte vollendet: kein Fehler gefunden." in render_markdown(healthy, "de")


def test_plural_forms_are_those_of_the_catalogue(german: Language) -> None:
    told = [german.say(counted("The run completed {n} step", "The run completed {n} steps", n)) for n in (0, 1, 2)]
    assert told == [f"Der Lauf hat {n} vollendet" for n in ("0 Schritte", "1 Schritt", "2 Schritte")]


@pytest.mark.parametrize("n", [math.nan, math.inf, -1, 0.5, 10**400])
def test_a_count_from_a_hostile_file_is_survived(german: Language, n: float) -> None:
    plain = {"template": "The run completed {n} step", "plural": "The run completed {n} steps", "values": {"n": n}}
    assert german.say(Message.read(plain)).startswith("Der Lauf hat ")


def told_of(player: str) -> Message:
    return Message("{names} hold {share:.0%} of {player}.", names=("a", "b", "c"), share=0.25, player=Message(player))


def test_a_sentence_is_said_whole_or_in_english(german: Language) -> None:
    assert german.say(told_of("discriminator")) == "Diskriminator: 25% in a, b und c."
    assert not german.english_of(told_of("discriminator"))
    assert german.say(told_of("generator")) == "a, b and c hold 25% of generator."
    assert german.english_of(told_of("generator")) == ' lang="en"'
    assert german.say("Somebody else's rule.") == "Somebody else's rule."
    assert german.say(Message("Losses")) == "Losses"


def test_a_number_counts_in_the_pages_own_words_too(german: Language) -> None:
    assert [german.count("curves.absent", n) for n in (1, 2)] == ["1 chart without data", "2 charts without data"]


def test_chinese_lists_and_spaces() -> None:
    zh = language("zh")
    assert zh.listed(["bn_1", "bn_2", "bn_3"]) == "bn_1、bn_2和bn_3"
    assert zh.say(Message("{first}; {then}", first=Message("discriminator"), then=Message("KID"))) == "判别器；KID"
    told = zh.say(counted("The run completed {n} step", "The run completed {n} steps", 12))
    assert told == "训练完成了 12 步"
