"""A rule whose input was never seen is not evaluated: it never says that it found nothing."""

from __future__ import annotations

from unittest import mock

import pytest

from gandoctor.message import Absence, Absent, Message
from gandoctor.rules import Rule, Status, all_rules
from gandoctor.store import DataCard, LayerCard, Manifest, PlayerCard, Reach, Run
from gandoctor.store.cards import LatentCard, ObjectiveCard
from support.recorded_runs import digits, every_step, probes

STEPS = 2000
EACH_STEP = {
    "d_loss": 0.6,
    "g_loss": 1.4,
    "d_grad_norm": 0.5,
    "g_grad_norm": 0.4,
    "d_learning_rate": 2e-4,
    "g_learning_rate": 2e-4,
    "d_grad_left_over": 0.0,
    "g_grad_left_over": 0.0,
}
AT_PROBES = {
    "d_updates_a_step": 1.0,
    "g_updates_a_step": 1.0,
    "d_update_in_d_step": 0.01,
    "d_update_in_g_step": 0.0,
    "g_update_in_g_step": 0.01,
    "g_update_in_d_step": 0.0,
    "d_movement": 0.2,
    "g_movement": 0.2,
    "d_update_ratio": 1e-3,
    "g_update_ratio": 1e-3,
    "d_dead_units": 0.1,
    "g_dead_units": 0.1,
    "d_auc": 0.8,
    "d_prime": 1.0,
    "d_logit_gap": 1.5,
    "d_real_logit": 0.8,
    "d_holdout_logit": 0.8,
    "d_fake_logit": -0.7,
    "d_real_score": 0.7,
    "d_holdout_score": 0.7,
    "d_fake_score": 0.3,
    "d_real_accuracy_training": 0.8,
    "d_fake_accuracy_training": 0.8,
    "fake_logit_change_in_g_step": 0.05,
    "logit_gap_change_in_d_step": 0.1,
    "d_step_input_min": 0.0,
    "d_step_input_max": 1.0,
    "g_step_input_min": 0.0,
    "g_step_input_max": 1.0,
    "sample_min": 0.0,
    "sample_max": 1.0,
    "sample_mean": 0.13,
    "sample_std": 0.3,
    "sample_latent_std": 0.17,
    "sample_train_infer_gap": 0.1,
    "sample_autocorrelation": 0.86,
    "sample_spectral_flatness": 0.06,
    "sample_high_frequency": 0.03,
    "sample_noise_sigma": 0.0,
    "sample_impulse": 0.01,
    "sample_lone_pixels": 0.0,
    "sample_grid": 1.0,
    "sample_nn_distance": 5.8,
    "sample_duplicate_pairs": 0.0,
    "sample_pairwise_distance": 9.0,
    "sample_coverage": 0.9,
    "sample_copying": 0.5,
    "sample_kid": 0.05,
    "sample_class_kid": 0.02,
    "sample_missing_share": 0.0,
    "sample_class_perplexity": 9.9,
    "sample_step_distance": 0.3,
    "sample_return_distance": 0.6,
    "sample_label_share": 0.8,
    "sample_label_chance": 0.1,
    "d_input_gradient_real": 1.1,
    "d_input_gradient_fake": 1.2,
    "d_input_gradient_between": 1.0,
    "d_real_logit_quantile/5": -0.5,
    "d_real_logit_quantile/95": 2.1,
    "d_fake_logit_quantile/5": -2.2,
    "d_fake_logit_quantile/95": 0.6,
}

CAN_DO_WITHOUT: dict[str, set[str]] = {
    "GD001": {*EACH_STEP, *AT_PROBES},  # any value that passes through both networks shows it
    "GD002": {"d_update_in_d_step", "d_movement", "d_update_in_g_step"},  # its own updates or its way, either is enough
    "GD003": {"g_update_in_g_step", "g_movement", "g_update_in_d_step"},
    "GD006": {"d_step_input_min", "d_step_input_max", "g_step_input_min", "g_step_input_max", "real_mean", "sample_min",
              "sample_max"},  # the networks and the data decide
    "GD010": {"d_loss", "g_loss", "sample_std"},  # the images in both modes decide
    "GD104": {"d_learning_rate", "g_learning_rate"},  # the model card has them
    "GD105": {"d_loss", "g_loss", "d_fake_logit"},  # the model card has the Keras loss
    "GD201": {"latent_spread"},
    "GD203": {"d_grad_norm", "g_grad_norm", "d_learning_rate", "g_learning_rate"},
    "GD204": {"latent_spread"},
    "GD301": {"d_logit_gap"},  # it would fire all the same, less severely
    "GD302": {"d_logit_gap", "d_real_accuracy_training", "d_fake_accuracy_training", "sample_autocorrelation",
              "sample_noise_sigma", "sample_std", "sample_kid"},  # any of the statistics shows samples that differ
    "GD303": {"d_loss", "g_loss", "sample_kid"},  # details of what it would say
    "GD304": {"d_real_score", "d_holdout_score", "d_fake_score"},
    "GD307": {f"d_{kind}_logit_quantile/{q}" for kind in ("real", "fake") for q in (5, 95)},  # what is left is compared
    "GD401": {"sample_noise_sigma", "sample_impulse", "sample_std"},  # they only excuse
    "GD402": {"sample_std"},
    "GD403": {"sample_coverage"},
    "GD404": {"sample_class_perplexity", "sample_class_kid", "sample_noise_sigma", "sample_spectral_flatness",
              "sample_high_frequency", "sample_autocorrelation", "sample_impulse", "sample_std", "sample_mean",
              "sample_duplicate_pairs", "sample_nn_distance", "sample_latent_std", "sample_coverage"},
    "GD405": {"sample_noise_sigma", "sample_autocorrelation"},
    "GD409": {"sample_class_kid", "sample_mean"},
}  # fmt: skip
"""Rule -> signals that it reads where they are there, and can do without: others settle it."""


