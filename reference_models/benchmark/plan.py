"""Writes plan.json, the list of all runs: `python -m reference_models.benchmark.plan`.

Both splits contain the reference model and five controls, each with its own seeds. The other four controls, the
coloured shapes and most seeds of the faults are kept for the test split. docs/benchmark.md says what was fixed when.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gandoctor.experiments.benchmark.plan import Kind, Margin, Plan, PlannedRun, Split, Symptom
from reference_models.benchmark.right_causes import RIGHT_CAUSES
from reference_models.faults import FAULTS, Fault

PATH = Path(__file__).with_name("plan.json")

REFERENCE = "reference_models.training:build"
CONTROLS = "reference_models.controls"
WIDTH = ("generator.width=0.125", "discriminator.width=0.125")
STEPS = 600
SLOW_STEPS = 2500
"""Steps for learning rates a quarter of the published ones. By the oracle, no run had learned after 600 steps and one
in six after 1,500; pilot runs with other seeds had learned from step 1,750 on."""
ONSET = STEPS // 2
FROZEN = (*WIDTH, "training.freeze_discriminator=true")
"""The reference model without the article's leak, which would be detected in every run."""

SEEN: dict[str, tuple[str, dict[str, Any]]] = {
    "reference": (REFERENCE, {"settings": list(FROZEN), "steps": STEPS}),
    "as_published": (f"{CONTROLS}:as_published", {"settings": list(WIDTH), "steps": STEPS}),
    "dcgan": (f"{CONTROLS}:dcgan", {"settings": list(WIDTH), "steps": SLOW_STEPS}),
    "dcgan_smoothed": (f"{CONTROLS}:dcgan_smoothed", {"settings": list(WIDTH), "steps": SLOW_STEPS}),
    "lsgan": (f"{CONTROLS}:lsgan", {"settings": list(WIDTH), "steps": STEPS}),
    "mlp": (f"{CONTROLS}:mlp", {"steps": 2000}),
}
"""Healthy families of both splits: target and options."""
UNSEEN: dict[str, tuple[str, dict[str, Any]]] = {
    "hinge_sn": (f"{CONTROLS}:hinge_sn", {"steps": 1000}),
    "dcgan_paper": (f"{CONTROLS}:dcgan_paper", {"steps": 1000}),
    "wgan_gp": (f"{CONTROLS}:wgan_gp", {"steps": 400}),
    "keras_io": (f"{CONTROLS}:keras_io", {"steps": STEPS}),
}
"""Healthy families of the test split only."""
SHAPES = "reference_on_shapes"
SHAPES_OPTIONS = {"settings": list(FROZEN), "steps": STEPS, "data": "shapes"}

ALLOWED = {"as_published": ("GD004",), "mlp": ("GD402",)}
"""Findings that are correct for a control. The adversarial step of `as_published` does update the discriminator. The
dense layers of `mlp` do make pixel noise: in calibration the oracle, which does not know the rule, measures 0.05 of the
range."""

SYNTHETIC = ("output-noise", "salt-and-pepper", "half-latents-collapsed", "ten-latents")
SCARY = {
    "one-digit": (),
    "seven-digits": (),
    "small-latent": ("GD007",),
    "no-dropout": (),
    "tanh-generator": ("GD006",),
    "generator-learning-rate-x25": ("GD104",),
}
"""Changes that are not faults, with the rules that may remark on them."""

CALIBRATED = (
    "discriminator-frozen",
    "generator-frozen",
    "swapped-labels",
    "loss-scale-1e4",
    "generator-learning-rate-1e-7",
    "discriminator-learning-rate-x100",
    "constant-latent",
    "half-latents-collapsed",
    "symmetric-data",
    "byte-data",
    "repeated-batch",
    "few-real-images",
    "batch-norm-on-output",
    "batch-norm-in-discriminator",
    "batch-norm-momentum-0.999",
    "no-batch-norm",
    "dropout-0.9",
    "strided-upsampling",
    "relu-discriminator",
    "output-noise",
)
"""Faults with one run that may be used to set thresholds."""
CALIBRATED_MID_RUN = ("generator-learning-rate-1e-7", "ten-latents", "salt-and-pepper")
CALIBRATED_MID_RUN_AGAIN = (
    "byte-data",
    "symmetric-data",
    "swapped-labels",
    "constant-latent",
    "discriminator-learning-rate-x100",
    "discriminator-step-moves-generator",
    "half-latents-collapsed",
    "output-noise",
)
"""Runs with another seed: for the delay, and because the range of the discriminator's input was not recorded."""
ON_SHAPES = ("discriminator-learning-rate-x100", "half-latents-collapsed", "discriminator-frozen")

