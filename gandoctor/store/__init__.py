"""The run directory, through which training and diagnosis communicate. They share nothing else.

The writer only appends and survives a crash. The reader trusts nothing that it reads.
"""

from gandoctor.store.cards import DataCard, LatentCard, LatentLaw, ObjectiveCard
from gandoctor.store.events import Event
from gandoctor.store.games import GamesRun, load_run
from gandoctor.store.manifest import Manifest
from gandoctor.store.player_card import LayerCard, PlayerCard, Reach
from gandoctor.store.run import Run, RunState
from gandoctor.store.samples import SampleSheet
from gandoctor.store.writer import RunWriter

__all__ = [
    "DataCard",
    "Event",
    "GamesRun",
    "LatentCard",
    "LatentLaw",
    "LayerCard",
    "Manifest",
    "ObjectiveCard",
    "PlayerCard",
    "Reach",
    "Run",
    "RunState",
    "RunWriter",
    "SampleSheet",
    "load_run",
]
