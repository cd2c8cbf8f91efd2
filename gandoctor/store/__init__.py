"""The run directory: the only place where training and diagnosis meet.

Writing is append-only and crash-safe; reading trusts nothing it finds.
"""

from gandoctor.loss_families import LossFamily
from gandoctor.store.events import Event
from gandoctor.store.manifest import (
    DataCard,
    LatentCard,
    LayerCard,
    Manifest,
    PlayerCard,
    Reach,
)
from gandoctor.store.run import Run, RunState, SampleSheet, load_run
from gandoctor.store.writer import RunWriter

__all__ = [
    "DataCard",
    "Event",
    "LatentCard",
    "LayerCard",
    "LossFamily",
    "Manifest",
    "PlayerCard",
    "Reach",
    "Run",
    "RunState",
    "RunWriter",
    "SampleSheet",
    "load_run",
]
