"""`gandoctor faults`: the faults that `gandoctor run --fault` can switch on in the reference model, or one of them."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import click

from gandoctor.cli.complete import fault_names


@click.command("faults")
@click.argument("wanted", metavar="[NAME]", required=False, shell_complete=fault_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(wanted: str | None, as_json: bool) -> int:
    """List the faults of the reference model by theme, or explain the one with that NAME.

    For each: when it can begin and the rules that should detect it.
    """
    faults = import_module("reference_models.faults")
    if wanted is not None:
        _explain(faults.parse_fault(wanted).fault, as_json)
    elif as_json:
        theme_of = {fault.name: theme for theme, members in faults.THEMES.items() for fault in members}
        click.echo(json.dumps([{"theme": theme_of[f.name], **_plain(f)} for f in faults.FAULTS.values()], indent=2))
    else:
        from rich.console import Console

        from gandoctor.cli.text import print_tables

        groups = {
            theme: [(f.name, _from(f), ", ".join(f.expected) or "nothing", f.title) for f in members]
            for theme, members in faults.THEMES.items()
        }
        print_tables(Console(highlight=False), ("fault", "from", "expected", "what it does"), groups)
    return 0


def _explain(fault: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_plain(fault), indent=2))
        return
    from rich.console import Console

    from gandoctor.cli.text import fault_lines, print_lines

    print_lines(Console(highlight=False), fault_lines(fault))


def _from(fault: Any) -> str:
    return "start" if fault.only_from_the_start else "any step"


def _plain(fault: Any) -> dict[str, Any]:
    return {
        "name": fault.name,
        "title": fault.title,
        "description": fault.description,
        "expected": list(fault.expected),
        "only_from_the_start": fault.only_from_the_start,
    }
