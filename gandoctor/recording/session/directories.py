"""The directory a recording goes to. Nothing is overwritten: what is taken gets a numbered sibling."""

from __future__ import annotations

import weakref
from pathlib import Path

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.recording.session.options import Options
from gandoctor.recording.warning import warn
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.fork import fork
from gandoctor.store.games import GAMES_FOLDER, add_game, run_of_game
from gandoctor.store.manifest import MANIFEST_NAME

_games: dict[Path, tuple[Path, weakref.WeakSet[RunWriter]]] = {}
"""Where games were to be recorded -> the directory of their run, and what writes to it."""


def opened_writer(options: Options, manifest: Manifest) -> RunWriter:
    """Return a writer to the run directory that was asked for, or to a numbered sibling where that holds a run.

    Of a game the directory lies in that of its run, which the monitors of the other games share.

    Raises:
        GandoctorError: The directory holds a run and `strict` was asked for, or it cannot be written to.
    """
    if options.fork_of is not None:
        fork(load_run(options.fork_of[0]), options.fork_of[1], options.run_dir)
        return RunWriter(options.run_dir, manifest, resume=True)
    if options.game is None:
        return RunWriter(_free(options, options.run_dir), manifest, resume=options.resume)
    key = options.run_dir.resolve()
    run_dir, writers = _games.get(key, (options.run_dir, weakref.WeakSet()))
    is_open = any(writer.is_open for writer in writers)
    if not is_open or (run_dir / GAMES_FOLDER / options.game).exists():
        run_dir, writers = _free(options, options.run_dir), weakref.WeakSet()
    if (run_dir / MANIFEST_NAME).exists() and not Manifest.load(run_dir).games:
        raise GandoctorError(f"{run_dir} holds a run of one pair of players, to which no game can be added.")
    writer = RunWriter(run_dir / GAMES_FOLDER / options.game, manifest, resume=options.resume)
    try:
        add_game(run_of_game(writer.path), options.game, options.game_source, options.metadata)
    except OSError as error:
        raise GandoctorError(f"Run directory {run_dir} cannot be written: {error}") from None
    writers.add(writer)
    _games[key] = run_dir, writers
    return writer


def _free(options: Options, wanted: Path) -> Path:
    if options.resume or not (wanted / MANIFEST_NAME).exists():
        return wanted
    if options.strict:
        raise GandoctorError(f"{wanted} already holds a run. Choose another directory or pass resume=True.")
    number = 2
    while (sibling := wanted.with_name(f"{wanted.name}-{number}")).exists():
        number += 1
    taken = Message(
        "gandoctor: {wanted} already holds a run; recording to {sibling} instead.",
        wanted=str(wanted),
        sibling=str(sibling),
    )
    warn(taken)
    return sibling