CALIBRATION_SEEDS = range(101, 107)
TEST_SEEDS = range(201, 209)
CALIBRATION_SEEDS_AGAIN = range(111, 115)
TEST_SEEDS_AGAIN = range(211, 219)
"""Seeds of families whose training has changed since the first plan, or for which a rule has been corrected since."""
TRAINED_ANEW = ("dcgan", "dcgan_smoothed", "dcgan_paper", "hinge_sn", "keras_io")
NEVER_JUDGED = ("keras_io",)
"""Healthy families whose test runs are all newer than the last judgement of the split."""
NEWER = ("discriminator-not-frozen",)
"""Faults added after the plan was fixed: its control `as_published` is this training, with eleven seeds."""
RECORDED_ANEW = ("byte-data", "symmetric-data")
"""Faults whose mid-run variant needs signals that the first recordings lack."""

DAMAGE = {
    "finite": Margin(worse="lower", add=-0.5),
    "kid": Margin(worse="higher", factor=1.5),
    "coverage": Margin(worse="lower", factor=0.7),
    "perplexity": Margin(worse="lower", factor=0.85),
    "sure": Margin(worse="lower", factor=0.8),
    "distinct": Margin(worse="lower", factor=0.8),
    "noise": Margin(worse="higher", add=0.02),
    "detail": Margin(worse="higher", factor=1.5),
    "spread": Margin(worse="lower", factor=0.7),
}

SYMPTOMS = (
    Symptom(name="not finite", signs=(("finite",),), rules=("GD001", "GD202")),
    Symptom(name="collapse", signs=(("distinct",), ("perplexity",), ("spread",)), rules=("GD403", "GD404", "GD405")),
    Symptom(name="noise-like", signs=(("detail", "sure"),), rules=("GD401",)),
    Symptom(name="pixel noise", signs=(("noise",), ("detail",)), rules=("GD402", "GD406")),
    Symptom(
        name="poor images",
        signs=(("kid",), ("coverage",), ("sure",)),
        rules=("GD201", "GD203", "GD301", "GD302", "GD401", "GD404", "GD407"),
    ),
)

LEARNED = ("kid", "coverage", "perplexity", "spread")
"""Metrics of what the images show and how varied they are, not of how clean they are."""
ON_COLOURS = ("hinge_sn", "dcgan_paper")
"""Controls that train on the coloured shapes by default."""

ABOUT = (
    f"The reference model at 1/8 width, batch 32, {STEPS} steps, the discriminator frozen in the adversarial step, on "
    "the 5,000 embedded digits, healthy and with every fault of `gandoctor faults`, from the first step and from the "
    "middle of the run; and nine controls. Thresholds may be set on the calibration split only; its runs on coloured "
    "shapes are there for the oracle's band and no threshold was set on them."
)


def build_plan() -> Plan:
    """Return the whole plan."""
    return Plan(
        about=ABOUT,
        oracle="reference_models.benchmark.oracle:measure",
        samples=2000,
        # The monitor probes as often as it can, however busy the machine is.
        monitor={"overhead_budget": 1.0},
        damage=DAMAGE,
        learned=LEARNED,
        symptoms=SYMPTOMS,
        runs=(*_calibration(), *_test()),
    )


def write(path: Path = PATH) -> None:
    """Write the plan file, one run per line."""
    whole = build_plan()
    head = whole.model_dump_json(exclude={"runs"}, indent=1).rstrip("}").rstrip()
    lines = ",\n  ".join(run.model_dump_json(exclude_defaults=True) for run in whole.runs)
    path.write_text(f'{head},\n "runs": [\n  {lines}\n ]\n}}\n', encoding="utf-8")


