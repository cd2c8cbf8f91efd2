"""The manifest `run.json`: what was trained, with what, and what could not be recorded and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gandoctor.errors import NotARun
from gandoctor.loss_families import LossFamily as LossFamily
from gandoctor.message import Absence, Message
from gandoctor.store.atomic import write_whole

MANIFEST_NAME = "run.json"
MANIFEST_MAX_BYTES = 32 * 2**20

Source = Literal["given", "inferred", "assumed", "unknown"]


class Declared(BaseModel):
    """What the user says of a training that no monitor can measure; every entry is optional.

    Rules may read it; the fault benchmark also judges with it withheld.

    Attributes:
        pretrain_steps: Discriminator updates before the game began.
        training_images: Different real images the discriminator is trained on.
        real_label: Target for real images, 0..1, where labels are smoothed on one side; fake_label: for fakes.
    """

    model_config = ConfigDict(extra="forbid")

    pretrain_steps: int | None = Field(default=None, ge=0)
    training_images: int | None = Field(default=None, ge=1)
    real_label: float | None = Field(default=None, ge=0.0, le=1.0)
    fake_label: float | None = Field(default=None, ge=0.0, le=1.0)


class DataCard(BaseModel):
    """The user's real data as the monitor saw it.

    Attributes:
        shape: Shape of one example, e.g. (28, 28, 1).
        minimum: Smallest value; maximum: largest value; both over all probe data, in the data's own units.
        probe_count: Real examples the discriminator trains on, kept for probes.
        holdout_count: Real examples it never trains on; 0 when none were given.
        share_at_minimum: Share of all values that are the smallest one, 0..1; share_at_maximum: the largest one.
        distinct_count: Different examples among the `probe_count`: fewer where some are exact copies.
    """

    shape: tuple[int, ...]
    dtype: str
    minimum: float
    maximum: float
    mean: float
    std: float
    probe_count: int
    holdout_count: int = 0
    share_at_minimum: float | None = None
    share_at_maximum: float | None = None
    distinct_count: int | None = None


class LatentCard(BaseModel):
    """The law of the generator's input, measured on one draw of the latent sampler (or declared by shape)."""

    shape: tuple[int, ...]
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    source: Source = "inferred"


class LayerCard(BaseModel):
    """One call of one layer; a layer that is called twice has two cards.

    Attributes:
        type: Class of the layer. What a subclassed network computes outside of its layers is here as well, its type
            the operation's with "ops." in front: "ops.Tanh", "ops.Mul".
        settings: What matters for diagnosis: units, kernel_size, strides, rate, momentum, activation ...; of a layer
            that is not part of Keras, its public attributes.
        output_shape: With None for the batch; None where it is not known.
        parameters: Weights of the layer, trainable or not.
        path: Names of the networks and layers it sits in, outermost first, joined by "/"; "" at the top.
        wrappers: Types of the layers that wrap it, outermost first, e.g. ("SpectralNormalization",).
        inputs: Positions, in the network's list, of the layers whose output it is given; -1 is the network's own
            input. None where it is not known.
    """

    name: str
    type: str
    settings: dict[str, Any] = Field(default_factory=dict)
    output_shape: tuple[int | None, ...] | None = None
    parameters: int = 0
    path: str = ""
    wrappers: tuple[str, ...] = ()
    inputs: tuple[int, ...] | None = None

    @property
    def address(self) -> str:
        """The path and the name, e.g. "block_1/conv2d": tells apart what has one name in two places."""
        return f"{self.path}/{self.name}" if self.path else self.name


class Reach(BaseModel):
    """The values a network's output can take, whatever its weights and its input.

    Attributes:
        low: Smallest of them, in data units; None: there is none. high: the largest likewise. Bounds that are only
            approached, such as those of a sigmoid, count as reached.
        layer: Address of the layer that sets them.
    """

    low: float | None
    high: float | None
    layer: str


