"""Games: a run of several pairs of players that train together, each pair in a run directory of its own within it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Self

from gandoctor.errors import GandoctorError, NotARun
from gandoctor.message import Message
from gandoctor.store.cards import Source
from gandoctor.store.events import EVENTS_NAME
from gandoctor.store.manifest import MANIFEST_NAME, Manifest
from gandoctor.store.run import Run, RunState

GAMES_FOLDER = "games"
GAMES_MAX = 16
"""Games of one run; a run that names more is not read."""

_NAME = re.compile(r"\w[\w.+-]{0,79}")
_WORST_FIRST: tuple[RunState, ...] = ("running", "crashed", "interrupted")


class GamesRun(Run):
    """A run of several games. It records nothing of its own: `games` holds the run of each, by name."""

    @classmethod
    def joined(cls, run_dir: Path, manifest: Manifest, games: Mapping[str, Run]) -> Self:
        """Put games together that have been read already; their run is as they are."""
        run = cls.__new__(cls)
        run._empty(run_dir)
        run.manifest, run.games = manifest, dict(games)
        return run

    def refresh(self) -> bool:
        """Read what has been written since the last call; return whether a game has new signal values.

        Raises:
            NotARun: A game that the manifest names cannot be read.
        """
        if self._cut_at is not None:
            return False
        self.manifest = Manifest.load(self.path)
        if (self.path / EVENTS_NAME).exists():
            self._log.read_new()
            self.events = list(self._log.events)
        known = self.games if isinstance(self.games, dict) else {}
        if len(self.manifest.games) > GAMES_MAX:
            raise NotARun(f"{self.path} names {len(self.manifest.games)} games; at most {GAMES_MAX} are read.")
        grown = [self._refreshed(known, name) for name in self.manifest.games]
        self.games = {name: known[name] for name in self.manifest.games}
        return any(grown)

    def _refreshed(self, known: dict[str, Run], name: str) -> bool:
        """Read on in one game; return whether it has grown."""
        try:
            if name in known:
                return known[name].refresh()
            folder = self.path / GAMES_FOLDER / checked_name(name)
            if not folder.resolve().is_relative_to(self.path.resolve()):
                raise NotARun("it leads out of the run directory")
            game = Run(folder)
            if game.manifest.games:
                raise NotARun("it names further games")
        except GandoctorError as error:
            raise NotARun(f"{self.path} names the game {name!r}, which cannot be read: {error}") from None
        known[name] = game
        return True

    def until(self, step: int) -> Self:
        """Return the run as it was when a step was recorded, every game as it was then."""
        earlier = super().until(step)
        earlier.games = {name: game.until(step) for name, game in self.games.items()}
        return earlier

    @property
    def gaps(self) -> list[Message]:
        """Messages about parts that could not be read, each with its game."""
        of_games = [
            Message("{game}: {gap}", game=name, gap=gap) for name, game in self.games.items() for gap in game.gaps
        ]
        return [*self._log.gaps, *of_games]

    @property
    def lost(self) -> list[Message]:
        """Messages about what is lost of a game."""
        return [Message("{game}: {gap}", game=name, gap=gap) for name, game in self.games.items() for gap in game.lost]

    @property
    def last_step(self) -> int:
        """Last step recorded of any game."""
        return max((game.last_step for game in self.games.values()), default=0)

    @property
    def state(self) -> RunState:
        """State of the games together: running while one is, else that of the game that ended worst."""
        states = {game.state for game in self.games.values()}
        return next((state for state in _WORST_FIRST if state in states), "completed")


def load_run(run_dir: str | os.PathLike[str]) -> Run:
    """Open a run directory, live or finished; one of several games as a `GamesRun`.

    Raises:
        NotARun: The path is not a run directory, or its manifest, or a game that it names, cannot be read.
    """
    run = Run(run_dir)
    return GamesRun(run_dir) if run.manifest.games else run


def checked_name(name: object) -> str:
    """Return a game's name, which is also the name of its directory.

    Raises:
        GandoctorError: It is not one that every file system takes.
    """
    if isinstance(name, str) and _NAME.fullmatch(name) and not name.endswith("."):
        return name
    raise GandoctorError(
        f"game={name!r} cannot name a directory: use up to 80 letters, digits, '_', '.', '+' and '-', "
        "beginning with a letter, a digit or '_'."
    )


def file_safe(text: str, taken: Collection[str]) -> str:
    """Return a name for a game that is near to a text and none of those that are taken."""
    name = re.sub(r"[^\w.+-]+", "-", text)[:70].strip(".+-") or "game"
    lower = {each.lower() for each in taken}  # some file systems do not tell cases apart
    number, found = 2, name
    while found.lower() in lower:
        found, number = f"{name}-{number}", number + 1
    return found


def add_game(run_dir: Path, name: str, source: Source, fields: Mapping[str, Any]) -> None:
    """Enter a game, whose own directory is there, in the manifest of its run; the first one creates it.

    Args:
        run_dir: The directory of the run.
        name: Of the game.
        source: Whether its name was given or inferred.
        fields: Manifest fields of a new run.

    Raises:
        NotARun: There is a manifest that cannot be read.
        OSError: The directory cannot be written to.
    """
    if (run_dir / MANIFEST_NAME).exists():
        manifest = Manifest.load(run_dir)
    else:
        manifest = Manifest(created=time.strftime("%Y-%m-%dT%H:%M:%S%z"), **dict(fields))
    manifest.games[name] = source
    manifest.save(run_dir)


def run_of_game(game_dir: Path) -> Path:
    """Return the directory of the run that a game's directory belongs to."""
    return game_dir.parent.parent
