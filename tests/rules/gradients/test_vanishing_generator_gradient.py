"""GD201."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.message import Message
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.gradients.vanishing_generator_gradient import LIMITS, layers_in_order
from gandoctor.rules.hypothesis import NOT_RECORDED
from gandoctor.signals import member_of
from gandoctor.store import LatentCard, LayerCard, PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD201")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]

LAYERS = ("dense", "up/conv", "output")
GENERATOR = PlayerCard(
    name="generator",
    layers=[
        LayerCard(name="dense", type="Dense", parameters=9),
        LayerCard(name="norm", type="BatchNormalization", parameters=9),
        LayerCard(name="conv", type="Conv2DTranspose", parameters=9, path="up"),
        LayerCard(name="output", type="Conv2DTranspose", parameters=9),
    ],
)


def falling(onset: int = 400, to: float = 1e-6, family_loss: float = 9.0) -> Signals:
    """The norm falls from 8 to `to` at a step; samples stay as they are."""
    return healthy() | {
        "g_loss": every_step(lambda s: family_loss if s >= onset else 1.4),
        "g_grad_norm": every_step(lambda s: to if s >= onset else 8.0),
    }


def conducting(ratio: float) -> Signals:
    """Norms of three layers and of a normalisation, whose names do not sort as they are called."""
    norms = dict(zip((*LAYERS, "norm"), (2.0 * ratio, 1.0, 2.0, 1e-9), strict=True))
    layers = {member_of("g_layer_grad_norm", layer): probes(norm) for layer, norm in norms.items()}
    return healthy() | {"g_grad_norm": every_step(3.0)} | layers


@pytest.mark.parametrize("to", [0.0, 1e-6])
def test_vanished_gradient_is_found_where_it_vanished(make_run: MakeRun, to: float) -> None:
    finding = RULE.evaluate(make_run(falling(400, to)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.observed) == ("g_grad_norm", to)
    assert evidence.threshold == pytest.approx(8.0 * LIMITS.share)
    assert evidence.statement.facts["steps"] == 200  # the samples do not improve over as many


def test_the_word_is_right_for_the_loss(make_run: MakeRun) -> None:
    def told(family: str | None) -> str:
        gone = RULE.evaluate(make_run(falling(), loss_family=family)).evidence[0].statement.values["first"]
        assert isinstance(gone, Message)
        return str(gone.values["then"])

    assert told("minimax") == (
        "The minimax loss goes flat where the discriminator is sure of its fakes, and this is what it does."
    )
    assert told(None) == "The loss family is not known: of the usual losses only minimax goes flat by itself."
    for family in ("non_saturating", "hinge", "wasserstein", "least_squares"):
        assert told(family) == (
            "This loss does not go flat where the discriminator wins, so the way back is blocked elsewhere: by dead "
            "units, an output at its bound, or a clipped loss."
        )


def test_healthy_runs_of_any_level(make_run: MakeRun) -> None:
    for level in (1e-8, 0.12, 8.8, 1e6):
        assert RULE.evaluate(make_run(healthy() | {"g_grad_norm": every_step(level)})).status is Status.NOT_DETECTED


def test_look_alike_a_gradient_that_only_became_small(make_run: MakeRun) -> None:
    """The best run had the smallest gradient: 0.12, where others had 8.8."""
    assert RULE.evaluate(make_run(falling(to=8.0 * 2e-4))).status is Status.NOT_DETECTED


def test_look_alike_a_generator_that_has_what_it_wants(make_run: MakeRun) -> None:
    won = falling(family_loss=1e-4)
    for family in ("non_saturating", "least_squares", None):
        assert RULE.evaluate(make_run(won, loss_family=family)).status is Status.NOT_DETECTED
    for family in ("minimax", "hinge", "wasserstein"):  # 0 is not their floor
        assert RULE.evaluate(make_run(won, loss_family=family)).status is Status.DETECTED
    lost = falling(family_loss=-1e-4)
    assert RULE.evaluate(make_run(lost, loss_family=None)).status is Status.DETECTED


def test_look_alike_the_discriminators_hinge_loss_is_met(make_run: MakeRun) -> None:
    zero = {"d_grad_norm": every_step(0.0), "g_grad_norm": every_step(2.0)}
    assert RULE.evaluate(make_run(healthy() | zero, loss_family="hinge")).status is Status.NOT_DETECTED


def test_samples_that_improve_or_have_arrived_clear_it(make_run: MakeRun) -> None:
    better = falling() | {"sample_kid": probes(lambda s: 1.0 - s / 1100)}
    assert RULE.evaluate(make_run(better)).status is Status.NOT_DETECTED
    arrived = falling() | {"sample_kid": probes(0.0)}
    assert RULE.evaluate(make_run(arrived)).status is Status.NOT_DETECTED
    unknown = {k: v for k, v in falling().items() if not k.startswith("sample_")}
    finding = RULE.evaluate(make_run(unknown))
    assert finding.severity is Severity.WARNING
    assert str(finding.evidence[0].statement.values["then"]) == "Whether the samples still improve is not known."


def test_a_gradient_that_came_back_is_one_notch_less(make_run: MakeRun) -> None:
    signals = falling() | {"g_grad_norm": every_step(lambda s: 0.0 if 400 <= s < 600 else 8.0)}
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.WARNING
    assert finding.first_step == 400
    assert finding.last_step == pytest.approx(630, abs=5)
    assert finding.evidence[0].statement.facts["step"] == finding.last_step


def test_a_short_gap_is_none(make_run: MakeRun) -> None:
    signals = falling() | {"g_grad_norm": every_step(lambda s: 0.0 if 400 <= s < 425 else 8.0)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_layers_are_judged_in_the_order_of_the_card(make_run: MakeRun) -> None:
    run = make_run(conducting(1e-4), generator=GENERATOR)
    assert [layer for layer, _ in layers_in_order(run)] == list(LAYERS)
    (evidence,) = RULE.evaluate(run).evidence
    assert evidence.layers == ("generator/dense", "generator/output")
    assert evidence.observed == pytest.approx(1e-4)
    assert evidence.threshold == LIMITS.conduction
    assert evidence.severity is Severity.CRITICAL
    assert evidence.last_step == 1000


@pytest.mark.parametrize("ratio", [0.035, 0.6, 5.0])
def test_layers_of_healthy_runs_and_of_one_without_normalisation(make_run: MakeRun, ratio: float) -> None:
    assert RULE.evaluate(make_run(conducting(ratio), generator=GENERATOR)).status is Status.NOT_DETECTED


def test_look_alike_constant_latents_leave_the_first_layer_nothing(make_run: MakeRun) -> None:
    signals = conducting(1e-4)
    constant = LatentCard(shape=(100,), mean=0.0, std=0.0)
    assert RULE.evaluate(make_run(signals, generator=GENERATOR, latent=constant)).status is Status.NOT_DETECTED
    drawn = signals | {"latent_spread": every_step(0.0)}
    assert RULE.evaluate(make_run(drawn, generator=GENERATOR)).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED  # without a card the order is not known


def test_missing_signal_warm_up_and_too_short(make_run: MakeRun) -> None:
    assert str(RULE.evaluate(make_run(healthy())).reason) == "g_grad_norm was not recorded."
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in falling(20).items()}
    assert RULE.evaluate(make_run(young)).status is Status.NOT_EVALUATED
    short = RULE.evaluate(make_run(healthy() | {"g_grad_norm": every_step(1.0, start=970)}))
    assert short.reason is not None
    assert short.reason.values == {"signal": "g_grad_norm", "span": 60}


@pytest.mark.parametrize(
    ("first", "fields", "signals"),
    [
        ("saturating-loss", {"loss_family": "minimax"}, {"d_loss": every_step(0.01)}),
        ("no-gradient-arrives", {}, {"g_grad_norm": every_step(lambda s: 0.0 if s > 200 else 8.0)}),
        ("dead-units", {}, {"d_dead_units": probes(0.8), "g_dead_units": probes(0.0)}),
        ("saturated-output", {}, {"sample_std": probes(0.0), "sample_mean": probes(0.0)}),
        (
            "no-batch-norm",
            {"generator": GENERATOR.model_copy(update={"layers": [GENERATOR.layers[i] for i in (0, 2, 3)]})},
            {k: v for k, v in conducting(1e-4).items() if "layer" in k},
        ),
    ],
)
def test_causes(make_run: MakeRun, first: str, fields: dict[str, object], signals: Signals) -> None:
    finding = RULE.evaluate(make_run(falling(200) | signals, **fields))
    assert finding.causes[0].id == first
    assert finding.causes[0].test.values["shown"] is not NOT_RECORDED
    assert finding.causes[0].score > finding.causes[1].score


def test_a_clipped_loss_is_told_by_its_constant(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(falling(200, 0.0, family_loss=16.118095)))
    assert finding.causes[0].id == "no-gradient-arrives"
    assert str(finding.causes[0].test.values["shown"]) == (
        "the gradient is exactly 0; the generator's loss is 16.12 at nearly every step"
    )
