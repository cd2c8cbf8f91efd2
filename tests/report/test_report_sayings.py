"""What rules say has a translation: every sentence in their source is looked up, so that the catalogue cannot rot."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

import gandoctor.report
import gandoctor.rules
from gandoctor.diagnosis import Diagnosis
from gandoctor.report import LANGUAGES, render_html, render_markdown
from gandoctor.report.languages.language import language
from gandoctor.report.sayings import Sayings
from gandoctor.rules import Evidence, all_rules
from gandoctor.signals import FAMILIES, SIGNALS
from gandoctor.treatments import TREATMENTS

OTHERS = [code for code in LANGUAGES if code != "en"]
FILES = [p for p in sorted(Path(gandoctor.rules.__file__).parent.rglob("*.py")) if p.stem != "__init__"]
VALUE = "x7"
NOT_SAID = {"Rule", "frozenset", "re.compile", "TypeVar"}
"""Calls whose strings are none that a report shows as a rule's words."""


@cache
def templates(code: str) -> dict[str, str]:
    folder = Path(gandoctor.report.__file__).parent / "languages" / code
    parts = [json.loads(file.read_text(encoding="utf-8")).get("says", {}) for file in sorted(folder.glob("*.json"))]
    return {key: text for part in parts for group in part.values() for key, text in group.items()}


def variants(node: ast.expr) -> list[str]:
    """What an expression may say, with VALUE for all that only a run knows."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(chosen) for chosen in product(*map(variants, parts))]
        case ast.FormattedValue(value=ast.IfExp() | ast.JoinedStr() as inner):
            return variants(inner)
        case ast.IfExp(body=body, orelse=orelse):
            return variants(body) + variants(orelse)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return ["".join(pair) for pair in product(variants(left), variants(right))]
    return [VALUE]


def said_in(node: ast.AST) -> Iterator[str]:
    """Yield what the code says, docstrings and titles left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func) in NOT_SAID:
        return
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "title":
        return
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.IfExp | ast.BinOp):
        told = [text for text in variants(node) if re.search("[a-z].* .*[a-z]", text.replace(VALUE, ""))]
        told = [text for text in told if not re.search("[<>]= ", text)]  # a formula
        if told or isinstance(node, ast.Constant):
            yield from told
            return
    for child in ast.iter_child_nodes(node):
        is_title = isinstance(node, ast.Call) and ast.unparse(node.func) == "Cause" and node.args[1:2] == [child]
        if not is_title:
            yield from said_in(child)


def whole(text: str) -> str:
    """Return a text without what stands for further sentences at its ends, and without the marks that join it on."""
    text = re.sub(r"(?<=\.)(x7)+|(?<=\. )(x7)+\s*$|^\s*x7 ?(?=[A-Z])|^x7(?=\w)|(?<=[a-z])x7(?=,)", "", text)
    return re.sub(r"^(and |[\s,;(:.])+|( This run:)?[\s,;:.(]+$", "", text)


def is_part_of(text: str, known: str) -> bool:
    """Whether a piece of a sentence, put together elsewhere, is in a template."""
    piece = r"\{\w+\}".join(re.escape(part) for part in re.sub(r"\{\w+\}", VALUE, text).split(VALUE))
    return re.search(piece, known) is not None


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_everything_a_rule_says_is_translated(file: Path, code: str) -> None:
    say = Sayings(templates(code))
    told = set(said_in(ast.parse(file.read_text(encoding="utf-8"))))
    known = templates(code)
    pieces = {text: whole(text) for text in told}
    lost = [text for text, piece in pieces.items() if not (say(piece) or any(is_part_of(piece, one) for one in known))]
    assert not lost, f"{file.name}: no template in languages/{code}/*.json for: {lost}"


@pytest.mark.parametrize("code", OTHERS)
def test_templates_have_the_same_places(code: str) -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    assert not [key for key, text in templates(code).items() if places(key) != places(text)]
    assert not [key for key in templates(code) if re.search(r"(?<!\.)\.$", key) or key != key.strip()]


