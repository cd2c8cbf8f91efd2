"""GD026."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import PlayerCard, Run
from gandoctor.store.player_card import FrozenCard, FrozenNumber
from support.rarely import rarely
from support.recorded_runs import healthy

RULE = find_rule("GD026")
MakeRun = Callable[..., Run]
WEIGHT = FrozenNumber(name="GAN.weight", traced=0.0, now=0.5)
STEPS = 6


def judged(make_run: MakeRun, g: FrozenCard | None, d: FrozenCard | None) -> Finding:
    cards = {"generator": PlayerCard(name="g", frozen=g), "discriminator": PlayerCard(name="d", frozen=d)}
    return RULE.evaluate(make_run(healthy(), **cards))


def test_a_number_is_named_once(make_run: MakeRun) -> None:
    card = FrozenCard(numbers=(WEIGHT,), of=3)
    finding = judged(make_run, card, card)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    (evidence,) = finding.evidence
    assert "goes on with GAN.weight = 0. The program has changed it since, to 0.5" in str(evidence.statement)


def test_numbers_that_stay_are_no_finding(make_run: MakeRun) -> None:
    assert judged(make_run, FrozenCard(of=3), None).status is Status.NOT_DETECTED


def test_without_a_trace_it_is_not_checked(make_run: MakeRun) -> None:
    assert judged(make_run, None, None).status is Status.NOT_EVALUATED


# Real steps. `faded` is a global name that a step reads; the step counts its traces in `traces`.
faded, traces = 1.0, 0


def of_a_global(score: Any) -> Any:
    return faded * score


@contextmanager
def monitored(run_dir: Path) -> Iterator[tuple[Any, ...]]:
    keras = pytest.importorskip("keras")
    from gandoctor import GANMonitor

    keras.utils.set_random_seed(0)
    g = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6)])
    d = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    g_opt, d_opt = keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    with GANMonitor(run_dir, strict=True, **players) as monitor:
        yield monitor, g, d, g_opt, d_opt


def frozen(run_dir: Path, weighed: Callable[[Any], Any], change: Callable[[int], None], eagerly: bool = False) -> Any:
    """Train a loop whose generator's loss is `weighed`, changing something after every step; return the card."""
    tf = pytest.importorskip("tensorflow")
    from gandoctor.store import load_run

    with monitored(run_dir) as (monitor, g, d, g_opt, d_opt):

        def step(real: Any) -> None:
            global traces
            traces += 1
            for optimizer, network in ((d_opt, d), (g_opt, g)):
                with tf.GradientTape() as tape:
                    score = tf.reduce_mean(d(g(tf.random.normal((16, 4)))))
                    loss = score - tf.reduce_mean(d(real)) if network is d else -weighed(score)
                weights = network.trainable_variables
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

        run = step if eagerly else tf.function(step)
        for number in range(STEPS):
            run(tf.random.normal((16, 6)))
            monitor.step()
            change(number)
    card = load_run(run_dir).manifest.generator
    assert card is not None
    return card.frozen


@pytest.mark.training
def test_what_a_traced_loop_reads_is_found_wherever_it_stands(tmp_path: Path) -> None:
    settings = SimpleNamespace(loss=SimpleNamespace(weight=0.5, margin=3.0))
    enclosed = 2

    def weighed(score: Any) -> Any:
        return of_a_global(score) * settings.loss.weight * enclosed + settings.loss.margin

    def change(number: int) -> None:
        nonlocal enclosed
        global faded
        faded, enclosed, settings.loss.weight = faded / 2, enclosed + 1, 0.5 - number

    try:
        card = frozen(tmp_path / "run", weighed, change)
    finally:
        globals()["faded"] = 1.0
    found = {one.name: (one.traced, one.now) for one in card.numbers}
    assert found == {"faded": (1.0, 2.0**-STEPS), "enclosed": (2, 2 + STEPS), "settings.loss.weight": (0.5, -4.5)}
    assert card.of == 4, "the margin is read as well; the step itself counts its traces"


@pytest.mark.training
def test_look_alikes(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    kept, unread = tf.Variable(1.0, trainable=False), SimpleNamespace(weight=1.0)

    def change(number: int) -> None:
        kept.assign(number)
        unread.weight += 1

    card = frozen(tmp_path / "variable", lambda score: kept * score, change)
    assert (card.numbers, card.of) == ((), 0)
    assert frozen(tmp_path / "eager", lambda score: unread.weight * score, change, eagerly=True) is None


@pytest.mark.training
@pytest.mark.parametrize("is_changed", [True, rarely(False)])
def test_an_attribute_that_a_callback_of_fit_changes(
    is_changed: bool, make_gan: Callable[..., Any], fit: Callable[..., None], reals: Any, tmp_path: Path
) -> None:
    import keras

    from gandoctor.monitors import GANMonitor
    from gandoctor.store import load_run

    gan = make_gan()
    original = type(gan).train_step

    class Fading(type(gan)):  # type: ignore[misc]
        weight = 0.0

        def train_step(self, real: Any) -> Any:
            assert self.weight >= 0
            return original(self, real)

    class Fade(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if is_changed:
                gan.weight = epoch + 1.0

    gan.__class__ = Fading
    gan.weight = 0.0
    fit(gan, reals, [GANMonitor(tmp_path / "run", probe_data=reals, strict=True), Fade()], steps=3, epochs=2)
    card = load_run(tmp_path / "run").manifest.generator
    assert card is not None
    assert card.frozen is not None
    names = [one.name.partition(".")[2] for one in card.frozen.numbers]
    assert names == (["weight"] if is_changed else [])
