"""Synthetic runs and hand-made findings for the report's tests: no training, no TensorFlow, no rule that judges."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.message import Message
from gandoctor.rules import Cause, Evidence, Finding, Rule, Severity, Status, find_rule
from gandoctor.rules.hypotheses.players import GENERATOR_NOT_MOVING
from gandoctor.rules.rule import not_recorded
from gandoctor.store import DataCard, LatentCard, LayerCard, Manifest, PlayerCard, Reach, Run, RunWriter, load_run
from gandoctor.treatments import Treatment

STEPS = 1_000
ONSET = 420


def make_manifest(**changes: Any) -> Manifest:
    layers = [
        ("dense_1", "Dense", {"units": 12544}, (None, 12544), 1_266_944),
        ("batch_normalization_1", "BatchNormalization", {"momentum": 0.9}, (None, 12544), 50_176),
        ("re_lu_1", "ReLU", {}, (None, 12544), 0),
        ("dropout_1", "Dropout", {"rate": 0.4}, (None, 12544), 0),
        ("conv2d_transpose_3", "Conv2DTranspose", {"filters": 1, "kernel_size": [5, 5]}, (None, 28, 28, 1), 801),
    ]
    cards = [
        LayerCard(name=n, type=t, settings=s, output_shape=o, parameters=p, inputs=(i - 1,))
        for i, (n, t, s, o, p) in enumerate(layers)
    ]
    judge = [
        LayerCard(name="conv", type="Conv2D", path="normed", wrappers=("SpectralNormalization",), parameters=4_311_552),
        LayerCard(name="dropout_1", type="Dropout", settings={"rate": 0.4}),
    ]
    fields: dict[str, Any] = {
        "created": "2026-01-02T03:04:05+00:00",
        "target": "dcgan",
        "command": ["gandoctor", "run", "--preset", "quick", "--fault", "d lr"],
        "seed": 7,
        "planned_steps": STEPS,
        "config": {"generator": {"dropout": 0.4, "learning_rate": 0.0004}, "batch_size": 32},
        "versions": {"keras": "3.15.1", "gandoctor": "0.1.0"},
        "loss_family": "non_saturating",
        "loss_family_source": "inferred",
        "data": DataCard(
            shape=(28, 28, 1),
            dtype="float32",
            minimum=0,
            maximum=1,
            mean=0.13,
            std=0.3,
            probe_count=256,
            share_at_minimum=0.81,
            share_at_maximum=0.0066,
            distinct_count=255,
        ),
        "losses": {"attribute .loss_fn": {"type": "BinaryCrossentropy", "from_logits": True}},
        "latent": LatentCard(shape=(100,), minimum=-1, maximum=1, mean=0, std=0.577),
        "generator": PlayerCard(
            name="generator",
            layers=cards,
            parameters=1_317_921,
            optimizer={"name": "rmsprop", "clipvalue": 1.0},
            order="called",
            outputs=(4,),
            input_shapes=((None, 100),),
            reach=Reach(low=None, high=None, layer="conv2d_transpose_3"),
        ),
        "discriminator": PlayerCard(
            name="discriminator",
            layers=judge,
            parameters=4_311_553,
            optimizer={"name": "rmsprop"},
            order="declared",
            order_note="it is not built",
        ),
        "cadence": {"every_steps": 10, "sample_count": 64},
        "missing": {"d_holdout_score": "no holdout_data was given"},
    }
    return Manifest(**{**fields, **changes})


def strokes(count: int, blur: float, seed: int = 0) -> np.ndarray:
    """Ring- and bar-like 28x28 images, uint8; `blur` 0 is crisp, 1 is pure noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:28, 0:28]
    images = np.zeros((count, 28, 28))
    for image in images:
        cx, cy, radius, angle = rng.uniform(11, 17), rng.uniform(11, 17), rng.uniform(4, 9), rng.uniform(0, np.pi)
        if rng.random() < 0.5:
            distance = np.abs(np.hypot(x - cx, y - cy) - radius)
        else:
            distance = np.abs((x - cx) * np.cos(angle) + (y - cy) * np.sin(angle))
            distance = np.maximum(distance, np.hypot(x - cx, y - cy) - 9)
        image[:] = np.clip(1.8 - distance / 1.3, 0, 1)
    noise = np.random.default_rng(seed + 1).random(images.shape)
    return np.rint(255 * ((1 - blur) * images + blur * noise)).astype(np.uint8)[..., None]


