"""The games of a run of several pairs of players: the first screen of each, and where its own page is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.games import worst_first
from gandoctor.report.languages.language import Language
from gandoctor.report.page import facts
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.page.sections import verdict
from gandoctor.report.text import clean

TONES = {"healthy": "healthy", "attention": "warning", "failing": "critical", "inconclusive": ""}


@dataclass(frozen=True)
class GameView:
    """One game, ready to be shown.

    Attributes:
        page: Address of its own page; None where there is none.
        command: Writes that page.
        tone: Colour of its chip.
        top: What its first screen shows.
    """

    name: str
    page: str | None
    command: str
    tone: str
    top: Mapping[str, Any]


def show(source: Source) -> Shown | None:
    """Return the summary of all games, the worst one first."""
    diagnosis, words = source.diagnosis, source.words
    games = worst_first(diagnosis.games)
    return Shown(
        {
            "verdict": diagnosis.verdict,
            "verdict_icon": verdict.ICONS[diagnosis.verdict],
            "count": _count([game.verdict for _, game in games], words),
            "gaps": facts.gaps(source.run, words),
            "games": [_view(name, game, source.pages.get(name), words) for name, game in games],
        }
    )


def _count(verdicts: list[str], words: Language) -> str:
    """Return how many games ended well: "1 of 2 games has a failure mode"."""
    ill = sum(verdict in ("failing", "attention") for verdict in verdicts)
    unclear = verdicts.count("inconclusive")
    kind, n = ("ill", ill) if ill else ("unclear", unclear) if unclear else ("healthy", len(verdicts))
    return words.count(f"games.{kind}", n, all=len(verdicts))


def _view(name: str, game: Diagnosis, page: str | None, words: Language) -> GameView:
    command = f"gandoctor report {shlex.quote(str(game.run.path))}"
    shown = verdict.show(Source(game, words))
    return GameView(clean(name, 80), page, command, TONES[game.verdict], shown.values["top"])


SECTION = Section("games", 5, show, of_games=True)
