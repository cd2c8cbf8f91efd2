"""The step that a person makes: the target as its author has edited it, to be tried as a step of the plan is."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from difflib import unified_diff
from itertools import islice
from pathlib import Path

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.commands import own_command
from gandoctor.diagnosis.plan import Step
from gandoctor.errors import UnusableTarget
from gandoctor.experiments.target import is_script
from gandoctor.message import Message

EDITED = "edited"
"""Id of the step, in the place of a treatment's."""
DIFF_LINES = 200
SOURCE_MAX = 1_000_000
"""Bytes of a source that is compared."""


def edited_step(before: Diagnosis, target: str) -> Step:
    """Return the step that trains an edited target with the run's own options and arguments.

    Args:
        before: Of the run as it was.
        target: The edited script, or the function in an edited module. It may be the run's own target.

    Raises:
        UnusableTarget: The run is not one that `gandoctor run` has made of a target of the user's own.
    """
    words, own = own_command(before.run), before.run.manifest.target
    if own is None or own not in words or words[1] != "run":
        raise UnusableTarget(
            f"--edited {target}: {before.run.path} was not made by `gandoctor run` of a script or a function, so it "
            "cannot be repeated with another one. Run the edited code, and see both: gandoctor compare RUN_DIR OTHER."
        )
    words[words.index(own)] = target
    root = before.root
    answers = () if root is None else (root.rule.id,)
    return Step(
        treatment=EDITED,
        title=Message("{target} as it was edited", target=target),
        why=before.sentence,
        standing="possible",
        findings=answers,
        edits=(),
        code="\n".join(_difference(own, target)),
        evidence=None,
        command=shlex.join(words),
        expect=Message("{ids} is not found any more", ids=", ".join(answers)),
    )


def free_folder(folder: Path) -> str:
    """Return the first of `edited-1`, `edited-2`, ... that is not there: the code may be another each time."""
    return next(name for number in range(1, 10**9) if not (folder / (name := f"edited-{number}")).exists())


def _difference(own: str, edited: str) -> Iterable[str]:
    """Yield what was edited, as a diff; nothing where both are one file, whose earlier text is not known."""
    if not (is_script(own) and is_script(edited)):
        return
    before, after = _lines(Path(own)), _lines(Path(edited))
    if before is not None and after is not None:
        yield from islice(unified_diff(before, after, own, edited, lineterm=""), DIFF_LINES)


def _lines(path: Path) -> list[str] | None:
    try:
        if not path.is_file() or path.stat().st_size > SOURCE_MAX:
            return None
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