def failing_row(step: int, rng: np.random.Generator) -> dict[str, float]:
    """One step of a run whose discriminator wins from step 420 on and whose gradients end in NaN."""
    won = min(max((step - ONSET) / 120, 0.0), 1.0)
    start = np.exp(-step / 60)
    d_loss = (0.55 - 0.3 * start) * (1 - won) + 0.004 + 0.05 * rng.standard_normal() * (1 - 0.97 * won)
    row: dict[str, float] = {
        "d_loss": abs(d_loss),
        "g_loss": (0.9 + 2 * start) * (1 - won) + won * (6 + 5 * (step - ONSET) / 580) + 0.2 * rng.standard_normal(),
        "d_grad_norm": float(np.exp(rng.normal(-1 - 2.5 * won, 0.3))),
        "g_grad_norm": float(np.exp(rng.normal(0.5 + 2 * won, 0.4))),
    }
    if step in (611, 612, 980):
        row["g_grad_norm"] = float("nan")
    if step % 10 == 0:
        noise = rng.standard_normal(8)
        row |= {
            "d_real_score": 0.62 + 0.36 * won + 0.02 * noise[0] * (1 - won),
            "d_fake_score": 0.38 - 0.36 * won + 0.02 * noise[1] * (1 - won),
            "d_real_accuracy": min(1.0, 0.78 + 0.22 * won),
            "d_fake_accuracy": min(1.0, 0.74 + 0.26 * won),
            "d_update_in_d_step": 0.2 + 0.02 * noise[2],
            "d_update_in_g_step": 0.0 if step < 20 else 0.1 + 0.01 * noise[3],
            "d_update_ratio": 1e-3 * float(np.exp(0.2 * noise[4])),
            "sample_autocorrelation": 0.85 - 0.8 * start - 0.5 * won + 0.01 * noise[5],
            "sample_nn_distance": 5.8 - 3 * won + 0.1 * noise[6],
            "sample_min": 0.0,
            "sample_max": 1.0,
            "my_own_scalar": float(noise[7]),
        }
        row |= layer_row(step, won)
    return row


def layer_row(step: int, won: float) -> dict[str, float]:
    """A probe's families of signals: gradients that fade towards the input and end in NaN, logits that part."""
    row = {
        f"g_layer_grad_norm/{name}": 10.0 ** (-depth * won)
        for name, depth in (("conv2d_transpose_3", 0), ("dense_1", 4))
    }
    row |= {"d_layer_grad_norm/normed/conv": 0.0 if step == 500 else 0.2, "g_layer_update_ratio/dense_1": 1e-3}
    if step == 980:
        row["g_layer_grad_norm/dense_1"] = float("nan")
    for kind, centre in (("real", 1 + 8 * won), ("fake", -1 - 6 * won)):
        row |= {f"d_{kind}_logit_quantile/{q}": centre + (q - 50) / 50 for q in (5, 25, 50, 75, 95)}
    return row | {f"sample_class_share/{digit}": float(digit == 8) for digit in range(10)}


def write_run(run_dir: Path, *, steps: int = STEPS, reason: str | None = "completed", **changes: Any) -> Run:
    writer = RunWriter(run_dir, make_manifest(**changes))
    rng = np.random.default_rng(1)
    reals = strokes(64, 0.03)
    writer.reals(reals)
    for step in range(1, steps + 1):
        writer.record(step, failing_row(step, rng))
        if step % 50 == 0:
            noise = max(0.05, 1 - step / 300) if step <= ONSET else 0.05 + (step - ONSET) / 900
            writer.samples(step, strokes(32, noise, seed=5), reals)
    writer.event("fault", ONSET, name="discriminator-learning-rate")
    close(writer, reason)
    return load_run(run_dir)


