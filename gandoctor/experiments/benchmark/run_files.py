"""What a benchmark keeps of one run beside its run directory: marks, drawn samples, the oracle's numbers."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gandoctor.store.atomic import replacing, write_whole

Outcome = Literal["completed", "crashed", "failed"]
"""crashed: training raised, and what was recorded until then can be judged. failed: there is nothing to judge."""

ATTEMPTS = 3
"""A run during which the worker died so often has failed."""


@dataclass(frozen=True)
class RunFiles:
    """The files of one run.

    Attributes:
        folder: Holds all of them; the run directory is in it.
        made_of: Digest of what the run is to be trained with; what an earlier plan left does not count.
    """

    folder: Path
    made_of: str | None = None

    @property
    def run_dir(self) -> Path:
        """What the monitor writes."""
        return self.folder / "run"

    @property
    def log(self) -> Path:
        """What the worker and the training print."""
        return self.folder / "log.txt"

    @property
    def trained(self) -> dict[str, Any] | None:
        """The mark of a finished training: outcome, error, seconds; None while there is none of this plan's."""
        mark = _read(self.folder / "trained.json")
        return mark if mark is not None and mark.get("made_of") == self.made_of else None

    @property
    def oracle(self) -> dict[str, float | str] | None:
        """The oracle's numbers; None while there are none."""
        return _read(self.folder / "oracle.json")

    @property
    def attempts(self) -> int:
        """How often its training has begun."""
        begun = _read(self.folder / "begun.json")
        return 0 if begun is None else int(begun["attempts"])

    @property
    def is_finished(self) -> bool:
        """Trained and measured, or failed for good."""
        mark = self.trained
        return mark is not None and (mark["outcome"] != "completed" or self.oracle is not None)

    def begin(self) -> None:
        """Count an attempt, and remove what an earlier one left: a run that was cut short is repeated whole."""
        shutil.rmtree(self.run_dir, ignore_errors=True)
        for name in ("trained.json", "samples.npz", "oracle.json"):
            (self.folder / name).unlink(missing_ok=True)
        _write(self.folder / "begun.json", {"attempts": self.attempts + 1})

    def finish(self, outcome: Outcome, seconds: float, error: str | None = None) -> None:
        """Write the mark of a finished training."""
        _write(
            self.folder / "trained.json",
            {"outcome": outcome, "seconds": round(seconds, 1), "error": error, "made_of": self.made_of},
        )

    def keep_samples(self, fakes: NDArray[np.uint8], holdout: NDArray[np.uint8]) -> None:
        """Keep what the oracle looks at, so that it can be asked again without training."""
        with replacing(self.folder / "samples.npz") as whole:
            np.savez_compressed(whole, fakes=fakes, holdout=holdout)

    def samples(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
        """Return the drawn and the held-out images, None where the generator made no finite ones."""
        path = self.folder / "samples.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["fakes"], arrays["holdout"]

    def keep_oracle(self, numbers: dict[str, float | str]) -> None:
        """Write the oracle's numbers."""
        _write(self.folder / "oracle.json", numbers)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _write(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content) + "\n")
