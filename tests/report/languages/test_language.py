"""The catalogue is complete, and the report says nothing that is not in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import gandoctor.report
from gandoctor.diagnosis import Diagnosis, Verdict
from gandoctor.errors import GandoctorError
from gandoctor.loss_families import OBJECTIVES
from gandoctor.report import LANGUAGES, render_html
from gandoctor.report.languages.language import Language, Said, _flat, _page, language
from gandoctor.report.markdown import markdown_lines
from gandoctor.report.page.live import Live
from gandoctor.report.page.page import content_of, fill
from gandoctor.report.text import script_json
from gandoctor.rules import Evidence, Status
from gandoctor.treatments import Treatment
from support.report_runs import TITLE, detected, make_diagnosis, make_rule, write_run

EN = language("en")
OTHERS = [code for code in LANGUAGES if code != "en"]


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_the_same_keys_places_and_markup(code: str) -> None:
    other = language(code)
    assert set(other.words) == set(EN.words)
    for key, text in EN.words.items():
        assert places(other.words[key]) == places(text), key
        assert sorted(re.findall("</?\\w+>", other.words[key])) == sorted(re.findall("</?\\w+>", text)), key


def test_chinese_lacks_no_key() -> None:
    zh, en = (_flat(_page(code)["words"]) for code in ("zh", "en"))
    assert set(zh) == set(en)


def test_markup_in_the_catalogue_is_only_bold() -> None:
    for code in LANGUAGES:
        assert {tag for text in language(code).words.values() for tag in re.findall("<[^>]*>", text)} <= {"<b>", "</b>"}


def test_chinese_says_everything_in_chinese() -> None:
    words = language("zh").words
    same = {key for key, text in words.items() if text == EN.words[key] and text}
    assert same <= {"code.keras", "code.torch", "code.shell"}
    latin = {key for key, text in words.items() if text and not re.search("[\u4e00-\u9fff]", text)}
    assert not [key for key in latin - same if WORD.search(re.sub("{\\w+}", "", words[key]))]


def test_every_loss_family_has_its_equilibrium_told() -> None:
    assert {f"equilibrium.{family}" for family in OBJECTIVES} <= set(EN.words)


def test_unknown_language_is_one_clear_error(failing: Diagnosis) -> None:
    with pytest.raises(GandoctorError, match=r"does not speak 'xx'\. It speaks: en, "):
        render_html(failing, "xx")


BRACKETED = re.compile("⟦[^⟦⟧]*⟧")
WORD = re.compile("[A-Za-z]{2,}")


class Bracketed(Language):
    """Says what English does, in brackets: whatever stays outside them is not in the catalogue."""

    def say(self, said: Said) -> str:
        return f"⟦{said}⟧"


def bracketed() -> Language:
    return Bracketed("pseudo", "en", {key: f"⟦{text}⟧" for key, text in EN.words.items()})


def without_brackets(text: str) -> str:
    while BRACKETED.search(text):
        text = BRACKETED.sub(" ", text)
    return text


def words_of(content: Any) -> set[str]:
    """Every word of the run and the findings, which are not the report's own."""
    if isinstance(content, str):
        return set(WORD.findall(content))
    if isinstance(content, dict):
        return words_of([*content.keys(), *content.values()])
    if isinstance(content, list | tuple | set):
        return {word for one in content for word in words_of(one)}
    return set()


