"""GD402."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.measures.images import lone_pixel_share
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run
from support.digit_batches import clean, showing, with_noise, with_salt_and_pepper
from support.recorded_runs import healthy, probes

RULE = find_rule("GD402")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


@pytest.mark.parametrize("sigma", [0.06, 0.1])
def test_gaussian_noise_is_named(make_run: MakeRun, sigma: float) -> None:
    finding = RULE.evaluate(make_run(showing(np.clip(with_noise(sigma), 0, 1), onset=400)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["sample_noise_sigma"]


@pytest.mark.parametrize("share", [0.02, 0.05])
def test_salt_and_pepper_is_named(make_run: MakeRun, share: float) -> None:
    finding = RULE.evaluate(make_run(healthy() | specks(with_salt_and_pepper(share))))
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    (evidence,) = finding.evidence
    assert evidence.signal == "sample_lone_pixels"
    assert evidence.statement.facts["share"] == evidence.observed == pytest.approx(0.3 * share, rel=0.2)


def specks(images: np.ndarray, onset: int = 400) -> Signals:
    """Lone pixels as probes count them: none to speak of on clean digits, and those of these images from then on."""
    before, after = (lone_pixel_share(np.clip(which[:32], 0, 1)) for which in (clean(), images))
    return {"sample_lone_pixels": probes(lambda s: after if s >= onset else before)}


def test_reals_with_specks_of_their_own_set_the_standard(make_run: MakeRun) -> None:
    """The limit lies 0.003 above the share of lone pixels among all stored reals."""
    reals = (with_salt_and_pepper(0.05) * 255).astype(np.uint8)
    own = lone_pixel_share(reals / np.float32(255))
    assert own > 0.01

    def status(above: float) -> Status:
        return RULE.evaluate(make_run(healthy() | {"sample_lone_pixels": probes(own + above)}, reals=reals)).status

    assert status(0.0029) is Status.NOT_DETECTED
    assert status(0.0031) is Status.DETECTED


def test_without_the_signal_grain_is_judged_alone(make_run: MakeRun) -> None:
    """Runs of earlier versions lack it: grain is found, and that nothing is there cannot be said."""
    grainy, clear = showing(np.clip(with_noise(0.1), 0, 1)), healthy()
    del grainy["sample_lone_pixels"], clear["sample_lone_pixels"]
    assert [e.signal for e in RULE.evaluate(make_run(grainy)).evidence] == ["sample_noise_sigma"]
    assert RULE.evaluate(make_run(clear)).status is Status.NOT_EVALUATED


def test_healthy_run_and_reals(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(showing(clean()) | specks(clean()))).status is Status.NOT_DETECTED


def test_look_alikes_sigmoid_floor_and_noise_without_shapes(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy() | {"sample_noise_sigma": probes(0.009)})).status is Status.NOT_DETECTED
    barely_seen = healthy() | {"sample_noise_sigma": probes(0.035)}
    assert RULE.evaluate(make_run(barely_seen)).status is Status.NOT_DETECTED
    crisp = (clean() > 0.5).astype(np.float32)  # no lone pixel, and as flat a spectrum as salt and pepper makes
    run = make_run(showing(crisp) | specks(crisp))
    assert run["sample_spectral_flatness"].iloc[-1] > 1.35 * 0.078
    assert RULE.evaluate(run).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(healthy() | specks(with_salt_and_pepper(0.003)))).status is Status.NOT_DETECTED
    noise = np.random.default_rng(0).random((128, 28, 28, 1))
    assert RULE.evaluate(make_run(showing(noise))).status is Status.NOT_DETECTED  # GD401's


def test_grain_on_faint_images_is_still_grain(make_run: MakeRun) -> None:
    """Young samples are faint, and grain takes more of their correlation: 0.5 and less is measured, 0.8 beneath it."""
    faint = 0.13 + 0.5 * (clean() - 0.13) + (with_noise(0.1) - clean())
    run = make_run(showing(faint))
    assert run["sample_autocorrelation"].iloc[-1] < 0.7
    assert RULE.evaluate(run).status is Status.DETECTED
    assert find_rule("GD401").evaluate(run).status is Status.NOT_DETECTED


def test_noise_that_ended_is_only_noted(make_run: MakeRun) -> None:
    signals = healthy() | {"sample_noise_sigma": probes(lambda s: 0.05 if 300 <= s <= 500 else 0.002)}
    assert RULE.evaluate(make_run(signals)).severity is Severity.INFO


def test_noise_that_falls_is_only_noted_and_noise_that_stays_is_not(make_run: MakeRun) -> None:
    improving = healthy() | {"sample_kid": probes(lambda s: 8.0 * 0.5 ** (s / 200))}
    falling = improving | {"sample_noise_sigma": probes(lambda s: 0.4 * 0.5 ** (s / 300))}
    finding = RULE.evaluate(make_run(falling))
    assert finding.severity is Severity.INFO
    facts = finding.evidence[0].statement.facts
    halves = {"early": 0.4 * 0.5 ** (820 / 300), "late": 0.4 * 0.5 ** (940 / 300)}
    assert facts == pytest.approx({"noise": finding.evidence[0].observed, "normal": 0.0, "steps": 200} | halves)
    assert RULE.evaluate(make_run(improving | {"sample_noise_sigma": probes(0.07)})).severity is Severity.WARNING


@pytest.mark.parametrize("missing", ["sample_noise_sigma", "sample_autocorrelation"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in healthy().items() if k != missing}))
    assert missing in str(finding.reason)


def test_warm_up_and_missing_reals(make_run: MakeRun) -> None:
    sick = showing(with_noise(0.1), onset=0)
    faint = sick | {"sample_latent_std": probes(0.05)}  # samples that hardly vary yet
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in faint.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)
    assert "real images" in str(RULE.evaluate(make_run(sick, real_count=0)).reason)


def test_causes(make_run: MakeRun) -> None:
    def card(layer: LayerCard) -> PlayerCard:
        return PlayerCard(name="generator", layers=[layer])

    sick = showing(with_noise(0.1)) | {"sample_train_infer_gap": probes(0.3)}
    noise = card(LayerCard(name="output_noise", type="OutputNoise"))
    finding = RULE.evaluate(make_run(sick, generator=noise))
    assert finding.causes[0].id == "noise-layer"
    assert finding.causes[0].test.facts["layers"] == "output_noise"
    dropout = card(LayerCard(name="dropout", type="Dropout", settings={"rate": 0.4}))
    finding = RULE.evaluate(make_run(sick, generator=dropout))
    assert finding.causes[0].id == "dropout-active-when-sampling"
    assert finding.causes[0].test.facts == {"rate": pytest.approx(0.4), "gap": pytest.approx(0.3)}


def test_strong_noise_and_many_specks_that_come_at_once_need_two_probes(make_run: MakeRun) -> None:
    for onset, status in ((980, Status.DETECTED), (1000, Status.NOT_DETECTED)):
        assert RULE.evaluate(make_run(showing(with_noise(0.15), onset=onset))).status is status
        peppered = healthy() | specks(with_salt_and_pepper(0.05), onset)
        assert RULE.evaluate(make_run(peppered)).status is status
    assert RULE.evaluate(make_run(showing(with_noise(0.05), onset=980))).status is Status.NOT_DETECTED
