"""The command line: one thin module per command, each loaded when it is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process.

    Exit status: 0 if nothing at or above `--fail-on` was detected; 1 if something was, or the training crashed; 2 for
    unusable input or arguments; 3 if `run` recorded nothing of a script; 130 if interrupted.

    Args:
        arguments: Command-line arguments. Defaults to those of this process.
    """
    import click

    from gandoctor.cli.group import gandoctor
    from gandoctor.errors import GandoctorError

    try:
        status = gandoctor.main(
            args=None if arguments is None else list(arguments), prog_name="gandoctor", standalone_mode=False
        )
        sys.stdout.flush()
    except click.ClickException as error:
        import io

        from gandoctor.printable import printable

        text = io.StringIO()
        error.show(file=text)
        click.echo(printable(text.getvalue()), err=True, nl=False)  # it may name a file
        status = error.exit_code
    except GandoctorError as error:
        from gandoctor.printable import printable

        click.echo(_wrapped(f"Error: {printable(str(error))}"), err=True)
        status = 2
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except BrokenPipeError:
        _discard_output()
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _wrapped(text: str) -> str:
    """Return a text that a terminal breaks at no letter."""
    import shutil

    from gandoctor.wrapping import wrapped

    return "\n".join(wrapped(text, shutil.get_terminal_size().columns)) if sys.stderr.isatty() else text


def _discard_output() -> None:
    """Discard the buffered output. Its reader is gone, and flushing it at exit would raise again."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