def close(writer: RunWriter, reason: str | None) -> None:
    """End a run; None leaves it as a killed training does, without the event that says so."""
    writer.close(reason or "completed")
    if reason is None:
        events = writer.path / "events.jsonl"
        events.write_text("".join(events.read_text().splitlines(keepends=True)[:-1]))


def title_of(number: str) -> Message:
    """Return what the real rule of that id is called, which every language can say."""
    return find_rule(number).title


TITLE = title_of("GD301")


def make_rule(number: str = "GD301", name: str = "discriminator-loss-collapse", **changes: Any) -> Rule:
    fields: dict[str, Any] = {
        "id": number,
        "name": name,
        "title": title_of(number),
        "severity": Severity.CRITICAL,
        "requires": ("d_loss",),
        "detect": find_rule(number).detect,
        "limits": None,
        "treatments": ("lower-d-lr", "smooth-labels"),
        "references": ("Arjovsky and Bottou 2017, https://arxiv.org/abs/1701.04862",),
        "page": "The discriminator's loss collapsed.\n\nIt tells `real` from fake without error.\n\n- first\n- second",
    }
    return Rule(**{**fields, **changes})


FIXES = {
    "lower-d-lr": Treatment(
        id="lower-d-lr",
        title="Halve the discriminator's learning rate",
        explanation="A slower discriminator leaves the generator a gradient that means something. Change by factors "
        "of two and look again after 200 steps.",
        evidence="moderate",
        reference="Heusel et al. 2017, https://arxiv.org/abs/1706.08500",
        snippets={
            "keras": "gan.d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)\n"
            "if x < 3:  # escaped: <b>\n    pass"
        },
        patch={"discriminator.learning_rate": 0.0004},
    ),
    "smooth-labels": Treatment(
        id="smooth-labels",
        title="Smooth the real labels to 0.9",
        explanation="Raises the floor of the discriminator's loss.",
        evidence="weak",
        reference="Salimans et al. 2016",
        snippets={"keras": "real_labels = 0.9 * keras.ops.ones((n, 1))"},
    ),
}


def detected(rule: Rule, *evidence: Evidence, causes: tuple[Cause, ...] = ()) -> Finding:
    fixes = tuple(FIXES[i] for i in rule.treatments if i in FIXES)
    return Finding(rule, Status.DETECTED, rule.severity, evidence=evidence, causes=causes, treatments=fixes)


def make_diagnosis(run: Run) -> Diagnosis:
    """The failing run with two findings and every other outcome."""
    collapse = detected(
        make_rule(),
        Evidence(
            "d_loss",
            0.006,
            0.05,
            540,
            1000,
            Message(
                "The median of {signal} over steps {first} to {last} is {median:.3g}, below {limit:g}.",
                signal="d_loss",
                first=540,
                last=1000,
                median=0.006,
                limit=0.05,
            ),
        ),
        Evidence("sample_autocorrelation", 0.35, None, 540, 1000, "Neighbouring pixels correlate at 0.35 only."),
        causes=(
            Cause("d-lr", "The discriminator learns too fast", 0.8, "Halve its rate; d_loss should rise in 100 steps."),
            Cause("range", "The value ranges differ", 0.3, "Compare `sample_max` with the data's maximum: equal here."),
            GENERATOR_NOT_MOVING.cause(0.1),
        ),
    )
    leak = detected(
        make_rule(
            "GD004",
            "discriminator-updated-by-generator-step",
            severity=Severity.WARNING,
            treatments=("smooth-labels",),
        ),
        Evidence("d_update_in_g_step", 0.1, 0.0, 20, 1000, "dropout_1: D's weights moved by 0.1 in G's step."),
    )
    absent = make_rule("GD001", "non-finite-values")
    warm = make_rule("GD401", "noise-like-samples")
    broken = make_rule("GD403", "mode-collapse")
    fault = Message("{error}: {message}", error="ValueError", message="broken on purpose")
    return Diagnosis(
        run,
        (
            collapse,
            leak,
            Finding(broken, Status.ERRORED, broken.severity, reason=fault),
            Finding(absent, Status.NOT_DETECTED, absent.severity),
            Finding(warm, Status.NOT_EVALUATED, warm.severity, reason=not_recorded(run, "sample_kid")),
        ),
    )


