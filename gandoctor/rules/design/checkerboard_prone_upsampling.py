"""GD108: transposed convolutions whose kernel does not fit their stride.

What it is
    The generator enlarges its feature maps by a transposed convolution whose kernel side is not a multiple of its
    stride, such as 5 or 3 with stride 2.

Why it hurts
    Neighbouring pixels are then made by different numbers of kernel entries: 9, 6 and 4 of a 5 x 5 kernel with stride
    2. The weights can learn to even that out and often do not, and the samples show a checkerboard. With a kernel
    smaller than the stride, no entry reaches some of the pixels at all.

How it is recognised
    By kernel sizes and strides in the model card, before the first step. It is a remark: good generators are built
    this way, the DCGAN paper's among them. The samples tell whether a checkerboard is there (GD406). A kernel smaller
    than its stride is a warning.

What it is not
    Kernels of side 4 with stride 2 overlap evenly. `UpSampling2D` followed by a convolution of stride 1, as in the
    article's generator, makes no such pattern. A discriminator's strides can put a pattern into its gradient; that is
    not judged here.

What to do
    Use kernels of side 4 with stride 2, or enlarge first and convolve with stride 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.networks.kernels import uneven_sides
from gandoctor.networks.network import Network
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Nothing to calibrate.

    Attributes:
        remainder: Of kernel side over stride.
    """

    remainder: int = 0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of each transposed convolution of the generator that overlaps unevenly."""
    return search_networks(run, lambda network: list(_uneven(network, limits)), players=("g",))


def _uneven(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, stage in network.of_role("weights"):
        uneven = [(k, s) for k, s in uneven_sides(stage.layer) if k % s > limits.remainder]
        if "Transpose" not in stage.layer.type or not uneven:
            continue
        kernel, stride = uneven[0]
        if any(k < s for k, s in uneven):
            effect, severity = Message("no kernel entry reaches some of the pixels"), Severity.WARNING
        else:
            effect = Message("neighbouring pixels are made by different numbers of kernel entries")
            severity = Severity.INFO
        statement = Message(
            "The generator's {layer} has kernel {kernel} with stride {stride}: {effect}.",
            layer=stage.layer.address,
            kernel=kernel,
            stride=stride,
            effect=effect,
        )
        yield card_evidence(statement, kernel % stride, limits.remainder, [network.address(i)], severity)


LIMITS = Limits()

RULE = Rule(
    id="GD108",
    name="checkerboard-prone-upsampling",
    title=Message("The generator's upsampling is prone to checkerboards"),
    severity=Severity.INFO,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("even-upsampling",),
    references=("Odena et al., Deconvolution and Checkerboard Artifacts, Distill 2016",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD406",),
        critical=0.95,
        warning=0.93,
        info=0.9,
        same_as=("uneven-upsampling",),
    ),
)
