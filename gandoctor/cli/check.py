"""`gandoctor check`: what can be said of a GAN before it is trained."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from gandoctor.cli.options import exit_status, factory_options, fail_on_option, given_options


@click.command("check")
@click.argument("target", required=False)
@click.argument("arguments", nargs=-1, metavar="[-- ARGS]", type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help='Print JSON, schema "gandoctor.diagnosis/1".')
@click.option(
    "--dry-run-steps",
    type=click.IntRange(min=0),
    metavar="N",
    help="Training steps to look at; 0: the model card only.  [2]",
)
@factory_options
@fail_on_option
def command(
    target: str | None,
    arguments: tuple[str, ...],
    as_json: bool,
    dry_run_steps: int | None,
    fail_on: str,
    **given: Any,
) -> int:
    """Judge TARGET by its contracts and its design, before it is trained.

    TARGET is the reference model (default), "module:factory", a script, which is run with
    ARGS and left after N steps of the first GAN that it fits, or two saved networks:
    generator.keras discriminator.keras. Nothing is recorded or kept.

    Exit status: 0 nothing detected at or above --fail-on; 1 something was; 2 it cannot be
    built, trains no GAN, or its training raised; 130 interrupted.
    """
    import sys

    from rich.console import Console

    from gandoctor.cli.text import diagnosis_lines, print_lines
    from gandoctor.experiments.check import check_target
    from gandoctor.experiments.target import DEFAULT_TARGET

    target = target or DEFAULT_TARGET
    with Console(stderr=True).status("Building the model and looking at its first steps"), _ended_by_any_signal():
        diagnosis = check_target(target, arguments, given_options(given), dry_run_steps, ["gandoctor", *sys.argv[1:]])
    if as_json:
        click.echo(diagnosis.to_json())
    else:
        print_lines(Console(highlight=False), diagnosis_lines(diagnosis))
    return exit_status(diagnosis, fail_on)


@contextmanager
def _ended_by_any_signal() -> Iterator[None]:
    """Take SIGTERM and SIGHUP as Ctrl-C, so that the child and its directory go whatever ends us."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
