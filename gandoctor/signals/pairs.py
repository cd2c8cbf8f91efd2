"""Signals of paired training: whether samples belong to what they were made from."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups
from gandoctor.signals.signal import Chart, Signal

_TIE = Chart(
    "sample-pair-tie",
    groups.SAMPLES,
    Message("Samples beside their partners"),
    Message(
        "Paired data only, as in pix2pix. Solid: the correlation of samples with the real ones that are paired with "
        "their inputs. 1: the same; near 0: a sample has nothing to do with what it was made from. Dashed: what "
        "shuffled pairs reach in one probe of twenty."
    ),
)

SIGNALS = (
    Signal(
        "sample_pair_tie",
        None,
        Message("Correlation of samples with the real ones that training pairs with their inputs, over all columns."),
        "probe",
        _TIE,
    ),
    Signal(
        "sample_pair_chance",
        None,
        Message("What it reaches by chance in one probe of twenty: with the pairs shuffled."),
        "probe",
        _TIE,
        "generator",
        "dash",
    ),
)
