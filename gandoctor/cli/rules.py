"""`gandoctor rules`: the failure modes that are known, or the page of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gandoctor.rules import Rule


@click.command("rules")
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(rule_id: str | None, as_json: bool) -> int:
    """List the rules, or explain the one with that ID or name."""
    from rich.console import Console

    from gandoctor.cli.text import print_lines, print_table, rule_lines
    from gandoctor.rules import all_rules, find_rule

    console = Console(highlight=False)
    if rule_id is not None:
        rule = find_rule(rule_id)
        if as_json:
            click.echo(json.dumps(_plain(rule), indent=2))
        else:
            print_lines(console, rule_lines(rule))
    elif as_json:
        click.echo(json.dumps([_plain(rule) for rule in all_rules()], indent=2))
    else:
        rows = [(r.id, r.severity.value, r.name, r.title) for r in all_rules()]
        print_table(console, ("id", "severity", "name", "failure mode"), rows)
    return 0


def _plain(rule: Rule) -> dict[str, Any]:
    from gandoctor.rules import limits_of

    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "severity": rule.severity.value,
        "requires": list(rule.requires),
        "loss_families": None if rule.loss_families is None else sorted(rule.loss_families),
        "after_warm_up": rule.after_warm_up,
        "limits": dict(limits_of(rule)),
        "treatments": list(rule.treatments),
        "references": list(rule.references),
        "page": rule.page,
    }
