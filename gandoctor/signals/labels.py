"""Signals of conditional GANs: what the label does to the samples and to the discriminator's scores."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_SHARE = Chart(
    "sample-label-share",
    groups.SAMPLES,
    Message("What labels explain of the samples"),
    Message(
        "Conditional GANs only. Solid: the share of the samples' variance that their labels account for. Dashed: what "
        "shuffled labels seem to account for in one probe of twenty. Below it, the samples do not show their labels."
    ),
)

SIGNALS = (
    Signal(
        "sample_label_share",
        units.SHARE,
        Message("Share of the samples' variance that their labels account for. 0: none of it."),
        "probe",
        _SHARE,
    ),
    Signal(
        "sample_label_chance",
        units.SHARE,
        Message("What 64 samples seem to have of it by chance in one case of twenty: with their labels shuffled."),
        "probe",
        _SHARE,
        "generator",
        "dash",
    ),
    Signal(
        "sample_label_effect",
        None,
        Message(
            "Squared distance by which a sample moves when only its label changes, relative to that between samples of "
            "one label. 0: the label changes nothing; 1: as much as other noise."
        ),
        "probe",
        Chart(
            "sample-label-effect",
            groups.SAMPLES,
            Message("Effect of the label on the samples"),
            Message(
                "Conditional GANs only. Near 0: the generator does not use the label. Far above 1: it does not use the "
                "noise."
            ),
        ),
    ),
    Signal(
        "d_label_effect",
        units.PROBABILITY,
        Message(
            "Probability that the discriminator ranks a real image higher under its own label than under another. "
            "0.5: the label makes no difference to it."
        ),
        "probe",
        Chart(
            "d-label-effect",
            groups.DISCRIMINATOR,
            Message("Own label against another"),
            Message(
                "Conditional GANs only. Near 0.5: the discriminator does not look at the label, so it cannot teach the "
                "generator what it means."
            ),
            limits=(-0.04, 1.04),
        ),
    ),
)
