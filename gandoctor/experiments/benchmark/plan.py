"""The plan of a benchmark: every run, what was done to it, and what counts as right, fixed before any of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gandoctor.errors import GandoctorError

Split = Literal["calibration", "test"]
Kind = Literal["healthy", "scary", "mechanistic", "synthetic"]
"""healthy: a control. scary: changed, and yet nothing to complain of. mechanistic: a fault of the training, whose
damage the oracle decides. synthetic: a symptom put onto the samples, whose truth is exact."""


class Part(BaseModel):
    """A part of the plan: unchangeable, and without a key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedRun(Part):
    """One training and what is right to say of it.

    Attributes:
        id: Unique; the name of its directory.
        target: "module:factory".
        options: What the factory is given.
        kind: See `Kind`.
        family: Architecture, loss and data in one word; false alarms are counted by it.
        band: Runs with this family in the calibration split say what its oracle's numbers are when healthy.
        yardstick: The family whose band tells whether a healthy run has learned its data; None where that is not asked.
        fault: Name of what was injected; None for a control as it is.
        onset: First step the fault acts in; 0 from the start.
        expected: Ids of the rules made for the fault, the main one first.
        allowed: Ids of further rules whose speaking is no false alarm, because what they say is true of the run.
        causes: Ids of the causes any of which is a right answer.
        judged_before: Whether an earlier version's judgement of this very recording is known to those who changed the
            rules since; runs of which none is are scored apart too.
        split: Thresholds may be set on calibration and never on test.
        seed: Of the training; no seed occurs in both splits.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.@-]*$")
    target: str
    options: dict[str, Any]
    kind: Kind
    family: str
    band: str
    yardstick: str | None = None
    fault: str | None = None
    onset: int = Field(default=0, ge=0)
    expected: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    judged_before: bool = False
    split: Split
    seed: int

    @property
    def is_faulty(self) -> bool:
        """Whether something was done to it that a rule should find."""
        return self.kind in ("mechanistic", "synthetic")


class Margin(Part):
    """How much worse than the worst healthy run of its band one number of the oracle must be.

    Attributes:
        worse: Whether a higher or a lower number is worse.
        factor: The worst healthy number is multiplied by this ...
        add: ... and this is added.
    """

    worse: Literal["higher", "lower"]
    factor: float = 1.0
    add: float = 0.0


class Symptom(Part):
    """What damage can look like.

    Attributes:
        name: One or two words.
        signs: Alternatives; each is the oracle's numbers all of which must be outside.
        rules: Ids of the rules that speak of it.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...]


class Plan(Part):
    """All runs and the fixed rules of judging them.

    Attributes:
        about: One paragraph for the report.
        oracle: "module:function" of `gandoctor.experiments.benchmark.worker.Oracle`.
        samples: Images the oracle is given.
        monitor: Arguments of GANMonitor in every run.
        damage: The oracle's numbers that decide about damage, each with its margin.
        learned: Those of the numbers that tell whether a healthy run has learned its data: it has if they are within
            its yardstick's limits of damage. If not, it is a slow or failing training, whatever it was meant to be.
        symptoms: What the damage looks like: the first of which a sign is there.
        runs: Every run.
    """

    about: str
    oracle: str
    samples: int = Field(ge=16)
    monitor: dict[str, Any] = Field(default_factory=dict)
    damage: dict[str, Margin]
    learned: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()
    runs: tuple[PlannedRun, ...]

    @model_validator(mode="after")
    def _sound(self) -> Plan:
        ids = [run.id for run in self.runs]
        if len(set(ids)) != len(ids):
            raise ValueError(f"two runs are called {next(i for i in ids if ids.count(i) > 1)}.")
        seeds = {split: {run.seed for run in self.runs if run.split == split} for split in ("calibration", "test")}
        if both := seeds["calibration"] & seeds["test"]:
            raise ValueError(f"the seed {min(both)} occurs in both splits.")
        bands = {run.family for run in self.runs if run.split == "calibration" and run.kind == "healthy"}
        for run in self.runs:
            if run.is_faulty and run.band not in bands:
                raise ValueError(f"{run.id} is compared with {run.band}, of which calibration has no healthy run.")
            if run.yardstick is not None and run.yardstick not in bands:
                raise ValueError(f"{run.id} is measured by {run.yardstick}, of which calibration has no healthy run.")
        return self

    @property
    def digest(self) -> str:
        """Short hash of the whole plan."""
        return blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()

    def wanted(self, splits: Iterable[Split], only: Iterable[str] = ()) -> list[PlannedRun]:
        """Return the runs of some splits whose id has any of the given texts in it; all of them where none is given."""
        chosen, parts = set(splits), tuple(only)
        return [
            run for run in self.runs if run.split in chosen and (not parts or any(part in run.id for part in parts))
        ]


def load_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        GandoctorError: It cannot be read, or is not a sound plan; says where.
    """
    try:
        return Plan.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise GandoctorError(f"The plan {path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the plan"
        raise GandoctorError(f"The plan {path} is not sound: {where}: {first['msg']}") from None
    except ValueError as error:
        raise GandoctorError(f"The plan {path} is not JSON: {error}.") from None
