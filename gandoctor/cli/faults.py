"""`gandoctor faults`: the faults that `gandoctor run --fault` can switch on in the reference model."""

from __future__ import annotations

import json
from importlib import import_module

import click


@click.command("faults")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> int:
    """List the faults of the reference model, when each can begin, and the rules that should detect it."""
    faults = import_module("reference_models.faults").FAULTS.values()
    if as_json:
        rows = [
            {
                "name": f.name,
                "title": f.title,
                "description": f.description,
                "expected": list(f.expected),
                "only_from_the_start": f.only_from_the_start,
            }
            for f in faults
        ]
        click.echo(json.dumps(rows, indent=2))
        return 0
    from rich.console import Console

    from gandoctor.cli.text import print_table

    cells = [
        (f.name, "start" if f.only_from_the_start else "any step", ", ".join(f.expected) or "nothing", f.title)
        for f in faults
    ]
    print_table(Console(highlight=False), ("fault", "from", "expected", "what it does"), cells)
    return 0