HOW_YOUNG = {"sample_latent_std", "sample_autocorrelation", "sample_noise_sigma", "sample_std"}
"""What tells how young the generator is: without it, a number of steps does."""


def player(name: str, *layers: LayerCard) -> PlayerCard:
    inputs = [layer.model_copy(update={"inputs": (i - 1,)}) for i, layer in enumerate(layers)]
    return PlayerCard(
        name=name,
        layers=inputs,
        parameters=100,
        optimizer={"type": "Adam", "learning_rate": 2e-4},
        order="called",
        outputs=(len(layers) - 1,),
        reach=Reach(low=0.0, high=1.0, layer="out") if name == "generator" else None,
    )


def layer(name: str, kind: str, *shape: int, parameters: int = 0, **settings: object) -> LayerCard:
    return LayerCard(name=name, type=kind, output_shape=(None, *shape), parameters=parameters, settings=dict(settings))


def manifest() -> Manifest:
    return Manifest(
        planned_steps=STEPS,
        loss_family="non_saturating",
        loss_family_source="inferred",
        real_is_high=True,
        objective=ObjectiveCard(
            reads="logits", is_sum=False, labels="own", output_low=-2.0, output_high=2.0, steps=5,
            changed_at_random="none"
        ),
        latent=LatentCard(shape=(100,), minimum=-4.0, maximum=4.0, mean=0.0, std=1.0, source="given"),
        losses={"attribute .bce": {"type": "BinaryCrossentropy", "from_logits": True}},
        data=DataCard(
            shape=(28, 28, 1), dtype="float32", minimum=0, maximum=1, mean=0.13, std=0.3, probe_count=512,
            holdout_count=64, distinct_count=512,
        ),
        generator=player(
            "generator",
            layer("hidden", "Dense", 64, parameters=640, units=64, activation="linear"),
            layer("norm", "BatchNormalization", 64, parameters=256, momentum=0.9),
            layer("relu", "ReLU", 64),
            layer("out", "Dense", 784, parameters=50000, units=784, activation="sigmoid"),
        ),
        discriminator=player(
            "discriminator",
            layer("seen", "Dense", 64, parameters=50000, units=64, activation="leaky_relu"),
            layer("logit", "Dense", 1, parameters=65, units=1, activation="linear"),
        ),
        cadence={"sample_count": 128.0, "pool_count": 128.0},
    )  # fmt: skip


def full(**changes: object) -> Run:
    """A run in which everything was recorded and nothing is wrong."""
    signals = {name: every_step(value, stop=STEPS) for name, value in EACH_STEP.items()}
    signals |= {name: probes(value, start=0, stop=STEPS) for name, value in AT_PROBES.items()}
    signals |= {
        "real_mean": every_step(lambda s: 0.13 + 0.01 * ((7 * s) % 31) / 31, stop=STEPS),
        "real_spread": every_step(lambda s: 0.3 + 0.01 * ((11 * s) % 37) / 37, stop=STEPS),
        "latent_mean": every_step(lambda s: 0.01 * ((7 * s) % 31) / 31, stop=STEPS),
        "latent_spread": every_step(lambda s: 1.0 + 0.01 * ((11 * s) % 37) / 37, stop=STEPS),
    }
    return Run.from_signals(signals, manifest().model_copy(update=changes), reals=digits()[:288])


def without(run: Run, *names: str) -> Run:
    left = Run.from_signals({}, run.manifest, reals=run.reals)
    left._columns = {name: column for name, column in run._columns.items() if name not in names}
    return left


