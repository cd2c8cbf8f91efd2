"""Markdown: says what the page says, and nothing from the run directory becomes markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.report import render_markdown
from gandoctor.report.markdown import code_block, plain
from support.report_runs import EVIL, FIXES, TITLE, sound_diagnosis, title_of


def test_it_answers_what_since_when_why_what_to_change_and_what_was_not_checked(failing: Diagnosis) -> None:
    text = render_markdown(failing)
    for part in (
        "## Failing: failing",
        "The run completed 1000 steps: Discriminator loss at zero since step 540, and 1 more finding.",
        "#### GD301 Discriminator loss at zero since step 540",
        "**critical** · since step 540 · `discriminator-loss-collapse`",
        str(TITLE),
        "- The median of d_loss over steps 540 to 1000 is 0.006, below 0.05. (`d_loss`, steps 540 to 1000: observed "
        "0.006, threshold 0.05)",
        "1. **The discriminator learns too fast** (possible) How to tell: Halve its rate",
        "1. **Halve the discriminator's learning rate** (moderate evidence)",
        "   gan.d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)",
        "   gandoctor run --set discriminator.learning_rate=4e-4",
        f"**not checked**\n\n- GD401 {title_of('GD401')}: sample_kid was not recorded.",
        f"**the check failed**\n\n- GD403 {title_of('GD403')}: ValueError: broken on purpose",
        f"**not detected**\n\n- GD001 {title_of('GD001')}",
        "- `d_holdout_score`: no holdout_data was given",
        "gandoctor run --preset quick --fault 'd lr'",
    ):
        assert part in text, part


def test_a_run_without_findings_says_so(failing: Diagnosis) -> None:
    text = render_markdown(sound_diagnosis(failing.run))
    assert "## Healthy: failing" in text
    assert "Nothing was detected." in text


def test_a_hostile_run_directory_gets_no_markup_in(hostile: Diagnosis) -> None:
    words = EVIL.replace("\u202e", "")
    fix = replace(
        FIXES["lower-d-lr"],
        title=words,
        snippets={"keras": f"{words}\n```\n{words}"},
        explanation=words,
        patch={words: 1},
    )
    findings = tuple(replace(finding, treatments=(fix,)) for finding in hostile.checks)
    text = render_markdown(replace(hostile, checks=findings))
    assert "\u202e" not in text
    outside = re.sub(r"(?ms)^ *(`{3,})\w*$.*?^ *\1$", "", text)
    outside = re.sub(r"`[^`\n]*`", "", outside)
    assert set(re.findall("<[^>]*>?", outside)) == {"<sub>", "</sub>"}
    assert "alert\\(" not in outside
    assert "alert" in outside


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# not a heading", "\\# not a heading"),
        ("- no list", "\\- no list"),
        ("1. no list", "1\\. no list"),
        ("0.2 s", "0.2 s"),
        ("d_loss and _this_", "d_loss and \\_this\\_"),
        ("![x](https://evil/p.png)", "!\\[x\\](https:\u2060//evil/p.png)"),
        ("@everyone", "@\u2060everyone"),
        ("two\nlines", "two lines"),
        ("`a<b` <i>", "`a<b` &lt;i&gt;"),
        ("a ` <i>", "a \\` &lt;i&gt;"),
        ("a|b", "a\\|b"),
    ],
)
def test_text_is_shown_as_it_stands(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_links_are_left_where_they_are_the_packages_own() -> None:
    assert (
        plain("Mao 2017, https://arxiv.org/abs/1611.04076", links=True) == "Mao 2017, https://arxiv.org/abs/1611.04076"
    )


def test_a_code_block_cannot_be_closed_from_within() -> None:
    assert code_block("a\n```\nb", "sh") == ["````sh", "a", "```", "b", "````"]
