"""The plan of a benchmark: every run, its fault, and what counts as a right finding, fixed before any run."""

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
"""healthy: a control. scary: a change that is not a fault. mechanistic: a fault of the training; the oracle decides
whether it did damage. synthetic: a symptom added to the samples, so that the truth is exact."""


class Part(BaseModel):
    """A part of the plan. It is immutable and rejects unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedRun(Part):
    """One training and the right answers for it.

    Attributes:
        id: Unique id, which is the name of its directory.
        target: "module:factory".
        options: Arguments for the factory.
        kind: See `Kind`.
        family: Architecture, loss and data in one word. False alarms are counted per family.
        band: The family whose healthy calibration runs give the healthy values of the oracle's numbers.
        yardstick: The family whose limits decide whether a healthy run has learned its data. None to skip this.
        fault: Name of the injected fault or change, or None for an unchanged control.
        onset: First step in which the fault acts; 0 means from the start.
        expected: Ids of the rules made for the fault, the main one first.
        allowed: Ids of further rules whose finding is true of the run, so that it is not a false alarm.
        causes: Ids of the right causes. Any of them is a right answer.
        judged_before: Whether the people who changed the rules since know an earlier judgement of this recording.
            Other runs are also scored separately.
        split: Thresholds may be set on the calibration split, never on the test split.
        seed: Seed of the training. No seed occurs in both splits.
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
        """Whether the run has a fault that a rule should find."""
        return self.kind in ("mechanistic", "synthetic")


class Margin(Part):
    """How much worse one of the oracle's numbers must be than in the worst healthy run of the band.

    The limit is the worst healthy number times `factor` plus `add`.

    Attributes:
        worse: Whether a higher or a lower number is worse.
        factor: Factor of the limit.
        add: Summand of the limit.
    """

    worse: Literal["higher", "lower"]
    factor: float = 1.0
    add: float = 0.0


class Symptom(Part):
    """One kind of damage.

    Attributes:
        name: One or two words.
        signs: Alternatives. Each is a set of the oracle's numbers that must all be beyond their limits.
        rules: Ids of the rules that report this symptom.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...]


class Plan(Part):
    """All runs and the fixed criteria for judging them.

    Attributes:
        about: One paragraph for the report.
        oracle: "module:function", an `Oracle` of `gandoctor.experiments.benchmark.worker`.
        samples: Number of images that the oracle gets.
        monitor: Arguments for GANMonitor in every run.
        damage: The oracle's numbers that decide whether a run is damaged, each with its margin.
        learned: The oracle's numbers that decide whether a healthy run has learned its data. It has if they are within
            the damage limits of its yardstick. Otherwise its training is slow or failing.
        symptoms: Kinds of damage. The first one with a sign applies.
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
    def _validate(self) -> Plan:
        ids = [run.id for run in self.runs]
        if len(set(ids)) != len(ids):
            raise ValueError(f"two runs have the id {next(i for i in ids if ids.count(i) > 1)}.")
        seeds = {split: {run.seed for run in self.runs if run.split == split} for split in ("calibration", "test")}
        if both := seeds["calibration"] & seeds["test"]:
            raise ValueError(f"the seed {min(both)} occurs in both splits.")
        bands = {run.family for run in self.runs if run.split == "calibration" and run.kind == "healthy"}
        for run in self.runs:
            if run.is_faulty and run.band not in bands:
                raise ValueError(f"{run.id} has the band {run.band}, but calibration has no healthy run of it.")
            if run.yardstick is not None and run.yardstick not in bands:
                raise ValueError(
                    f"{run.id} has the yardstick {run.yardstick}, but calibration has no healthy run of it."
                )
        return self

    @property
    def digest(self) -> str:
        """Short hash of the whole plan."""
        return blake2b(self.model_dump_json().encode(), digest_size=8).hexdigest()

    def select(self, splits: Iterable[Split], only: Iterable[str] = ()) -> list[PlannedRun]:
        """Return the runs of the given splits. With `only`, return those whose id contains any of these texts."""
        chosen, parts = set(splits), tuple(only)
        return [
            run for run in self.runs if run.split in chosen and (not parts or any(part in run.id for part in parts))
        ]


def load_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        GandoctorError: The file cannot be read or is not a valid plan. The message says where.
    """
    try:
        return Plan.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise GandoctorError(f"The plan {path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the plan"
        raise GandoctorError(f"The plan {path} is not valid: {where}: {first['msg']}") from None
    except ValueError as error:
        raise GandoctorError(f"The plan {path} is not JSON: {error}.") from None
