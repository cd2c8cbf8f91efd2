"""Inputs that are images are kept beside what was made of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.recording.instruments.answers import Answers
from gandoctor.recording.probe.images import data_card
from gandoctor.recording.probe.partners import Partners
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.cards import PairCard
from support.recorded_runs import digits

TARGETS = (digits()[:64, :, :, :1].astype(np.float32) / 127.5 - 1).reshape(64, 28, 28, 1)
INPUTS = -TARGETS
NOISE = np.random.default_rng(0).normal(size=(64, 28, 28, 1)).astype(np.float32)


def kept(tmp_path: Path, inputs: Any = INPUTS, told: float = 0.8, steps: tuple[int, ...] = (1,)) -> Any:
    """What the run holds after probes at these steps, in which the generator made ever darker targets."""
    manifest = Manifest(data=data_card(TARGETS, None, TARGETS), pairs=PairCard(count=288, told=told))
    writer = RunWriter(tmp_path / "run", manifest)
    recording = SimpleNamespace(
        forward=SimpleNamespace(latents=inputs),
        manifest=manifest,
        partners=Partners(inputs, TARGETS),
        writer=writer,
        is_closing=False,
    )
    instrument = Answers(recording)  # type: ignore[arg-type]
    for step in steps:
        probe = SimpleNamespace(fakes=np.full_like(TARGETS, 1.0 - 2.0 * step / 1000))
        assert instrument.probe(step, probe) == {}  # type: ignore[arg-type]
    writer.close("completed")
    return load_run(tmp_path / "run").answers


def test_inputs_beside_what_was_made_and_what_belongs_to_them(tmp_path: Path) -> None:
    answers = kept(tmp_path)
    as_bytes = np.round((TARGETS[:8] + 1) / 2 * 255)
    np.testing.assert_allclose(answers.belonging, as_bytes, atol=1)
    np.testing.assert_allclose(answers.inputs, 255 - as_bytes, atol=1)
    assert answers.made.shape == (8, 28, 28, 1)


def test_without_pairs_nothing_belongs_to_an_input(tmp_path: Path) -> None:
    answers = kept(tmp_path, told=0.01)
    assert answers.belonging is None
    assert len(answers.inputs) == len(answers.made) == 8


@pytest.mark.parametrize("inputs", [NOISE, NOISE.reshape(64, -1), INPUTS[:, :4, :4], INPUTS[..., [0] * 4], INPUTS * 0])
def test_what_is_no_image_is_not_shown(tmp_path: Path, inputs: np.ndarray) -> None:
    assert kept(tmp_path, inputs) is None


def test_they_are_kept_anew_at_times(tmp_path: Path) -> None:
    assert kept(tmp_path / "soon", steps=(400, 450)).made.mean() == pytest.approx(255 * 0.6, abs=1), "too soon"
    assert kept(tmp_path / "later", steps=(400, 500)).made.mean() == pytest.approx(255 * 0.5, abs=1)


def test_what_cannot_be_read_is_absent(tmp_path: Path) -> None:
    kept(tmp_path)
    path = tmp_path / "run" / "samples" / "answers.npz"
    path.write_bytes(path.read_bytes()[:100])
    assert load_run(tmp_path / "run").answers is None
    np.savez(path, inputs=np.zeros((8, 28, 28, 1), np.uint8))
    assert load_run(tmp_path / "run").answers is None
