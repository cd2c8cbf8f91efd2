"""GD119: batch normalisation whose epsilon is as large as what it normalises.

What it is
    A batch normalisation layer adds 0.1 or more to the variance before it divides by its root. Usually a momentum was
    meant: the second argument of PyTorch's `nn.BatchNorm1d(128, 0.8)` is epsilon, and the third is momentum.

Why it hurts
    Epsilon is there to avoid a division by 0, and 1e-5 will do. Where it is larger than the variance, little is
    normalised: from layer to layer the values shrink, and those of a freshly initialised network are small to begin
    with. In a well-known script with 0.8 in its generator, trained on 5,000 digits, 29 of 64 samples were one
    image; with PyTorch's default, and nothing else changed, the collapse was gone.

How it is recognised
    By the settings in the model card, before the first step: an epsilon of 0.1 or more in a layer that normalises,
    whichever player has it.

What it is not
    Keras's default is 1e-3 and harmless. Layer and instance normalisation with a large epsilon are judged likewise.

What to do
    Leave epsilon at its default. If a momentum was meant, give it by name: 0.8 of the article and of Keras, which is
    the share that is kept, is `momentum=0.2` in PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.networks.network import Network
from gandoctor.player_names import NAMES
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        large: Epsilon from which a variance of 1, which a layer of unit gain hands on, comes out 5 % too small in its
            root, and a usual one of 0.1 to 0.3 up to 30 %. By arithmetic: no training was used to set it.
        named: Layers named.
    """

    large: float = 0.1
    named: int = 5


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of each network with normalisation whose epsilon is large."""
    return search_networks(run, lambda network: _too_large(network, limits))


def _too_large(network: Network, limits: Limits) -> list[Evidence]:
    found = {
        i: float(epsilon)
        for role in ("batch_norm", "norm")
        for i, stage in network.of_role(role)
        if isinstance(epsilon := stage.layer.settings.get("epsilon"), int | float) and epsilon >= limits.large
    }
    if not found:
        return []
    largest = max(found.values())
    statement = Message(
        "Normalisation in the {player} adds {epsilon:g} to the variance it divides by ({layers}): of values with a "
        "variance of 0.1 it leaves a standard deviation of {left:.2g}, where it should make 1. Was a momentum meant?",
        player=NAMES[network.player],
        epsilon=largest,
        layers=network.listed(sorted(found), limits.named),
        left=(0.1 / (0.1 + largest)) ** 0.5,
    )
    return [card_evidence(statement, largest, limits.large, map(network.address, sorted(found)))]


LIMITS = Limits()

RULE = Rule(
    id="GD119",
    name="large-epsilon",
    title=Message("Normalisation hardly normalises: its epsilon is too large"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("small-epsilon",),
    references=(
        "Ioffe and Szegedy, Batch Normalization, ICML 2015, algorithm 1 (epsilon is for numerical stability)",
        "PyTorch documentation, torch.nn.BatchNorm1d (num_features, eps=1e-05, momentum=0.1)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD303", "GD401", "GD402", "GD403", "GD404", "GD407", "GD409", "GD411"),
        critical=0.9,
        warning=0.8,
        info=0.3,
    ),
)
