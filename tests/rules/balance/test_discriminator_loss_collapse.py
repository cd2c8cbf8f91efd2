"""GD301."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.balance.discriminator_loss_collapse import running_median
from gandoctor.store import DataCard, LatentCard, LayerCard, PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD301")
MakeRun = Callable[..., Run]


def collapsed(onset: int = 400) -> dict[str, dict[int, float]]:
    return healthy() | {
        "d_loss": every_step(lambda s: 0.002 if s >= onset else 0.55),
        "g_loss": every_step(lambda s: 12.0 if s >= onset else 1.4),
        "d_logit_gap": probes(lambda s: 30.0 if s >= onset else 1.5),
    }


def test_collapse_is_found_where_it_began(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(collapsed()))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["d_loss", "d_logit_gap"]
    assert "do not improve" in str(finding.evidence[0].statement)


def test_healthy_run_with_its_early_dip(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED


@pytest.mark.parametrize("signal", ["sample_kid", "sample_autocorrelation"])
def test_look_alike_strong_discriminator_while_samples_improve(make_run: MakeRun, signal: str) -> None:
    value = (lambda s: 8.0 * 0.5 ** (s / 200)) if signal == "sample_kid" else (lambda s: 0.82 - 0.8 * 0.5 ** (s / 300))
    finding = RULE.evaluate(make_run(collapsed() | {signal: probes(value)}))
    assert finding.status is Status.NOT_DETECTED


def test_look_alike_small_logit_gap(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(collapsed() | {"d_logit_gap": probes(2.4)})).status is Status.NOT_DETECTED


def test_improvement_within_noise_does_not_count(make_run: MakeRun) -> None:
    kid = probes(lambda s: 0.030 - 0.00002 * s)
    assert RULE.evaluate(make_run(collapsed() | {"sample_kid": kid})).status is Status.DETECTED


def test_a_few_low_batches_are_no_collapse(make_run: MakeRun) -> None:
    signals = collapsed() | {"d_loss": every_step(lambda s: 0.002 if s % 3 == 0 else 0.4)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_a_dip_that_ended_is_a_warning(make_run: MakeRun) -> None:
    signals = collapsed() | {"d_loss": every_step(lambda s: 0.002 if 400 <= s < 600 else 0.55)}
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.WARNING
    assert "recovered" in str(finding.evidence[0].statement)


def test_unknown_progress_lowers_the_severity(make_run: MakeRun) -> None:
    signals = {k: v for k, v in collapsed().items() if not k.startswith("sample_")}
    finding = RULE.evaluate(make_run(signals))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert "not known" in str(finding.evidence[0].statement)


def test_without_logits_the_loss_alone_decides(make_run: MakeRun) -> None:
    signals = collapsed()
    del signals["d_logit_gap"]
    assert RULE.evaluate(make_run(signals)).severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("family", "level", "status"),
    [
        ("least_squares", 0.003, Status.DETECTED),
        ("least_squares", 0.02, Status.NOT_DETECTED),
        ("hinge", 0.01, Status.DETECTED),
        ("hinge", 0.08, Status.NOT_DETECTED),
        ("minimax", 0.01, Status.DETECTED),
        ("minimax", 0.05, Status.NOT_DETECTED),
        ("wasserstein", 0.0, Status.NOT_EVALUATED),
        (None, 0.0, Status.NOT_EVALUATED),
    ],
)
def test_every_family_has_its_own_scale(make_run: MakeRun, family: str | None, level: float, status: Status) -> None:
    finding = RULE.evaluate(make_run(collapsed(1) | {"d_loss": every_step(level)}, loss_family=family))
    assert finding.status is status


@pytest.mark.parametrize("family", ["least_squares", "hinge"])
@pytest.mark.parametrize(
    ("separation", "status"),
    [
        ({"d_prime": 6.0}, Status.DETECTED),
        ({"d_prime": -6.0}, Status.DETECTED),
        ({"d_prime": 2.5, "d_auc": 1.0}, Status.NOT_DETECTED),
        ({"d_auc": 1.0}, Status.DETECTED),
        ({"d_auc": 0.0}, Status.DETECTED),
        ({"d_auc": 0.97}, Status.NOT_DETECTED),
        ({}, Status.DETECTED),
    ],
)
def test_other_families_are_separated_by_scores(
    make_run: MakeRun, family: str, separation: dict[str, float], status: Status
) -> None:
    scores = {name: probes(value) for name, value in separation.items()}
    signals = collapsed(1) | {"d_loss": every_step(0.003)} | scores
    finding = RULE.evaluate(make_run(signals, loss_family=family))  # a logit gap says nothing there
    assert finding.status is status
    if status is Status.DETECTED:
        assert [e.signal for e in finding.evidence] == ["d_loss", *list(separation)[:1]]


@pytest.mark.parametrize(("level", "status"), [(0.015, Status.DETECTED), (0.035, Status.NOT_DETECTED)])
def test_a_summed_loss_makes_it_slower_never_quicker(make_run: MakeRun, level: float, status: Status) -> None:
    # 0.035 summed over both halves is 0.017 averaged: the border of what a mean may be.
    losses = every_step(lambda s: level * (0.6 + 0.2 * (s % 5)))
    assert RULE.evaluate(make_run(collapsed(1) | {"d_loss": losses})).status is status


SMOOTHED = {"real_label": 0.9, "fake_label": 0.0}


def near(level: float) -> dict[int, float]:
    return every_step(lambda s: level + 0.01 * (s % 5))


def test_smoothed_labels_raise_the_floor(make_run: MakeRun) -> None:
    won = collapsed() | {"d_loss": every_step(lambda s: 0.163 + 0.002 * (s % 5) if s >= 400 else 0.55)}
    finding = RULE.evaluate(make_run(won, declared=SMOOTHED))
    assert finding.severity is Severity.CRITICAL
    assert finding.evidence[0].statement.facts["floor"] == pytest.approx(0.1625, abs=0.001)
    keras = {"discriminator, as compiled": {"type": "BinaryCrossentropy", "label_smoothing": 0.2}}
    both = collapsed() | {"d_loss": every_step(lambda s: 0.33 if s >= 400 else 0.6)}  # 0.9 and 0.1: a floor of 0.325
    assert RULE.evaluate(make_run(both, losses=keras)).severity is Severity.CRITICAL
    healthy_one = healthy() | {"d_loss": near(0.35)}
    assert RULE.evaluate(make_run(healthy_one, declared=SMOOTHED)).status is Status.NOT_DETECTED


def test_smoothing_nobody_declared_is_a_warning_with_the_gap_only(make_run: MakeRun) -> None:
    won = collapsed() | {"d_loss": every_step(lambda s: 0.17 + 0.005 * (s % 5) if s >= 400 else 0.55)}
    finding = RULE.evaluate(make_run(won))
    assert finding.severity is Severity.WARNING
    assert "as with smoothed labels" in str(finding.evidence[0].statement)
    assert RULE.evaluate(make_run(won | {"d_logit_gap": probes(4.0)})).status is Status.NOT_DETECTED
    without = {name: series for name, series in won.items() if name != "d_logit_gap"}
    assert RULE.evaluate(make_run(without)).status is Status.NOT_DETECTED
    early = won | {"d_logit_gap": probes(30.0, stop=300)}
    assert RULE.evaluate(make_run(early)).status is Status.NOT_DETECTED
    improving = won | {"sample_kid": probes(lambda s: 8.0 * 0.5 ** (s / 200))}
    assert RULE.evaluate(make_run(improving)).status is Status.NOT_DETECTED


def test_missing_signal_and_warm_up(make_run: MakeRun) -> None:
    assert "d_loss was not recorded" in str(RULE.evaluate(make_run({"g_loss": every_step(1.0)})).reason)
    young = {name: {s: v for s, v in series.items() if s <= 100} for name, series in collapsed(1).items()}
    finding = RULE.evaluate(make_run(young))
    assert finding.status is Status.NOT_EVALUATED
    assert "warm-up" in str(finding.reason)


def test_running_median_needs_its_span_behind_it() -> None:
    series = pd.Series(range(1, 201), index=range(1, 201), dtype=float)
    median = running_median(series)
    assert median.index[0] == 61
    assert median.loc[100] == series.loc[41:100].median()
    sparse = running_median(series.iloc[::10])
    assert sparse.loc[101] == series.iloc[::10].loc[42:101].median()


def top_cause(run: Run) -> str:
    finding = RULE.evaluate(run)
    assert finding.status is Status.DETECTED
    assert all("This run: " in str(cause.test) for cause in finding.causes)
    return finding.causes[0].id


def generator(activation: str) -> PlayerCard:
    return PlayerCard(
        name="generator",
        layers=[
            LayerCard(name="conv", type="Conv2DTranspose", settings={"activation": "linear"}, parameters=10),
            LayerCard(name="out", type="Activation", settings={"activation": activation}),
            LayerCard(name="noise", type="OutputNoise"),
        ],
    )


def test_cause_generator_not_moving(make_run: MakeRun) -> None:
    assert top_cause(make_run(collapsed() | {"g_update_ratio": probes(2e-6)})) == "generator-not-moving"
    signals = collapsed() | {"g_learning_rate": probes(1e-7)}
    del signals["g_update_ratio"]
    assert top_cause(make_run(signals)) == "generator-not-moving"


def test_cause_latents_ignored(make_run: MakeRun) -> None:
    assert top_cause(make_run(collapsed() | {"sample_latent_std": probes(1e-4)})) == "latents-ignored"
    constant = LatentCard(shape=(100,), minimum=0, maximum=0, mean=0, std=0)
    assert top_cause(make_run(collapsed(), latent=constant)) == "latents-ignored"


def test_cause_range_mismatch(make_run: MakeRun) -> None:
    data = DataCard(shape=(28, 28, 1), dtype="float32", minimum=-1, maximum=1, mean=-0.7, std=0.6, probe_count=9)
    assert top_cause(make_run(collapsed(), data=data, generator=generator("sigmoid"))) == "range-mismatch"
    assert top_cause(make_run(collapsed(), data=data)) == "range-mismatch"  # told by the samples' own range
    matched = RULE.evaluate(make_run(collapsed(), data=data, generator=generator("tanh")))
    assert {c.id: c.score for c in matched.causes}["range-mismatch"] < 0.1


def test_cause_pretrained(make_run: MakeRun) -> None:
    signals = collapsed(1)
    signals["d_logit_gap"] = {1: 20.0} | signals["d_logit_gap"]
    assert top_cause(make_run(signals)) == "discriminator-pretrained"


def test_cause_learning_rates(make_run: MakeRun) -> None:
    signals = collapsed() | {"d_learning_rate": probes(4e-3), "g_learning_rate": probes(4e-4)}
    assert top_cause(make_run(signals)) == "discriminator-learns-faster"


def test_cause_labels_disagree(make_run: MakeRun) -> None:
    signals = collapsed() | {"g_loss": every_step(0.001), "d_logit_gap": probes(-41.0)}
    assert top_cause(make_run(signals)) == "labels-disagree"


def test_cause_phases_disagree_where_nothing_tells_in_what(make_run: MakeRun) -> None:
    signals = collapsed() | {"g_loss": every_step(0.001)}
    assert top_cause(make_run(signals)) == "phases-disagree"
    lagging = signals | {"sample_train_infer_gap": probes(2.6)}
    assert top_cause(make_run(lagging)) == "batch-norm-mode"