class PlayerCard(BaseModel):
    """One network and its optimizer; `optimizer` is empty where none was found.

    Attributes:
        layers: Nested networks unfolded, in the order `order` says.
        order: "called": as they are called, and `inputs` of each layer is known. "declared": as they are listed on
            the network, because its calls could not be followed. "unknown": written by an earlier version.
        order_note: Why the order is only the declared one, as a clause; None where nothing says so.
        outputs: Positions in `layers` of what produces the network's outputs, in their order; -1 is its input.
        input_shapes: Of each input, None for the batch; empty where they are not known yet.
        reach: Of the network's first output; None where it is not known.
    """

    name: str
    layers: list[LayerCard] = Field(default_factory=list)
    parameters: int = 0
    optimizer: dict[str, Any] = Field(default_factory=dict)
    order: Literal["called", "declared", "unknown"] = "unknown"
    order_note: Annotated[Message | None, BeforeValidator(lambda note: note or None)] = None
    outputs: tuple[int, ...] = ()
    input_shapes: tuple[tuple[int | None, ...], ...] = ()
    reach: Reach | None = None


class Manifest(BaseModel):
    """Everything about a run that is not a time series.

    Attributes:
        config: The training's own settings, as the target declared them; shown, and never read by a rule.
        declared: What the user says of the training that no monitor can measure.
        loss_family: None when it could not be inferred; rules that need it say so.
        real_is_high: True when the discriminator is trained to score reals above fakes; None when unknown.
        losses: Where a Keras loss was found ("discriminator, as compiled", "attribute .bce") -> its type and settings.
        players: Player, optimizer or signal -> where it was found: "passed", "attribute .critic", ...
        missing: What could not be recorded, a signal mostly -> why.
        cadence: How often probes ran (`every_steps`) and with how many images (`sample_count`), how many of these are
            of the same latents at each probe (`fixed_count`), and how many of different ones successive probes give
            together (`pool_count`, 0 where the latent sampler returned too few).
        spaces: Signal name -> the space its distances are taken in, where there is a choice.
    """

    model_config = ConfigDict(populate_by_name=True)

    schema_name: Literal["gandoctor.run/1"] = Field(default="gandoctor.run/1", alias="schema")
    created: str = ""
    target: str | None = None
    command: list[str] = Field(default_factory=list)
    seed: int | None = None
    planned_steps: int | None = None
    config: dict[str, Any] = Field(default_factory=dict)
    declared: Declared = Field(default_factory=Declared)
    versions: dict[str, str] = Field(default_factory=dict)
    loss_family: LossFamily | None = None
    loss_family_source: Source = "unknown"
    real_is_high: bool | None = None
    real_is_high_source: Source = "unknown"
    data: DataCard | None = None
    latent: LatentCard | None = None
    generator: PlayerCard | None = None
    discriminator: PlayerCard | None = None
    losses: dict[str, dict[str, Any]] = Field(default_factory=dict)
    cadence: dict[str, float] = Field(default_factory=dict)
    spaces: dict[str, str] = Field(default_factory=dict)
    players: dict[str, str] = Field(default_factory=dict)
    missing: dict[str, Absence] = Field(default_factory=dict)

    def save(self, run_dir: Path) -> None:
        """Write `run.json` so that a reader sees the old or the new file, never a half-written one."""
        # json, not pydantic: it keeps NaN a number and escapes what is not valid Unicode, as a path may hold.
        text = json.dumps(self.model_dump(by_alias=True), indent=1, default=str)
        write_whole(run_dir / MANIFEST_NAME, text)

    @classmethod
    def load(cls, run_dir: Path) -> Manifest:
        """Read `run.json`.

        Raises:
            NotARun: The file is missing, too large, not JSON or not a manifest this version can read.
        """
        path = run_dir / MANIFEST_NAME
        try:
            if path.stat().st_size > MANIFEST_MAX_BYTES:
                raise NotARun(f"{path} is larger than {MANIFEST_MAX_BYTES} bytes: not a gandoctor manifest.")
            content = json.loads(path.read_text(encoding="utf-8"))
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
