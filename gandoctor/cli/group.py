"""The click group: its commands are modules of this package, imported when first asked for."""

from __future__ import annotations

import difflib
from importlib import import_module

import click

import gandoctor as package

COMMANDS = (
    "run",
    "check",
    "treat",
    "study",
    "compare",
    "watch",
    "report",
    "diagnose",
    "runs",
    "rules",
    "faults",
    "benchmark",
)
"""In the order a newcomer needs them; each is the object `command` of gandoctor.cli.<name>."""
_UNCUT = 10_000
"""Characters of a command's help in the list of commands."""


class LazyGroup(click.Group):
    """A group that knows the names of its commands and loads one when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gandoctor.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their whole first sentence, which click would cut to one line."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(limit=_UNCUT)) for name, command in commands if command is not None]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest command named when there is none."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(COMMANDS)}."
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package.__version__, prog_name="gandoctor")
def gandoctor() -> None:
    """Find out why your GAN failed to train.

    Start with `gandoctor run --watch`. It trains a small GAN on real digits, shows the
    training live and writes a report.
    """
