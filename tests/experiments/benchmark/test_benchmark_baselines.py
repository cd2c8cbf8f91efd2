"""Every baseline on series that set it off at a known step, and on series just below."""

from itertools import count

import pytest

from gandoctor.experiments.benchmark.baselines import BASELINES, scores
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.player_card import LayerCard, PlayerCard

STEPS = 400
PLAYER = PlayerCard(name="generator", layers=[LayerCard(type="Dense", name=name) for name in ("z_in", "hidden", "out")])
"""The names are not in alphabetical order, the columns of a run are."""


@pytest.fixture
def make_run(tmp_path):
    numbers = count()

    def make(manifest=None, **signals):
        run_dir = tmp_path / f"run{next(numbers)}"
        given = manifest or Manifest(planned_steps=600, generator=PLAYER)
        writer = RunWriter(run_dir, given)
        for step in range(1, STEPS + 1):
            row = {name.replace("__", "/"): value(step) for name, value in signals.items()}
            writer.record(step, {name: value for name, value in row.items() if value is not None})
        writer.close("completed")
        return load_run(run_dir)

    return make


def first(run, name):
    return BASELINES[name](run)


def test_a_loss_that_stays_low_for_twenty_steps(make_run):
    assert first(make_run(d_loss=lambda s: 0.04 if s >= 30 else 0.5), "low_d_loss") == 49
    assert first(make_run(d_loss=lambda s: 0.04 if s % 20 else 0.06), "low_d_loss") is None


def test_warm_up_excuses_an_early_dip_only(make_run):
    early = make_run(d_loss=lambda s: 0.01 if 20 <= s < 140 else 0.5)
    assert first(early, "low_d_loss") == 39
    assert first(early, "low_d_loss_after_warm_up") is None
    late = make_run(d_loss=lambda s: 0.01 if s >= 100 else 0.5)
    assert first(late, "low_d_loss_after_warm_up") == 319  # warm-up ends at step 300


def test_a_large_gradient_of_either_player(make_run):
    assert (
        first(make_run(d_grad_norm=lambda s: 1.0, g_grad_norm=lambda s: 101.0 if s == 77 else 9.0), "large_gradient")
        == 77
    )
    assert first(make_run(d_grad_norm=lambda s: float("nan") if s > 50 else 1.0), "large_gradient") == 51
    assert first(make_run(d_grad_norm=lambda s: 100.0), "large_gradient") is None


def test_the_first_layer_is_that_of_the_network_not_of_the_alphabet(make_run):
    def ends(value_of_first, value_of_last):
        columns = {"g_layer_grad_norm__z_in": value_of_first, "g_layer_grad_norm__out": value_of_last}
        return make_run(**{name: lambda s, v=v: v(s) if s % 25 == 0 else None for name, v in columns.items()})

    vanishing = ends(lambda s: 5e-5 if s >= 200 else 1.0, lambda s: 1.0)
    assert (first(vanishing, "vanishing_layers"), first(vanishing, "exploding_layers")) == (200, None)
    exploding = ends(lambda s: 71.0 if s >= 100 else 1.0, lambda s: 1.0)
    assert (first(exploding, "vanishing_layers"), first(exploding, "exploding_layers")) == (None, 100)
    assert first(ends(lambda s: 0.0, lambda s: 0.0), "vanishing_layers") == 25
    assert first(ends(lambda s: 5e-5, lambda s: 5e-3), "vanishing_layers") is None


def test_layers_are_known_by_their_address_inside_blocks_and_wrappers(make_run):
    layers = [LayerCard(type="Dense", name="dense", path=path) for path in ("block_2", "block_1")]
    manifest = Manifest(planned_steps=600, generator=PlayerCard(name="generator", layers=layers))
    norms = {"block_2": lambda s: 5e-5, "block_1": lambda s: 1.0}
    run = make_run(manifest, **{f"g_layer_grad_norm__{path}__dense": value for path, value in norms.items()})
    assert first(run, "vanishing_layers") == 1


def test_a_loss_that_is_not_finite_has_exploded(make_run):
    assert first(make_run(d_loss=lambda s: float("inf") if s > 9 else 1.0), "exploding_layers") == 10


def test_dead_units(make_run):
    dead = make_run(g_dead_units=lambda s: (0.7 if s >= 100 else 0.69) if s % 25 == 0 else None)
    assert first(dead, "dead_units") == 100


def test_losses_that_do_not_decrease(make_run):
    falling = make_run(d_loss=lambda s: 0.9**s, g_loss=lambda s: 1.0)
    assert first(falling, "loss_not_decreasing") is None
    assert first(make_run(d_loss=lambda s: 1.0, g_loss=lambda s: 1.0), "loss_not_decreasing") == 11


def test_nothing_recorded_raises_no_alarm(make_run):
    empty = make_run(real_mean=lambda s: 0.5)
    assert {name: first(empty, name) for name in BASELINES} == dict.fromkeys(BASELINES)
    assert scores(empty) == {}


def test_scores_are_the_levels_that_a_threshold_is_compared_with(make_run):
    run = make_run(
        d_loss=lambda s: 0.02 if 300 <= s < 330 else 0.5, d_grad_norm=lambda s: float(s), g_grad_norm=lambda s: 1.0
    )
    assert scores(run) == {"low_d_loss_after_warm_up": 0.02, "large_gradient": float(STEPS)}
