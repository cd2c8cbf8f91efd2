"""The files of one benchmark run: its run directory, marks, drawn samples and the oracle's numbers."""

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
"""crashed: training raised an error, and the recording up to it can be judged. failed: there is nothing to judge."""

ATTEMPTS = 3
"""A run counts as failed after the worker has died this many times during it."""


@dataclass(frozen=True)
class RunFiles:
    """The files of one run.

    Attributes:
        folder: Folder of all files, including the run directory.
        made_of: Digest of the settings of the training. Files made with other settings do not count.
    """

    folder: Path
    made_of: str | None = None

    @property
    def run_dir(self) -> Path:
        """The run directory that the monitor writes."""
        return self.folder / "run"

    @property
    def log(self) -> Path:
        """The output of the worker and the training."""
        return self.folder / "log.txt"

    @property
    def trained(self) -> dict[str, Any] | None:
        """The mark of a finished training (outcome, error, seconds), or None if there is none with these settings."""
        mark = _read(self.folder / "trained.json")
        return mark if mark is not None and mark.get("made_of") == self.made_of else None

    @property
    def oracle(self) -> dict[str, float | str] | None:
        """The oracle's numbers, or None if the run has not been measured."""
        return _read(self.folder / "oracle.json")

    @property
    def attempts(self) -> int:
        """How many times the training has started."""
        begun = _read(self.folder / "begun.json")
        return 0 if begun is None else int(begun["attempts"])

    @property
    def is_finished(self) -> bool:
        """Whether the run is trained and measured, or has failed."""
        mark = self.trained
        return mark is not None and (mark["outcome"] != "completed" or self.oracle is not None)

    def begin(self) -> None:
        """Count an attempt and remove the files of an earlier one. An interrupted run starts from the beginning."""
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
        """Keep the images for the oracle, so that it can measure them again without training."""
        with replacing(self.folder / "samples.npz") as whole:
            np.savez_compressed(whole, fakes=fakes, holdout=holdout)

    def samples(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
        """Return the drawn and the held-out images, or None if the drawn ones were not finite."""
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
