"""PlayerCard: what a manifest says of one network, layer by layer, and of its optimizer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from gandoctor.message import Message


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
    """Weights that a player's training reaches and that no optimizer moves.

    Attributes:
        numbers: How many numbers they are; of: out of how many that are reached.
        unregistered: How many of them belong to no layer that the player lists as its own.
        names: At most eight. In PyTorch of those that do, as the others have none.
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


class AskedCard(BaseModel):
    """Whether the loss that moves the generator is computed by the discriminator.

    Attributes:
        is_asked: Whether any of the discriminator's weights was behind it when it was last looked at.
        looks: Updates in a row that have shown the same.
        is_traced: Whether a trace was looked at, which stands for all steps.
    """

    is_asked: bool
    looks: int = 0
    is_traced: bool = False


class FrozenNumber(BaseModel):
    """A number of the program that a traced step has read as a constant.

    Attributes:
        name: As the program writes it.
        traced: What it was when the step was traced.
        now: What it was when it was last looked at.
    """

    name: str
    traced: float
    now: float


class FrozenCard(BaseModel):
    """Numbers that the program has changed since the step was traced: it does not see that.

    Attributes:
        numbers: At most eight.
        of: How many numbers the step has read.
    """

    numbers: tuple[FrozenNumber, ...] = ()
    of: int = 0


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
        asked: Of the generator, whether its loss depends on the discriminator; None where that is not known.
        frozen: Numbers that its traced step has read; None where no step was traced.
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
    asked: AskedCard | None = None
    frozen: FrozenCard | None = None