@pytest.mark.parametrize("code", OTHERS)
def test_every_rule_signal_cause_and_treatment_is_translated(code: str) -> None:
    names = language(code).names
    for kind in ("treatment", "why", "source"):
        assert {key.partition(".")[2] for key in names if key.startswith(f"{kind}.")} == set(TREATMENTS), kind
    assert not {rule.id for rule in all_rules() if rule.id.startswith("GD")} - {
        key.partition(".")[2] for key in names if key.startswith("rule.")
    }
    assert not [name for name in (*SIGNALS, *FAMILIES) if f"signal.{name}" not in names]
    calls = [node for file in FILES for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    ids = {
        node.args[0].value
        for node in calls
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Cause" and isinstance(node.args[0], ast.Constant)
    }
    assert ids
    assert not [id_ for id_ in ids if f"cause.{id_}" not in names]


SAY = language("zh").sayings


def test_sentences_are_put_together_from_their_parts() -> None:
    assert SAY("d_loss is NaN at step 300, one of 301 steps up to 600.") == (
        "d_loss 在第 300 步为 NaN，到第 600 步为止共有 301 步如此。"
    )
    assert SAY(
        "Its weights do not move in its own update. This run: they move by 0.116 (L2 norm). GD002 looks for just this "
        "and did not find it."
    ) == ("在自身的更新中，它的权重不动。本次运行：移动了 0.116（L2 范数）。GD002 专门检查这一点，没有发现。")
    assert SAY(
        "The samples do not improve: over the last 200 steps their kernel distance to the real data went from 112 to "
        "111, their gap in pixel correlation went from 0.2 to 0.1 and their kernel distance as digits went from 2 to 1."
    ) == (
        "样本没有改善：在最近 200 步里，其与真实数据的核距离从 112 变为 111，其像素相关性的差距从 0.2 变为 0.1，"
        "其以数字特征计的核距离从 2 变为 1。"
    )


def test_names_numbers_and_code_stay() -> None:
    assert SAY("In the generator, bn_1, bn_2 and 3 more normalise what has just been normalised.") == (
        "在生成器中，bn_1、bn_2 和另外 3 个对刚归一化过的值又做了一次归一化。"
    )
    assert SAY("g_loss was not recorded: the disk ran full of something odd.") == (
        "没有记录 g_loss：the disk ran full of something odd。"
    )
    assert SAY("g_grad_norm was not recorded: no optimizer was found; pass GANMonitor(..., g_optimizer=...).") == (
        "没有记录 g_grad_norm：没有找到优化器；请传入 GANMonitor(..., g_optimizer=...)。"
    )
    assert SAY('`len(generator.trainable_weights)` is 0 in the step that should train it, and Keras may have warned '
               'once that "the model does not have any trainable weights".') is not None  # fmt: skip


def test_every_view_shows_the_translation(failing: Diagnosis) -> None:
    said = "d_loss is NaN at step 300, at that step only."
    first, *others = failing.findings
    unknown = Evidence("d_loss", 1.0, None, 1, 2, "Somebody else's rule found this.")
    told = (replace(first.evidence[0], statement=said), unknown)
    diagnosis = Diagnosis(failing.run, (replace(first, evidence=told), *others))
    page, text = render_html(diagnosis, "zh"), render_markdown(diagnosis, "zh")
    for view in (page, text):
        assert view.count("d_loss 在第 300 步为 NaN，仅这一步。") >= 1
        assert said not in view
    assert '<span lang="en">Somebody else' in page
    assert "<span>d_loss 在第 300 步" in page
    assert said in render_markdown(diagnosis, "en")


def test_what_has_no_template_is_left_alone() -> None:
    assert SAY("A rule of somebody else found something.") is None
    assert SAY("d_loss is NaN at step 3, at that step only. And more of it") is None
    assert SAY("d_loss") == "d_loss"
    assert SAY("x, " * 900) is None
    assert Sayings({})("not recorded") is None
    assert language("en").say("not recorded") == "not recorded"
