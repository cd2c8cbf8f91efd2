"""The manifest `run.json`: the networks, data and settings of a run, and what could not be recorded and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gandoctor.errors import NotARun
from gandoctor.loss_families import LossFamily
from gandoctor.message import Absence, Message
from gandoctor.store.atomic import write_whole
from gandoctor.store.files import STEP_MAX, bounded, read_whole

MANIFEST_NAME = "run.json"
MANIFEST_MAX_BYTES = 8 * 2**20

Source = Literal["given", "inferred", "assumed", "unknown"]
DataKind = Literal["images", "series", "vectors"]


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


class DataCard(BaseModel):
    """The user's real data, as measured by the monitor on the probe data.

    Attributes:
        shape: Shape of one example, such as (28, 28, 1).
        minimum: Smallest value, in the data's own units.
        maximum: Largest value, in the data's own units.
        probe_count: Number of probe examples, which are real data that the discriminator trains on.
        holdout_count: Number of real examples that it never trains on; 0 if none were given.
        share_at_minimum: Share of all values that equal the minimum, 0..1.
        share_at_maximum: Share of all values that equal the maximum, 0..1.
        distinct_count: Number of different examples among the probe examples. Exact copies count once.
        kind: "images", also flat ones of shape (784,); "series" of shape (T, C); or "vectors" of shape (c,), such
            as the rows of a table. Runs of earlier versions are of images.
        column_stds: Smallest and largest standard deviation of a column (of series: a channel) that varies, in data
            units. None for images.
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
    kind: DataKind = "images"
    column_stds: tuple[float, float] | None = None


class LatentLaw(BaseModel):
    """Mean and standard deviation of the latents that one call of the generator in a step was fed, over some steps."""

    mean: float
    std: float
    count: int


class LatentCard(BaseModel):
    """The distribution of the generator's input, measured on one batch of latents, or known by its shape only."""

    shape: tuple[int, ...]
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    source: Source = "inferred"


class LabelCard(BaseModel):
    """The labels of a conditional GAN, as they were recognised in what its players are fed.

    Attributes:
        generator: How a class is written in the generator's input: "class numbers", "one-hot rows", ...
        generator_beside: Whether the noise shares an array with it.
        discriminator: Likewise in the discriminator's; "none" where it is given images alone, None where that is not
            known.
        classes: Number of classes among the probe's latents; 1 where the generator is given one label only.
        places: Classes that a one-hot label has room for; None for class numbers.
        seen: Labels of training that were seen, one a latent.
        real_classes: Number of classes beside the real images; None where it is not known.
        agreement: Share of generated images that the discriminator is shown under the label they were made for, 0..1.
            None where that is not known.
        real_visibility: Share of random draws of 64 real images in which their labels show beyond chance, 0..1: how
            likely it is that labels of good samples would be seen. None where the labels are not known.
        source: Where this is from.
    """

    generator: str
    generator_beside: bool = False
    discriminator: str | None = None
    classes: int
    places: int | None = None
    seen: int | None = None
    real_classes: int | None = None
    agreement: float | None = None
    real_visibility: float | None = None
    source: Source = "inferred"


class DrawnCard(BaseModel):
    """Samples that the program itself has made outside of the training steps, the latest of each network.

    Attributes:
        network: "generator", or "copy": another network of the same build that is not trained, such as an average.
        step: Completed steps when they were made.
        count: Samples that were looked at.
        at_a_time: Samples that one call returned.
        training: Whether the network was in training mode; None where that is not known.
        normalised: Whether, in training mode, a sample hangs on the others of its batch.
        drawn, trained: Law of the latents that they were made from, and of those of training; None where there are too
            few, or where the generator is given images.
        labels: "strange" where the label has a form that training's never had, "unknown" where it is one that training
            never gave; None where no label was recognised or all is as in training.
        spread: Mean standard deviation over the samples, over that of the generator's own from the same inputs.
        distance: Energy distance from the real data, in mean distances among them.
        own_distance: That of the generator's own samples from the same inputs, in one batch of the same mode.
    """

    network: Literal["generator", "copy"]
    step: int
    count: int
    at_a_time: int
    training: bool | None = None
    normalised: bool = False
    drawn: LatentLaw | None = None
    trained: LatentLaw | None = None
    labels: Literal["strange", "unknown"] | None = None
    spread: float | None = None
    distance: float | None = None
    own_distance: float | None = None


Given = Literal["probabilities", "log-probabilities", "any"]
"""What a loss of classes was given: rows that add up to 1, their logarithms, or neither."""


