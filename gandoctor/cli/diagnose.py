"""`gandoctor diagnose`: what the rules say of a run, as text or JSON."""

from __future__ import annotations

from pathlib import Path

import click

from gandoctor.cli.options import RUN_DIR, exit_status, fail_on_option, language_option, say_in, verbose_option


@click.command("diagnose")
@click.argument("run_dir", type=RUN_DIR)
@click.option("--json", "as_json", is_flag=True, help='Print JSON, schema "gandoctor.diagnosis/1".')
@verbose_option
@fail_on_option
@language_option
def command(run_dir: Path, as_json: bool, verbose: bool, fail_on: str, lang: str) -> int:
    """Judge the run in RUN_DIR, finished or still running.

    Exit status: 0 nothing detected at or above --fail-on; 1 something was; 2 unusable run directory.
    """
    from gandoctor.diagnosis import diagnose

    diagnosis = diagnose(run_dir)
    if as_json:
        click.echo(diagnosis.to_json())
    else:
        from rich.console import Console

        from gandoctor.cli.text import diagnosis_lines, print_lines

        print_lines(Console(highlight=False), diagnosis_lines(diagnosis, verbose, say_in(lang)))
    return exit_status(diagnosis, fail_on)
