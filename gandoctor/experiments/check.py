"""Check a GAN before it is trained: from its model card, or from a dry run of a few steps in a child process.

A check runs the contract and design rules only. What they judge shows from the first step.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import UnusableTarget
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import CHILD, ChildTraining, Outcome
from gandoctor.experiments.saved import is_saved
from gandoctor.experiments.target import is_script
from gandoctor.experiments.training import LoopTraining, Training
from gandoctor.frameworks import framework_needed
from gandoctor.message import Absence, Absent, Message, counted
from gandoctor.rules import all_rules
from gandoctor.signals import SIGNALS
from gandoctor.store import Run, load_run
from gandoctor.store.manifest import MANIFEST_NAME

if TYPE_CHECKING:
    from gandoctor.loss_families import LossFamily
    from gandoctor.recording.session.options import Options

DRY_RUN_STEPS = 2
"""Default number of training steps in a dry run. A contract rule reports a mistake that it sees twice."""

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
    """Check the contracts and the design of a GAN before it is trained.

    Networks and models stay exactly as they are. Nothing is built, computed or trained; a subclassed network is called
    on placeholders to find the order of its layers. Rules that need a training step report that they could not run.
    A target given as text is built and trained for two steps in a child process, as with `gandoctor check`::

        gandoctor.check(generator=G, discriminator=D, g_optimizer=g_opt, d_optimizer=d_opt, probe_data=x_real[:512])
        gandoctor.check(gan)  # a keras.Model with .generator and .discriminator
        gandoctor.check("my_package.my_gan:build")

    Args:
        target: A `keras.Model` with a generator and a discriminator, a `gandoctor.experiments.Training` or
            `LoopTraining`, or the text "module:factory". Defaults to None: pass `generator` and `discriminator`
            instead.
        generator: Network that makes images. Defaults to the model's attribute `generator` or a common alias.
        discriminator: Network (critic) that scores images. Defaults to the model's attribute, as above.
        g_optimizer: Optimizer of the generator. Defaults to the model's attribute, as above.
        d_optimizer: Optimizer of the discriminator. Defaults to the model's attribute, as above.
        latent_sampler: Takes n and returns a batch of n latents. It is called once, and its random state is restored.
        probe_data: Real images, (n, height, width[, channels]), in the model's own range. The first 512 are used.
        loss: "minimax", "non_saturating", "least_squares", "hinge" or "wasserstein".
        real_is_high: True if the discriminator is trained to score real images above fakes.

    Returns:
        The diagnosis from the contract rules (GD0xx) and the design rules (GD1xx).

    Raises:
        GandoctorError: The generator or discriminator cannot be found, the data are not images, or the target cannot
            be built or trained.
        MissingFramework: The framework of the networks is not installed.
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
    if isinstance(target, str | Training | LoopTraining) and given:
        kind = "text" if isinstance(target, str) else f"a {type(target).__name__}"
        raise UnusableTarget(f"{', '.join(given)} cannot be given with a target that is {kind}, which sets it already.")
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
    """Build a target in a child process, train it for a few steps, and check what was recorded.

    Args:
        target: "module:factory", the path of a script, or the path of a saved generator.
        arguments: The script's command line, or the path of the saved discriminator.
        options: Arguments for the factory.
        dry_run_steps: Number of training steps; 0 checks the model card only. Defaults to 2, and to 0 for saved
            networks.
        command: The command line, recorded in the manifest.
        child: The command that starts the child; tests replace it.

    Raises:
        UnusableTarget: The target cannot be built, trains no GAN, or its training failed. The message includes the
            end of the child's log.
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
            training.outcome()  # the child must end before its directory is removed
            raise
        recorded = [run_dir for run_dir in training.runs if (run_dir / MANIFEST_NAME).exists()]
        if outcome.ending != "completed" or not recorded:
            raise UnusableTarget(_explain_failure(job, outcome, training.log_path))
        diagnosis = _diagnose_facts(load_run(recorded[0]), steps)
        diagnosis.run.let_go()
        return diagnosis


def _check_in_this_process(target: Any, given: dict[str, Any]) -> Diagnosis:
    from gandoctor.monitors.card_only import write_card

    if target is not None and not hasattr(target, "__dict__"):
        raise UnusableTarget(
            f'check takes a keras.Model, a Training, or the text "module:factory", not a {type(target).__name__}.'
        )
    with tempfile.TemporaryDirectory(prefix="gandoctor-check-", ignore_cleanup_errors=True) as folder:
        options, model, planned_steps = _make_options(Path(folder) / "run", target, given)
        write_card(options, model, planned_steps)
        return _diagnose_facts(load_run(options.run_dir), 0)


def _make_options(run_dir: Path, target: Any, given: dict[str, Any]) -> tuple[Options, Any, int | None]:
    """Return a monitor's options for this training, the model, and the planned number of steps."""
    from gandoctor.recording.session.options import Options

    if isinstance(target, LoopTraining):
        options = Options(run_dir, metadata={"config": target.config}, **{"strict": True, **target.monitor_arguments()})
        return options, None, target.steps
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


def _diagnose_facts(run: Run, dry_run_steps: int) -> Diagnosis:
    """Run the contract and design rules; signals without a value get the shortness of the run as their reason."""
    for game in run.games.values() or (run,):
        why = (
            counted("it did not occur in {n} step", "it did not occur in {n} steps", dry_run_steps)
            if game.last_step
            else Message("a check of the model card trains no step")
        )
        for name in SIGNALS:
            if name not in game:
                game.manifest.missing.setdefault(name, Absence(Absent.UNSPECIFIED, why))
    return diagnose(run, [rule for rule in all_rules() if rule.is_fact], is_check=True)


def _explain_failure(job: Job, outcome: Outcome, log_path: Path) -> str:
    """Return the reason and, if the log says more, its end. The log is removed with the run directory."""
    lines = [outcome.reason or "Nothing was recorded."]
    if outcome.ending != "completed" and (outcome.where is not None or outcome.exit_status is not None):
        lines += _log_tail(log_path)
    if outcome.ending in ("crashed", "killed") and job.dry_run_steps and not is_script(job.target):
        lines.append("The model card alone can still be checked: --dry-run-steps 0")
    return "\n".join(lines)


def _log_tail(path: Path) -> list[str]:
    """Return the last traceback in the log, or the log's last lines if it has none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            text = file.read(_LOG_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    _, marker, after = text.rpartition("Traceback (most recent call last):")
    return (marker + after if marker else text).splitlines()[-_LOG_TAIL_LINES:]
