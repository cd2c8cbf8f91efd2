"""Games: several pairs of players that a program trains together; what they are called, and how far they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from gandoctor.experiments.child.names import name_in_program
from gandoctor.store.games import GAMES_MAX, file_safe

SLACK = 8
"""Steps by which a game may be ahead of one that is not played yet, before a dry run is over."""


def named_games(pairs: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return pairs of players with a name for each game: those of its networks, as the program calls them.

    A network is called as the attribute that holds it, or the variable of the script, and by its own name where no
    frame of the stack holds it. At most GAMES_MAX pairs are returned, and standard error is told of the rest.

    Args:
        pairs: Objects with a generator and a discriminator.
    """
    pairs = list(pairs)
    chosen = pairs[:GAMES_MAX]
    if len(pairs) > GAMES_MAX:
        print(f"gandoctor records {GAMES_MAX} of the {len(pairs)} pairs of players", file=sys.stderr)
    frame = sys._getframe()
    games: list[tuple[str, Any]] = []
    for pair in chosen:
        text = "+".join(
            name_in_program(network, frame) or own_name(network) for network in (pair.generator, pair.discriminator)
        )
        games.append((file_safe(text, [name for name, _ in games]), pair))
    return games


def own_name(network: Any) -> str:
    """Return what a network calls itself: its name in Keras, in PyTorch its class."""
    return str(getattr(network, "name", None) or type(network).__name__)


def has_further_judge(model: Any, players: Any) -> bool:
    """Tell whether a fitted model holds another network that takes what its discriminator takes and says as much.

    Args:
        model: A keras.Model.
        players: The generator and discriminator that were found on it.
    """
    judge = players.discriminator
    shapes = [getattr(judge, name, None) for name in ("input_shape", "output_shape")]
    return all(shape is not None for shape in shapes) and any(
        each is not judge
        and each is not players.generator
        and [getattr(each, name, None) for name in ("input_shape", "output_shape")] == shapes
        and getattr(each, "trainable_variables", ())
        for name, each in vars(model).items()
        if not name.startswith("_")
    )


def recordings(monitor: Any) -> list[Any]:
    """Return what can be closed to end the recording of a monitor's training: itself, or the sessions of all games."""
    from gandoctor.monitors.monitor import SESSIONS

    if monitor.options.game is None or monitor.session is None:
        return [monitor]
    folder = monitor.session.writer.path.parent
    beside = [session for session in SESSIONS.values() if session.writer.path.parent == folder]
    return sorted(beside, key=lambda session: session is not monitor.session)


def steps_taken(monitor: Any) -> int:
    """Return the steps of a monitor's training; of several games those of the one that is behind."""
    alone = monitor.options.game is None
    steps: list[int] = [each.step for each in ([monitor.session] if alone else recordings(monitor))]
    return max(min(steps), max(steps) - SLACK)