class LossCallCard(BaseModel):
    """A loss of classes as the program calls it.

    Attributes:
        given: What it was given, in all calls that were looked at.
        calls: How many these were; None where it was read from a graph, which holds for all.
    """

    given: Given
    calls: int | None = None


class ObjectiveCard(BaseModel):
    """How the losses are computed from the discriminator's outputs, told from the numbers of the first steps.

    Attributes:
        reads: What a cross-entropy takes the discriminator's output for; "either" where Keras knows the logits of a
            final sigmoid, None of other losses and where no formula fits.
        is_sum: Whether the generator's loss is a sum over the batch and not a mean; None where that is not known.
        labels: "own" where each output of the discriminator meets its own label, "crossed" where its loss is the mean
            over every pairing of an output with a label; None where no formula fits.
        output_low: Smallest output of the discriminator in those steps; output_high: its largest.
        penalised: Whether something was differentiated with respect to the discriminator's input.
        changed_at_random: Which of the discriminator's batches random numbers were added to, or multiplied with; None
            where that could not be seen.
        steps: Steps that were compared.
    """

    reads: Literal["logits", "probabilities", "either"] | None = None
    is_sum: bool | None = None
    labels: Literal["own", "crossed"] | None = None
    output_low: float
    output_high: float
    penalised: bool = False
    changed_at_random: Literal["none", "real", "fake", "both"] | None = None
    steps: int


class LayerCard(BaseModel):
    """One call of one layer. A layer that is called twice has two cards.

    Attributes:
        name: Name of the layer.
        type: Class of the layer. Operations that a subclassed network computes outside its layers have cards too, with
            types such as "ops.Tanh" and "ops.Mul".
        settings: Settings that matter for diagnosis, such as units, kernel_size, strides, rate, momentum and
            activation. For a layer that is not part of Keras, its public attributes.
        output_shape: Shape of the output, with None for the batch size. None if it is not known.
        parameters: Number of weights, trainable or not.
        path: Names of the networks and layers that contain the layer, outermost first, joined by "/". "" at the top.
        wrappers: Types of the layers that wrap it, outermost first, such as ("SpectralNormalization",).
        inputs: Positions, in the network's list, of the layers whose outputs are its inputs. -1 is the network's own
            input. None if they are not known.
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
        """The path and the name, such as "block_1/conv2d". It is unique where the name may not be."""
        return f"{self.path}/{self.name}" if self.path else self.name


class Reach(BaseModel):
    """The range of a network's output, over all weights and inputs.

    A bound that is only approached, such as those of a sigmoid, counts as reached.

    Attributes:
        low: Lower bound in data units, or None if there is none.
        high: Upper bound in data units, or None if there is none.
        layer: Address of the layer that sets the range.
    """

    low: float | None
    high: float | None
    layer: str


class LeftOutCard(BaseModel):
    """Weights that a player's training reaches and that are in no optimizer.

    Attributes:
        numbers: How many numbers they are; of: out of how many that are reached.
        unregistered: How many of them belong to no layer that the player lists as its own.
        names: Of those that do, at most eight.
    """

    numbers: int
    of: int
    unregistered: int = 0
    names: tuple[str, ...] = ()


OVER_BATCH = "over_batch"
"""Setting of a recurrent layer that goes along the batch, as if it were time."""


class ModeCard(BaseModel):
    """The mode in which a player is called in training steps.

    Attributes:
        calls: Differentiable calls in training mode.
        inference_calls: Those in inference mode since the last in training mode.
        inference_since: Completed steps at the first of these; None where there are none.
    """

    calls: int = 0
    inference_calls: int = 0
    inference_since: int | None = None


class PlayerCard(BaseModel):
    """One network and its optimizer.

    Attributes:
        name: Name of the network.
        layers: The layers, with nested networks expanded, in the order given by `order`.
        parameters: Number of weights, trainable or not.
        optimizer: Settings of the optimizer. Empty if none was found.
        order: "called": in the order of the calls, with known `inputs` for each layer. "declared": in the order in
            which the network lists them, because its calls could not be followed. "unknown": written by an earlier
            version.
        order_note: Clause that says why the order is only the declared one, or None.
        outputs: Positions in `layers` of the layers that produce the network's outputs, in their order. -1 is its
            input.
        input_shapes: Shape of each input, with None for the batch size. Empty if they are not known yet.
        reach: Range of the network's first output, or None if it is not known.
        left_out: Weights that training reaches and no optimizer holds; None where that was not looked at.
        mode: Training or inference; None where that was not looked at.
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
    left_out: LeftOutCard | None = None
    mode: ModeCard | None = None


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
