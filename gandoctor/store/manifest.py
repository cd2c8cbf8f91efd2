"""The manifest `run.json`: the networks, data and settings of a run, and what could not be recorded and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gandoctor.errors import NotARun
from gandoctor.loss_families import LossFamily
from gandoctor.message import Absence
from gandoctor.store.atomic import write_whole
from gandoctor.store.cards import (
    DataCard,
    DrawnCard,
    LabelCard,
    LatentCard,
    LatentLaw,
    LossCallCard,
    ObjectiveCard,
    PairCard,
    Source,
)
from gandoctor.store.files import STEP_MAX, bounded, read_whole
from gandoctor.store.player_card import PlayerCard

MANIFEST_NAME = "run.json"
MANIFEST_MAX_BYTES = 8 * 2**20


class Declared(BaseModel):
    """Facts about the training that the user declares because no monitor can measure them. All are optional.

    Rules may read them. The fault benchmark judges without them by default.

    Attributes:
        pretrain_steps: Discriminator updates before adversarial training began.
        training_images: Number of different real images that the discriminator is trained on.
        real_label: Label of real images, 0..1, if it is smoothed.
        fake_label: Label of fake images, 0..1, if it is smoothed.
    """

    model_config = ConfigDict(extra="forbid")

    pretrain_steps: int | None = Field(default=None, ge=0)
    training_images: int | None = Field(default=None, ge=1)
    real_label: float | None = Field(default=None, ge=0.0, le=1.0)
    fake_label: float | None = Field(default=None, ge=0.0, le=1.0)


class Kept(BaseModel):
    """How much of a file of the run had been written when the manifest was: later damage shows by it.

    Attributes:
        size: Bytes. The file may have grown since.
        checksum: CRC-32 of these bytes.
        rows: Rows of signals in them; None for other files.
    """

    size: int = Field(ge=0)
    checksum: int = Field(ge=0)
    rows: int | None = Field(default=None, ge=0)


class Manifest(BaseModel):
    """Everything about a run that is not a time series.

    Attributes:
        config: The training's settings, as the target reports them. They are shown and never read by a rule.
        declared: Facts that the user declares because no monitor can measure them.
        loss_family: None if it could not be inferred. Rules that need it report that.
        real_is_high: True if the discriminator is trained to score real images above fakes; None if unknown.
        latent_laws: Of each call of the generator in a step, in their order, whose images the discriminator is shown:
            what it is fed. Empty where the calls were not told apart.
        labels: The labels of a conditional GAN; None where none were recognised.
        pairs: What the generator's inputs tell of the real samples beside them; None where none were seen.
        objective: How the losses are computed; None where it was not seen.
        losses: Place where a Keras loss was found ("discriminator, as compiled", "attribute .bce") -> its type and
            settings.
        players: Player, optimizer or signal -> where it was found: "passed", "attribute .critic", ...
        missing: What could not be recorded (usually a signal) -> why.
        cadence: Steps between probes (`every_steps`), images per probe (`sample_count`), images from the same latents
            at each probe (`fixed_count`), and images from different latents that successive probes provide together
            (`pool_count`; 0 if the latent sampler returned too few).
        spaces: Signal name -> the space in which its distances are measured, if there is a choice.
        games: Of a run of several pairs of players: name of each game, which is also that of its directory in
            `games/` -> whether it was given or inferred. Such a run has no other content of its own.
        game: The name of this game, if the run is one of several games.
        data_since: First step whose real data have their present shape, where they had another before: a training that
            grows its images. 0 where they have always had it.
        files: Path of a segment or of sample arrays, within the directory -> what was in it. None in runs of earlier
            versions, whose losses show less.
    """

    model_config = ConfigDict(populate_by_name=True)

    schema_name: Literal["gandoctor.run/1"] = Field(default="gandoctor.run/1", alias="schema")
    created: str = ""
    target: str | None = None
    command: list[str] = Field(default_factory=list)
    seed: int | None = None
    planned_steps: int | None = Field(default=None, ge=0, le=STEP_MAX)
    config: dict[str, Any] = Field(default_factory=dict)
    declared: Declared = Field(default_factory=Declared)
    versions: dict[str, str] = Field(default_factory=dict)
    loss_family: LossFamily | None = None
    loss_family_source: Source = "unknown"
    real_is_high: bool | None = None
    real_is_high_source: Source = "unknown"
    data: DataCard | None = None
    latent: LatentCard | None = None
    latent_laws: tuple[LatentLaw, ...] = ()
    labels: LabelCard | None = None
    pairs: PairCard | None = None
    drawn: tuple[DrawnCard, ...] = ()
    objective: ObjectiveCard | None = None
    generator: PlayerCard | None = None
    discriminator: PlayerCard | None = None
    losses: dict[str, dict[str, Any]] = Field(default_factory=dict)
    loss_calls: dict[str, LossCallCard] = Field(default_factory=dict)
    cadence: dict[str, float] = Field(default_factory=dict)
    spaces: dict[str, str] = Field(default_factory=dict)
    players: dict[str, str] = Field(default_factory=dict)
    missing: dict[str, Absence] = Field(default_factory=dict)
    games: dict[str, Source] = Field(default_factory=dict)
    game: str | None = None
    data_since: int = Field(default=0, ge=0, le=STEP_MAX)
    files: dict[str, Kept] | None = None

    def save(self, run_dir: Path) -> None:
        """Write `run.json` atomically, so that a reader sees either the old or the new file."""
        # json instead of pydantic: it writes NaN as a number and escapes invalid Unicode, which a path may contain.
        text = json.dumps(self.model_dump(by_alias=True), indent=1, default=str)
        write_whole(run_dir / MANIFEST_NAME, text)

    @classmethod
    def load(cls, run_dir: Path) -> Manifest:
        """Read `run.json`.

        Raises:
            NotARun: The file is missing, too large, not JSON, or not a manifest that this version can read.
        """
        path = run_dir / MANIFEST_NAME
        try:
            content = bounded(json.loads(read_whole(run_dir, path, MANIFEST_MAX_BYTES)))
        except FileNotFoundError:
            raise NotARun(
                f"{run_dir} is not a run directory: it has no {MANIFEST_NAME}. "
                "Give the directory that `gandoctor run` or GANMonitor wrote."
            ) from None
        except (OSError, ValueError, RecursionError) as error:
            raise NotARun(f"{path} cannot be read: {error}") from None
        schema = content.get("schema") if isinstance(content, dict) else None
        if schema != "gandoctor.run/1":
            raise NotARun(
                f"{path} has schema {schema!r}; this version reads 'gandoctor.run/1'. "
                "Was it written by a newer gandoctor?"
            )
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise NotARun(f"{path} is damaged: {where}: {first['msg']}.") from None
