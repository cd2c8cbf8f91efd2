"""A run that is being written and the live page that follows it, for the tests of both server and browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import numpy as np

from gandoctor.report.languages.language import language
from gandoctor.report.page.live import LivePage, LiveServer
from gandoctor.store import RunWriter
from support.report_runs import failing_row, make_manifest, strokes

EN = language("en")


class Training:
    """A run that is being written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.writer = RunWriter(folder, make_manifest())
        self.rng = np.random.default_rng(1)
        self.reals = strokes(40, 0.03)
        self.writer.reals(self.reals)
        self.last = 0
        self.train(30)

    def train(self, steps: int) -> None:
        for _ in range(steps):
            self.last += 1
            self.writer.record(self.last, failing_row(self.last, self.rng))
            if self.last % 10 == 0:
                self.writer.samples(self.last, strokes(16, 0.5, seed=self.last), self.reals)
        self.writer.flush()


@contextmanager
def serving(page: LivePage) -> Iterator[LiveServer]:
    with LiveServer(page) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def free_page(training: Training) -> LivePage:
    """A page that thinks rendering costs nothing, so that it follows at once."""
    return LivePage(training.path, EN, every_ms=50, cpu=lambda: 0.0)
