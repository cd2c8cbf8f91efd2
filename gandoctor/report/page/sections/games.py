"""The games of a run of several pairs of players: the verdict on each, and where its own page is."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.games import worst_first
from gandoctor.report.languages.language import Language
from gandoctor.report.page import facts
from gandoctor.report.page.filmstrip import Frame, filmstrip
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.page.sections.verdict import ICONS
from gandoctor.report.text import clean


@dataclass(frozen=True)
class GameView:
    """One game, ready to be shown.

    Attributes:
        page: Address of its own page; None where there is none.
        command: Writes that page.
        crash: What it crashed with, or None.
        last: Its newest contact sheet, or None.
    """

    name: str
    page: str | None
    command: str
    verdict: str
    icon: str
    sentence: str
    crash: str | None
    diagnosis: Diagnosis
    last: Frame | None


def show(source: Source) -> Shown | None:
    """Return the summary of all games, the worst one first."""
    diagnosis, words = source.diagnosis, source.words
    games = worst_first(diagnosis.games)
    return Shown(
        {
            "name": clean(source.run.path.resolve().name, 80),
            "verdict": diagnosis.verdict,
            "verdict_icon": ICONS[diagnosis.verdict],
            "sentence": clean(words.say(diagnosis.sentence), 1_500),
            "gaps": facts.gaps(source.run, words),
            "games": [_view(name, game, source.pages.get(name), words) for name, game in games],
        }
    )


def _view(name: str, game: Diagnosis, page: str | None, words: Language) -> GameView:
    frames = filmstrip(game.run, [], sheets=1).frames
    return GameView(
        name,
        page,
        f"gandoctor report {shlex.quote(str(game.run.path))}",
        game.verdict,
        ICONS[game.verdict],
        clean(words.say(game.sentence), 1_500),
        facts.crash(game.run, words),
        game,
        frames[-1] if frames else None,
    )


SECTION = Section("games", 5, show, of_games=True)
