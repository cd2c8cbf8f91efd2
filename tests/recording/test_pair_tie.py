"""The instrument of pairs, on a generator whose use of its input is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.in_step import Call
from gandoctor.recording.instruments.pairs import PairTie
from gandoctor.recording.intake import Intake
from gandoctor.recording.probe.as_fed import Place
from gandoctor.recording.probe.images import data_card
from gandoctor.recording.probe.partners import Partners

RNG = np.random.default_rng(0)
N = 288
TARGETS = RNG.normal(size=(N, 8, 8, 1)).astype(np.float32)
INPUTS = np.maximum(TARGETS, 0)
NOISE = RNG.normal(size=(N, 16)).astype(np.float32)


def recorded(fakes: np.ndarray, inputs: Any = INPUTS, count: int = N, partners: bool = True, **more: Any) -> Any:
    """What is recorded of the first 64 rows."""
    place = Place(0, 0, 1, (8, 8, 1))
    forward = SimpleNamespace(latents=inputs[:64], image_place=place, reals=TARGETS)
    recording = SimpleNamespace(
        forward=forward,
        reals=TARGETS,
        manifest=SimpleNamespace(data=data_card(TARGETS, None, TARGETS), pairs=None),
        partners=Partners(inputs[:count], TARGETS[:count]) if partners else None,
        absence=lambda name: None,
    )
    recording.__dict__.update(more)
    instrument = PairTie(recording)  # type: ignore[arg-type]
    assert instrument.begin() == {}
    return instrument.probe(1, SimpleNamespace(fakes=fakes[:64])), recording.manifest.pairs  # type: ignore[arg-type]


def test_samples_are_compared_with_the_partners_of_their_inputs() -> None:
    found, card = recorded(0.5 * TARGETS)
    assert found["sample_pair_tie"] == pytest.approx(1)
    assert found["sample_pair_chance"] < 0.1
    assert (card.count, card.shown_to_discriminator) == (N, False)
    assert card.told > 0.3
    assert abs(recorded(RNG.permutation(TARGETS))[0]["sample_pair_tie"]) < 0.1


def test_noise_has_no_partners() -> None:
    found, card = recorded(TARGETS, NOISE)
    assert {absence.code for absence in found.values()} == {Absent.NOT_APPLICABLE}
    assert card.told < 0.1
    found, card = recorded(TARGETS, RNG.permutation(INPUTS))
    assert {absence.code for absence in found.values()} == {Absent.NOT_APPLICABLE}, "no pairs"


def test_too_few_rows_tell_nothing() -> None:
    for given in ({"count": 100}, {"partners": False}, {"reals": None}):
        found, card = recorded(TARGETS, **given)  # type: ignore[arg-type]
        assert all(isinstance(absence, Absence) for absence in found.values())
        assert card is None


def test_the_discriminator_may_be_shown_the_input_too() -> None:
    both = np.concatenate([INPUTS, TARGETS], axis=-1)
    forward = SimpleNamespace(latents=INPUTS[:64], image_place=Place(0, 1, 2, (8, 8, 1)), reals=both)
    assert recorded(TARGETS, forward=forward)[1].shown_to_discriminator is True


def test_without_latents_there_is_no_sample() -> None:
    why = Absence(Absent.NO_LATENTS, Message("none"))
    recording = SimpleNamespace(absence=lambda name: why)
    assert set(PairTie(recording).begin().values()) == {why}  # type: ignore[arg-type]


def taken(*calls: Call, steps: int = 1) -> Partners | None:
    intake = Intake()
    for _ in range(steps):
        intake.take(calls)
    return intake.partners()


def score(rows: np.ndarray) -> np.ndarray:
    return rows.reshape(len(rows), -1)[:, 0]


def test_real_samples_in_the_rows_of_the_inputs_are_kept() -> None:
    x, y, fake = INPUTS[:64], TARGETS[:64], RNG.normal(size=(64, 8, 8, 1)).astype(np.float32)
    apart = [Call("d", y, score(y)), Call("d", fake, score(fake))]
    joined = [Call("d", np.concatenate([fake, y]), score(np.concatenate([fake, y])))]
    beside = [Call("d", np.concatenate([x, part], -1), score(part)) for part in (y, fake)]
    for judged in (apart, joined, beside):
        # Run once more on the same inputs for its own update, the generator does not count twice.
        partners = taken(Call("g", x, fake), *judged, Call("g", x, fake))
        assert partners is not None
        rows, reals = partners.of(x[[5, 2]])
        np.testing.assert_array_equal(rows, [0, 1])
        np.testing.assert_array_equal(reals, y[[5, 2]])
    assert partners.of(x + 1)[0].size == 0


def test_each_update_of_a_step_has_its_own_batch() -> None:
    fakes = RNG.normal(size=(64, 8, 8, 1)).astype(np.float32)
    calls = []
    for k in (0, 32):
        x, y, fake = INPUTS[k : k + 32], TARGETS[k : k + 32], fakes[k : k + 32]
        calls += [Call("g", x, fake), Call("d", y, score(y)), Call("d", fake, score(fake))]
    partners = taken(*calls)
    assert partners is not None
    np.testing.assert_array_equal(partners.of(INPUTS[:64])[1], TARGETS[:64])


def test_batches_of_other_sizes_are_no_partners() -> None:
    x, y, fake = INPUTS[:64], TARGETS[:32], RNG.normal(size=(64, 8, 8, 1)).astype(np.float32)
    assert taken(Call("g", x, fake), Call("d", y, score(y)), Call("d", fake, score(fake))) is None