def allowed(diagnosis: Diagnosis) -> set[str]:
    run = diagnosis.run
    rules = [(f.rule.id, f.rule.name, f.rule.page, f.rule.references, f.rule.requires) for f in diagnosis.checks]
    findings = [{**f, "title": ""} for f in diagnosis.to_dict()["findings"]]
    manifest = run.manifest.model_dump(mode="json")
    given = [findings, rules, [e.model_dump() for e in run.events], manifest, run.gaps, run.names, str(run.path)]
    ours = {"gandoctor", "run", "set", "sub", "true", "false", "null", "NaN", "UTC", "min", "python", "sh"}
    return words_of(given) | ours


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Diagnosis:
    """A diagnosis that makes the page say nearly everything it can."""
    folder = tmp_path_factory.mktemp("rich") / "run"
    run = write_run(folder, reason="crashed", steps=1000)
    (folder / "samples" / "000200.png").write_bytes(b"")
    (folder / "signals" / "0009.arrows").write_bytes(b"damaged" * 99)
    diagnosis = make_diagnosis(run)
    many = tuple(Evidence("d_loss", 0.1, None, i, i, "Again.") for i in range(1, 30))
    fixes = tuple(Treatment(f"t{i}", "Fix", "It helps.", "weak", "Nobody 2020") for i in range(7))
    crowd = replace(detected(make_rule("GD303"), *many), treatments=fixes, causes=diagnosis.checks[0].causes * 3)
    bare = detected(make_rule("GD101", treatments=()), Evidence("model card", 1.0, None, 0, 0, "Odd."))
    return Diagnosis(run, (*diagnosis.checks, crowd, bare))


@pytest.mark.parametrize("live", [False, True])
def test_page_has_no_word_outside_the_catalogue(rich: Diagnosis, live: bool) -> None:
    from support.report_page import Page

    words = bracketed()
    served = Live("1", 2_000, script_json(words.section("live"))) if live else None
    shown = Page(fill(words, content_of(rich, words), live=served))
    attributes = [shown.attributes(name) for name in ("aria-label", "alt", "title", "aria-valuetext", "placeholder")]
    for text in [shown.text, *chain.from_iterable(attributes)]:
        stray = set(WORD.findall(without_brackets(text))) - allowed(rich)
        assert not stray, stray
    for chart in shown.data["charts"].values():
        labels = [a["text"] for a in chart["layout"].get("annotations", [])]
        labels += [chart["layout"][axis]["title"]["text"] for axis in ("xaxis", "yaxis")]
        labels += [t for trace in chart["data"] for t in [trace.get("name", ""), *trace.get("hovertext", [])]]
        labels += [re.sub("%{[^}]*}|</?extra>", "", trace.get("hovertemplate", "")) for trace in chart["data"]]
        assert not set(WORD.findall(without_brackets(" ".join(labels)))) - allowed(rich)


def test_scripts_have_no_word_outside_the_catalogue() -> None:

    for path in (Path(gandoctor.report.__file__).parent / "templates").rglob("*.js"):
        code = path.read_text(encoding="utf-8")
        code = re.sub(r"//.*", "", code)
        selectors = re.compile(r'(?:querySelector(?:All)?|closest|matchMedia)\("[^"]*"\)|"use strict"')
        spoken = re.findall(r'(?:textContent|\.data|\.alt|\.title) = ("[^"]*"|`[^`]*`)', code)
        assert not [text for text in spoken if WORD.search(text)]
        quoted = re.findall('"([^"]*)"', selectors.sub("", code))
        assert not [text for text in quoted if re.search("[a-z]{2} [a-z]{2}", text)]


def test_markdown_has_no_word_outside_the_catalogue(rich: Diagnosis) -> None:
    text = "\n".join(markdown_lines(rich, bracketed()))
    assert "⟦What is wrong⟧" in text
    assert not set(WORD.findall(without_brackets(text))) - allowed(rich)


def test_the_chinese_page_tells_what_stays_english(failing: Diagnosis) -> None:
    from support.report_page import Page

    shown = Page(render_html(failing, "zh"))
    assert ("html", {"lang": "zh-CN"}) in shown.elements
    title = language("zh").say(TITLE)
    assert title != str(TITLE)
    assert "自第 540 步起判别器损失降到零" in shown.text
    assert "d_loss，第 540 到 1000 步：观测值 0.006，阈值 0.05" in shown.text
    english = [tag for tag, attrs in shown.elements if attrs.get("lang") == "en"]
    assert english, "references and names"
    assert not [attrs for tag, attrs in Page(render_html(failing)).elements if tag != "html" and "lang" in attrs]


def test_every_verdict_and_outcome_has_a_word() -> None:
    from typing import get_args

    assert {f"verdict.{v}" for v in get_args(Verdict)} <= set(EN.words)
    assert {f"outcome.{s.value}" for s in Status} <= set(EN.words)
    json.dumps(EN.words)
