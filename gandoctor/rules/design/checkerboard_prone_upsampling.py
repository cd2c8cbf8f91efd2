"""GD108: transposed convolutions whose kernel does not fit their stride.

What it is
    The generator enlarges its maps by a transposed convolution whose kernel side is not a multiple of its stride, such
    as 5 or 3 with stride 2.

Why it hurts
    Neighbouring pixels are then made by different numbers of kernel entries, 9, 6 and 4 of a 5 x 5 kernel with stride
    2. The weights can learn to even that out and often do not: the samples show a checkerboard. With a kernel
    smaller than the stride some pixels are made by none at all.

How it is recognised
    From kernel sizes and strides in the model card, before the first step. It is a remark: good generators are built
    this way, the DCGAN paper's among them. Whether a checkerboard is there the samples tell (GD406). A kernel smaller
    than its stride is a warning.

What it is not
    Kernels of side 4 with stride 2 overlap evenly. Enlarging by `UpSampling2D` and a convolution of stride 1, as the
    article's generator does, makes no such pattern. A discriminator's strides are another matter: they can put a
    pattern into its gradient, which is not judged here.

What to do
    Take kernels of side 4 with stride 2, or enlarge first and convolve with stride 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.rules.reading.model_card import Network, card_evidence, examined
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """There is nothing to calibrate.

    Attributes:
        remainder: Of kernel side over stride.
    """

    remainder: int = 0


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence for each transposed convolution of the generator that overlaps unevenly."""
    return examined(run, lambda network: _uneven(network, limits), players=("generator",))


def _uneven(network: Network, limits: Limits) -> list[Evidence]:
    evidence = []
    for i, stage in network.of_role("weights"):
        kernel, strides = stage.layer.settings.get("kernel_size"), stage.layer.settings.get("strides")
        if "Transpose" not in stage.layer.type or not isinstance(kernel, list) or not isinstance(strides, list):
            continue
        uneven = [
            (k, s)
            for k, s in zip(kernel, strides, strict=False)
            if isinstance(k, int) and isinstance(s, int) and s > 1 and k % s > limits.remainder
        ]
        if not uneven:
            continue
        k, s = uneven[0]
        holes = [(k, s) for k, s in uneven if k < s]
        effect = (
            "some pixels are made by no kernel entry at all"
            if holes
            else "neighbouring pixels are made by different numbers of kernel entries"
        )
        statement = f"The generator's {stage.layer.address} has kernel {k} with stride {s}: {effect}."
        severity = Severity.WARNING if holes else Severity.INFO
        evidence.append(card_evidence(statement, k % s, limits.remainder, [network.address(i)], severity))
    return evidence


LIMITS = Limits()

RULE = Rule(
    id="GD108",
    name="checkerboard-prone-upsampling",
    title="The generator's upsampling is prone to checkerboards",
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
