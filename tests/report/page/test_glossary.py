"""The glossary: every term in every language, each used by the page, and none that a student needs left out."""

from __future__ import annotations

import re

import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.loss_families import OBJECTIVES
from gandoctor.report import LANGUAGES, render_html
from gandoctor.report.charts.chart_list import PANELS
from gandoctor.report.languages.language import language
from gandoctor.report.page.glossary import TERMS
from gandoctor.rules import all_rules
from gandoctor.signals import FAMILIES, SIGNALS
from support.report_page import Page

EN = language("en").words
CHARTS = [panel.chart for panels in PANELS.values() for panel in panels]
SAID = " ".join(
    [
        *(text for key, text in EN.items() if not key.startswith(("term.", "glossary."))),
        *(f"{signal.meaning} {signal.unit}" for signal in (*SIGNALS.values(), *FAMILIES.values())),
        *(f"{chart.title} {chart.reading} {chart.group.lead}" for chart in CHARTS),
        *(str(objective.title) for objective in OBJECTIVES.values()),
    ]
)

JARGON = {
    "AUC": "auc",
    "batch norm": "batch-norm",
    "checkerboard": "checkerboard",
    "contact sheet": "contact-sheet",
    "coverage": "coverage",
    "critic": "critic",
    "cross-entropy": "cross-entropy",
    "dropout": "dropout",
    "equilibrium": "equilibrium",
    "gradient": "gradient",
    "held-out": "held-out",
    "hinge": "hinge",
    "inference": "inference",
    "kernel distance": "kernel-distance",
    "latent": "latent",
    "learning rate": "learning-rate",
    "least-squares": "least-squares",
    "logit": "logit",
    "median": "quantile",
    "minimax": "minimax",
    "mode collapse": "mode-collapse",
    "model card": "model-card",
    "NaN": "nan",
    "non-saturating": "non-saturating",
    "green band": "null-band",
    "optimizer": "optimizer",
    "overfit": "held-out",
    "parameters": "parameters",
    "players": "player",
    "probes": "probe",
    "ReLU": "relu",
    "seed": "seed",
    "sigmoid": "sigmoid",
    "spectral flatness": "spectral-flatness",
    "upsampling": "upsampling",
    "warm-up": "warm-up",
    "wasserstein": "wasserstein",
}
"""What the page says without explaining it on the spot -> the term that does."""


def test_every_term_is_in_the_catalogue_and_every_entry_is_a_term() -> None:
    assert {key.split(".")[1] for key in EN if key.startswith("term.")} == set(TERMS)
    for code in LANGUAGES:
        words = language(code).words
        assert all(words[f"term.{term}.name"] and words[f"term.{term}.text"] for term in TERMS), code
    names = [EN[f"term.{term}.name"] for term in TERMS]
    assert len(names) == len(set(names))


def test_terms_lead_to_rules_that_exist() -> None:
    assert {rule for rule in TERMS.values() if rule} <= {rule.id for rule in all_rules()}


@pytest.mark.parametrize("word", JARGON)
def test_what_a_student_may_not_know_is_said_on_the_page_and_explained(word: str) -> None:
    assert re.search(re.escape(word), SAID, re.IGNORECASE)
    term = JARGON[word]
    explained = f"{EN[f'term.{term}.name']} {EN[f'term.{term}.text']}"
    assert re.search(re.escape(word.rstrip("s")), explained, re.IGNORECASE)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_has_them_with_links_to_the_rules_it_checked(failing: Diagnosis, code: str) -> None:
    shown = Page(render_html(failing, code))
    assert {f"term-{term}" for term in TERMS} <= set(shown.attributes("id"))
    assert language(code)("term.logit.text") in shown.text
    links = [href for href in shown.attributes("href") if href.startswith("#rule-")]
    assert links.count("#rule-GD403") > sum(f.rule.id == "GD403" for f in failing.checks)  # beside the check's own
    assert "#rule-GD108" not in links  # which this diagnosis did not check