def sound_diagnosis(run: Run) -> Diagnosis:
    """The same run with all that a healthy verdict vouches for judged, and nothing found."""
    rules = [find_rule(id_) for id_ in ("GD002", "GD003", "GD301", "GD401", "GD403")]
    return Diagnosis(run, tuple(Finding(rule, Status.NOT_DETECTED, rule.severity) for rule in rules))


EVIL = "</script><script>alert('evil')</script><img src=x onerror=alert(1)><!--\u2028\u202e"


def hostile_diagnosis(folder: Path) -> Diagnosis:
    """A run directory, and rules, that try to get markup and scripts into whatever shows them."""
    manifest = make_manifest(
        created=EVIL,
        target=EVIL,
        command=["gandoctor", EVIL],
        config={EVIL: {EVIL: [EVIL, 10**300]}, "long": "x" * 10**6},
        versions={EVIL: EVIL},
        missing={EVIL: EVIL, "sample_kid": EVIL},
        cadence={EVIL: 1e308, "sample_count": 64},
    )
    assert manifest.generator is not None
    assert manifest.discriminator is not None
    for player in (manifest.generator, manifest.discriminator):
        player.layers[0].name = player.layers[0].type = EVIL
        player.layers[0].settings = {EVIL: EVIL, "infinite": math.inf}
        player.layers[0].path, player.layers[0].wrappers, player.layers[0].inputs = EVIL, (EVIL,), (-9, 99, 0)
        player.optimizer = {EVIL: EVIL}
        player.order_note = EVIL
        player.reach = Reach(low=-math.inf, high=math.nan, layer=EVIL)
    manifest.losses = {EVIL: {EVIL: EVIL, "type": EVIL}}
    name = "<script>alert(1)</script>"
    writer = RunWriter(folder / "<script>alert(1)<", manifest)
    for step in range(1, 40):
        writer.record(step, {EVIL[:-2]: 1e308 * (-1) ** step, name: math.nan, "d_loss": 1e308, "g_grad_norm": 5e-324})
    writer.samples(10, np.zeros((8, 28, 28, 1), np.uint8))
    writer.samples(20, np.zeros((8, 28, 28, 1), np.uint8))
    (writer.path / "samples" / "000020.png").write_bytes(b"\x89PNG\r\n\x1a\n" + EVIL.encode() * 9)
    (writer.path / "samples" / "reals.npz").write_bytes(EVIL.encode())
    writer.event("fault", 3, **{EVIL: EVIL})
    writer.event("monitor_error", 4, message=EVIL)
    writer.close("crashed", error=EVIL)
    (writer.path / "signals" / "0009.arrows").write_bytes(EVIL.encode() * 99)
    # What no writer of ours would write: a lone surrogate, infinity.
    content = json.loads((writer.path / "run.json").read_text())
    content["config"]["surrogate"] = "\udc80"
    content["cadence"]["infinite"] = math.inf
    (writer.path / "run.json").write_text(json.dumps(content))
    words = EVIL.replace("\u202e", "")  # rules are installed code, not content of the directory
    rule = make_rule(title=words, treatments=("lower-d-lr",), references=(words,), page=words)
    evidence = Evidence(EVIL, math.inf, math.nan, 1, 39, words)
    finding = detected(rule, evidence, causes=(Cause(words, words, 1.0, words),))
    other = detected(make_rule("GD302"), Evidence("d_loss", 1e308, -1e308, -5, 10**12, EVIL))
    return Diagnosis(load_run(writer.path), (finding, other))
