"""Judging a GAN before it is trained: its model card, and a dry run of a few steps in a process of its own.

Only the contract rules and the design rules are asked: what they judge is there from the first step on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import CHILD, ChildTraining, Outcome
from gandoctor.experiments.saved import is_saved
from gandoctor.experiments.target import is_script
from gandoctor.experiments.training import Training
from gandoctor.frameworks import framework_needed
from gandoctor.rules import all_rules
from gandoctor.signals import SIGNALS
from gandoctor.store import Run, load_run
from gandoctor.store.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from gandoctor.monitors.options import Options
    from gandoctor.store import LossFamily

KINDS = ("contract", "design")
"""Kinds of rules that a check asks."""

DRY_RUN_STEPS = 2
"""Training steps of a dry run unless told otherwise: contracts want to see a mistake twice."""

_LOG_TAIL_BYTES = 16 * 1024
_LOG_TAIL_LINES = 40


def check(
    target: Any = None,
    *,
    generator: Any = None,
    discriminator: Any = None,
    g_optimizer: Any = None,
    d_optimizer: Any = None,
    latent_sampler: Callable[[int], Any] | None = None,
    probe_data: Any = None,
    loss: LossFamily | None = None,
    real_is_high: bool | None = None,
) -> Diagnosis:
    """Judge a GAN by its contracts and its design before it is trained.

    Networks and models are looked at and left exactly as they are: nothing is built, computed or trained (a subclassed
    network is called on placeholders, to see in which order it calls its layers), so that rules which need a training
    step say that they could not be checked. A target given as text is built and trained for two steps in a process of
    its own, as `gandoctor check` does it::

        gandoctor.check(generator=G, discriminator=D, g_optimizer=g_opt, d_optimizer=d_opt, probe_data=x_real[:512])
        gandoctor.check(gan)  # a keras.Model with .generator and .discriminator
        gandoctor.check("my_package.my_gan:build")

    Args:
        target: A `keras.Model` shaped like a GAN, a `gandoctor.experiments.Training`, or the text "module:factory".
            Defaults to none: the two networks are given by name.
        generator: Network that makes images. Defaults to the model's attribute `generator` or a common alias.
        discriminator: Network (critic) that scores them. Defaults likewise.
        g_optimizer: Optimizer of the generator. Defaults likewise.
        d_optimizer: Optimizer of the discriminator. Defaults likewise.
        latent_sampler: n -> batch of n latents. Called once; its random state is put back.
        probe_data: Real images, (n, height, width[, channels]), in the model's own range; the first 512 are looked at.
        loss: "minimax", "non_saturating", "least_squares", "hinge" or "wasserstein".
        real_is_high: True when the discriminator is trained to score reals above fakes.

    Returns:
        A diagnosis of the contract rules (GD0xx) and the design rules (GD1xx).

    Raises:
        GandoctorError: The players cannot be told, the data are no images, or the target cannot be built or trained.
        MissingFramework: TensorFlow is not installed.
    """
    given = {
        "generator": generator,
        "discriminator": discriminator,
        "g_optimizer": g_optimizer,
        "d_optimizer": d_optimizer,
        "latent_sampler": latent_sampler,
        "probe_data": probe_data,
        "loss": loss,
        "real_is_high": real_is_high,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if isinstance(target, str | Training) and given:
        kind = "text" if isinstance(target, str) else "a Training"
        raise GandoctorError(f"{', '.join(given)} cannot be given with a target that is {kind}: it says that itself.")
    if isinstance(target, str):
        return check_target(target)
    with framework_needed(by="gandoctor.check"):
        return _check_in_this_process(target, given)


def check_target(
    target: str,
    arguments: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    dry_run_steps: int | None = None,
    command: Sequence[str] = (),
    child: Sequence[str] = CHILD,
) -> Diagnosis:
    """Build a target in a child process, train it for a few steps there, and judge what was recorded.

    Args:
        target: "module:factory", the path of a script, or of a saved generator.
        arguments: The script's own command line; the path of the saved discriminator.
        options: Arguments for the factory.
        dry_run_steps: Training steps; 0 looks at the model card only. Defaults to 2, and to 0 for saved networks.
        command: The command line, for the manifest.
        child: The child's program; replaced in tests.

    Raises:
        GandoctorError: It cannot be built, trains no GAN, or its training failed; with what its process said.
    """
    steps = (0 if is_saved(target) else DRY_RUN_STEPS) if dry_run_steps is None else dry_run_steps
    with tempfile.TemporaryDirectory(prefix="gandoctor-check-", ignore_cleanup_errors=True) as folder:
        job = Job(
            target=target,
            run_dir=str(Path(folder) / "run"),
            options=dict(options or {}),
            arguments=list(arguments),
            command=list(command),
            dry_run_steps=steps,
        )
        training = ChildTraining(job, child)
        try:
            outcome = training.outcome()
        except BaseException:
            training.kill()
            training.outcome()  # it must be gone before its directory is
            raise
        recorded = [run_dir for run_dir in training.runs if (run_dir / MANIFEST_NAME).exists()]
        if outcome.ending != "completed" or not recorded:
            raise GandoctorError(_what_went_wrong(job, outcome, training.log_path))
        diagnosis = _judged(load_run(recorded[0]), steps)
        return _advised(diagnosis) if is_saved(target) else diagnosis


def _check_in_this_process(target: Any, given: dict[str, Any]) -> Diagnosis:
    from gandoctor.monitors.card_only import write_card

    if target is not None and not hasattr(target, "__dict__"):
        raise GandoctorError(
            f'check takes a keras.Model, a Training, or the text "module:factory"; found a {type(target).__name__}.'
        )
    with tempfile.TemporaryDirectory(prefix="gandoctor-check-", ignore_cleanup_errors=True) as folder:
        options, model, planned_steps = _options(Path(folder) / "run", target, given)
        try:
            write_card(options, model, planned_steps)
        except GandoctorError as error:
            raise GandoctorError(_said_of_check(str(error))) from None
        return _advised(_judged(load_run(options.run_dir), 0))


def _options(run_dir: Path, target: Any, given: dict[str, Any]) -> tuple[Options, Any, int | None]:
    """Return what a monitor of the same training would be given, the model, and the length of the training."""
    from gandoctor.monitors.options import Options

    if not isinstance(target, Training):
        return Options(run_dir, **given, strict=True), target, None
    options = Options(
        run_dir,
        probe_data=target.probe_data,
        holdout_data=target.holdout_data,
        metadata={"config": target.config},
        **{"strict": True, **target.monitor},
    )
    return options, target.model, target.steps


def _judged(run: Run, dry_run_steps: int) -> Diagnosis:
    why = f"it did not show in {dry_run_steps} steps" if run.last_step else "a check of the model card trains no step"
    for name in SIGNALS:
        if name not in run:
            run.manifest.missing.setdefault(name, why)
    return diagnose(run, [rule for rule in all_rules() if rule.kind in KINDS], is_check=True)


def _advised(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis whose reasons fit networks that no monitor is attached to."""
    findings = [replace(f, reason=f.reason and _said_of_check(f.reason)) for f in diagnosis.findings]
    return replace(diagnosis, findings=tuple(findings))


def _said_of_check(text: str) -> str:
    """Monitors and rules say what to pass to GANMonitor; here it is to be passed to `check`."""
    return text.replace("GANMonitor", "gandoctor.check")


def _what_went_wrong(job: Job, outcome: Outcome, log_path: Path) -> str:
    """Return the reason, and what the log says where it says more: the log is about to be removed."""
    lines = [outcome.reason or "Nothing was recorded."]
    if outcome.ending != "completed" and (outcome.where is not None or outcome.exit_status is not None):
        lines += _log_tail(log_path)
    if outcome.ending in ("crashed", "killed") and job.dry_run_steps and not is_script(job.target):
        lines.append("The model card alone can still be checked: --dry-run-steps 0")
    return "\n".join(lines)


def _log_tail(path: Path) -> list[str]:
    """Return the last traceback in the log, or its last lines where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            text = file.read(_LOG_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    _, found, after = text.rpartition("Traceback (most recent call last):")
    return (found + after if found else text).splitlines()[-_LOG_TAIL_LINES:]