def read_by(rule: Rule, run: Run) -> set[str]:
    """The signals that a rule asks for."""
    asked: set[str] = set()
    item, contains = Run.__getitem__, Run.__contains__
    with (
        mock.patch.object(Run, "__getitem__", lambda self, name: asked.add(name) or item(self, name)),
        mock.patch.object(Run, "__contains__", lambda self, name: asked.add(name) or contains(self, name)),
    ):
        rule.evaluate(run)
    return {name for name in asked if contains(run, name)}


@pytest.fixture(scope="module")
def run() -> Run:
    return full()


NEEDS_OTHER_DATA = {
    "GD015",
    "GD018",
    "GD019",
    "GD020",
    "GD021",
    "GD022",
    "GD023",
    "GD024",
    "GD025",
    "GD026",
    "GD027",
    "GD110",
    "GD411",
    "GD412",
    "GD413",
}
each_rule = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


@each_rule
def test_the_full_run_is_judged_and_clean(rule: Rule, run: Run) -> None:
    finding = rule.evaluate(run)
    expected = Status.NOT_EVALUATED if rule.id in NEEDS_OTHER_DATA else Status.NOT_DETECTED
    assert finding.status is expected, (finding.reason, finding.evidence)


@each_rule
def test_a_run_that_shows_nothing_is_not_judged(rule: Rule) -> None:
    nothing = Run.from_signals({"step_seconds": every_step(0.1, stop=STEPS)}, Manifest())
    assert rule.evaluate(nothing).status is Status.NOT_EVALUATED


@each_rule
def test_without_an_input_it_is_not_checked(rule: Rule, run: Run) -> None:
    judged = {
        name for name in read_by(rule, run) if rule.evaluate(without(run, name)).status is not Status.NOT_EVALUATED
    }
    assert judged <= CAN_DO_WITHOUT.get(rule.id, set()) | (set() if rule.is_fact else HOW_YOUNG)


@each_rule
def test_what_it_can_do_without_it_cannot_all_do_without_unseen(rule: Rule, run: Run) -> None:
    """Signals of which any settles it do not settle it when all are gone."""
    if rule.id in ("GD001", "GD002", "GD003", "GD302"):
        assert rule.evaluate(without(run, *CAN_DO_WITHOUT[rule.id])).status is Status.NOT_EVALUATED


@pytest.mark.parametrize("rule", ["GD008", "GD105", "GD301", "GD305"])
def test_a_loss_that_is_not_known_is_not_checked(rule: str) -> None:
    unknown = full(loss_family=None, losses={}, objective=None)
    finding = next(r for r in all_rules() if r.id == rule).evaluate(unknown)
    assert finding.status is Status.NOT_EVALUATED
    assert "loss" in str(finding.reason)


@pytest.mark.parametrize(
    ("part", "rules"),
    [
        ("generator", {"GD006", "GD101", "GD102", "GD103", "GD104", "GD108"}),
        ("discriminator", {"GD101", "GD102", "GD103", "GD104", "GD105", "GD106", "GD107"}),
        ("data", {"GD408"}),
    ],
)
def test_without_a_part_of_the_model_card_it_is_not_checked(part: str, rules: set[str]) -> None:
    lacking = full(**{part: None})
    for rule in all_rules():
        if rule.id in rules:
            assert rule.evaluate(lacking).status is Status.NOT_EVALUATED, rule.id


@pytest.mark.parametrize("rule", ["GD202", "GD203", "GD204"])
@pytest.mark.parametrize("player", ["d", "g"])
def test_a_player_that_was_not_seen_is_a_gap_and_one_without_such_units_is_none(
    rule: str, player: str, run: Run
) -> None:
    signal = {"GD202": "grad_norm", "GD203": "update_ratio", "GD204": "dead_units"}[rule]
    half = without(run, f"{player}_{signal}")
    judging = next(r for r in all_rules() if r.id == rule)
    assert judging.evaluate(half).status is Status.NOT_EVALUATED
    absence = Absence(Absent.NOT_APPLICABLE, Message("there is no such thing"))
    half.manifest = half.manifest.model_copy(update={"missing": {f"{player}_{signal}": absence}})
    assert judging.evaluate(half).status is Status.NOT_DETECTED


def test_a_network_that_no_value_shows_may_hold_nan() -> None:
    judging = next(r for r in all_rules() if r.id == "GD001")
    only_samples = judging.evaluate(Run.from_signals({"sample_mean": probes(0.1)}))
    assert only_samples.status is Status.NOT_EVALUATED
    assert "discriminator" in str(only_samples.reason)
    assert judging.evaluate(Run.from_signals({"d_loss": every_step(0.1)})).status is Status.NOT_DETECTED
