"""Games: the diagnosis of a run of several pairs of players, put together from that of each game."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from gandoctor.diagnosis.diagnosis import STATUS_ORDER, Diagnosis, Verdict
from gandoctor.diagnosis.plan import Step
from gandoctor.diagnosis.run_causes import RunCause
from gandoctor.diagnosis.scope import Unseen
from gandoctor.message import Message, counted
from gandoctor.rules import Finding
from gandoctor.store import Run
from gandoctor.treatments import Treatment

_WORST_FIRST: tuple[Verdict, ...] = ("failing", "attention", "inconclusive", "healthy")


@dataclass(frozen=True)
class GamesDiagnosis(Diagnosis):
    """What the rules say of each game of a run. Verdict, causes and first change are those of the worst game.

    Attributes:
        checks: Those of all games, each with its `game`; in the order of those of one game.
        games: Name -> diagnosis of each game.
    """

    @cached_property
    def worst_game(self) -> tuple[str, Diagnosis]:
        """The game with the worst verdict, by name; of several the one that is named first."""
        return worst_first(self.games)[0]

    @cached_property
    def detected(self) -> tuple[Finding, ...]:
        """The findings that are failures, most severe first; of the same severity those of the worst game."""
        name, _ = self.worst_game
        found = [replace(f, game=n) for n, game in self.games.items() for f in game.detected]
        return tuple(sorted(found, key=lambda f: (-f.severity.rank, f.game != name)))

    @property
    def verdict(self) -> Verdict:
        """The worst game's."""
        return self.worst_game[1].verdict

    @cached_property
    def not_looked_at(self) -> tuple[Unseen, ...]:
        """The worst game's."""
        return self.worst_game[1].not_looked_at

    @cached_property
    def unsettled(self) -> Finding | None:
        """The worst game's."""
        return self.worst_game[1].unsettled

    @cached_property
    def unlike_data(self) -> Message | None:
        """The worst game's."""
        return self.worst_game[1].unlike_data

    @cached_property
    def causes(self) -> tuple[RunCause, ...]:
        """The worst game's."""
        return self.worst_game[1].causes

    @cached_property
    def change_first(self) -> Treatment | None:
        """The worst game's."""
        return self.worst_game[1].change_first

    @cached_property
    def plan(self) -> tuple[Step, ...]:
        """The worst game's."""
        return self.worst_game[1].plan

    @cached_property
    def name(self) -> Message:
        """The worst game's."""
        return self.worst_game[1].name

    @cached_property
    def sentence(self) -> Message:
        """How many games have a failure mode, and what is said of the worst one."""
        every = [game.verdict for game in self.games.values()]
        name, worst = self.worst_game
        if worst.verdict in ("failing", "attention"):
            return counted(
                "{n} of {all} games has a failure mode. {game}: {sentence}",
                "{n} of {all} games have a failure mode. The worst is {game}: {sentence}",
                sum(verdict in ("failing", "attention") for verdict in every),
                all=len(every),
                game=name,
                sentence=worst.sentence,
            )
        if worst.verdict == "inconclusive":
            return Message(
                "Too little could be checked to call {unclear} of {all} games healthy. {game}: {sentence}",
                unclear=every.count("inconclusive"),
                all=len(every),
                game=name,
                sentence=worst.sentence,
            )
        return Message("No failure mode was detected in any of {all} games.", all=len(every))


def worst_first(games: Mapping[str, Diagnosis]) -> list[tuple[str, Diagnosis]]:
    """Return games with their names, those with the worst verdict first.

    Of the same verdict those with a fact that may have caused it: where two games share their players or their data,
    the others may only suffer from it.
    """

    def order(game: tuple[str, Diagnosis]) -> tuple[int, float]:
        diagnosis = game[1]
        facts = [cause.score for cause in diagnosis.causes if cause.is_fact]
        return _WORST_FIRST.index(diagnosis.verdict), -max(facts, default=0.0)

    return sorted(games.items(), key=order)


def diagnosis_of_games(run: Run, games: Mapping[str, Diagnosis], is_check: bool) -> GamesDiagnosis:
    """Put the diagnoses of a run's games together."""
    findings = [replace(finding, game=name) for name, game in games.items() for finding in game.checks]
    findings.sort(key=lambda f: STATUS_ORDER.index(f.status))
    return GamesDiagnosis(run, tuple(findings), is_check, dict(games))