def _calibration() -> Iterator[PlannedRun]:
    for family in SEEN:
        seeds = CALIBRATION_SEEDS_AGAIN if family in TRAINED_ANEW else CALIBRATION_SEEDS
        yield from (_control(family, seed, "calibration") for seed in seeds)
    yield from (_control(SHAPES, seed, "calibration") for seed in CALIBRATION_SEEDS[:3])
    first = CALIBRATION_SEEDS[0]
    yield from (_fault(FAULTS[name], first, "calibration") for name in CALIBRATED)
    yield from (_fault(FAULTS[name], first, "calibration", ONSET) for name in CALIBRATED_MID_RUN)
    again = CALIBRATION_SEEDS_AGAIN[0]
    yield from (_fault(FAULTS[name], again, "calibration", ONSET) for name in CALIBRATED_MID_RUN_AGAIN)


def _test() -> Iterator[PlannedRun]:
    for family in UNSEEN:
        yield from (_control(family, seed, "test") for seed in _test_seeds(family, TRAINED_ANEW))
    for family in SEEN:
        yield from (_control(family, seed, "test") for seed in _test_seeds(family, TRAINED_ANEW)[:5])
    for fault in FAULTS.values():
        mid_run = fault.key is not None
        if fault.name in NEWER:
            continue
        if fault.name in SCARY:
            yield from (_fault(fault, seed, "test") for seed in TEST_SEEDS[:2])
        else:
            yield from (_fault(fault, seed, "test") for seed in TEST_SEEDS[:2])
            seeds = _test_seeds(fault.name, RECORDED_ANEW)
            yield from (_fault(fault, seed, "test", ONSET) for seed in seeds[: 2 if mid_run else 0])
    for name in ON_SHAPES:
        yield from (_fault(FAULTS[name], seed, "test", on_shapes=True) for seed in TEST_SEEDS[:2])


def _test_seeds(name: str, anew: tuple[str, ...]) -> range:
    return TEST_SEEDS_AGAIN if name in anew else TEST_SEEDS


def _control(family: str, seed: int, split: Split) -> PlannedRun:
    target, options = (REFERENCE, SHAPES_OPTIONS) if family == SHAPES else {**SEEN, **UNSEEN}[family]
    return PlannedRun(
        id=f"{family}-{seed}",
        target=target,
        options={**options, "seed": seed},
        kind="healthy",
        family=family,
        band=family,
        yardstick=SHAPES if family in (SHAPES, *ON_COLOURS) else "reference",
        allowed=ALLOWED.get(family, ()),
        judged_before=split == "test" and family not in NEVER_JUDGED,
        split=split,
        seed=seed,
    )


def _fault(fault: Fault, seed: int, split: Split, onset: int = 0, on_shapes: bool = False) -> PlannedRun:
    kind: Kind = "scary" if fault.name in SCARY else "synthetic" if fault.name in SYNTHETIC else "mechanistic"
    options = SHAPES_OPTIONS if on_shapes else SEEN["reference"][1]
    # A fault with a later default start begins at the first step, like the others.
    switched = fault.name if fault.key is None else f"{fault.name}@{onset or min(fault.start, 1)}"
    named = fault.name if onset == 0 else f"{fault.name}@{onset}"
    family = SHAPES if on_shapes else "reference"
    return PlannedRun(
        id=f"{named}-{'shapes-' if on_shapes else ''}{seed}",
        target=REFERENCE,
        options={**options, "faults": [switched], "seed": seed},
        kind=kind,
        family=f"{family}+{fault.name}" if kind == "scary" else family,
        band=family,
        fault=fault.name,
        onset=onset,
        expected=() if kind == "scary" else fault.expected,
        allowed=SCARY.get(fault.name, ()),
        causes=RIGHT_CAUSES.get(fault.name, ()),
        judged_before=split == "test",
        split=split,
        seed=seed,
    )


if __name__ == "__main__":
    write()
