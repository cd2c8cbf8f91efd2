"""What the terminal can show: its size, colours, characters and language; and lines that keep to it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from gandoctor.message import Message, Say
from gandoctor.printable import printable
from gandoctor.wrapping import lines_in, wrapped

STYLES = {
    "critical": Style(color="red", bold=True),
    "warning": Style(color="yellow", bold=True),
    "info": Style(color="cyan"),
    "running": Style(color="green"),
    "completed": Style(color="green"),
    "interrupted": Style(color="yellow", bold=True),
    "crashed": Style(color="red", bold=True),
    "quiet": Style(dim=True),
    "strong": Style(bold=True),
}
VERDICT_STYLES = {
    "healthy": Style(color="green", bold=True),
    "attention": STYLES["warning"],
    "failing": STYLES["critical"],
    "inconclusive": Style(color="cyan", bold=True),
}


@dataclass(frozen=True)
class Canvas:
    """What the terminal can show.

    Attributes:
        width, height: In characters.
        colour: Whether it has colours.
        ascii_only: Whether it has no characters beyond ASCII.
        say: Says messages in the reader's language.
    """

    width: int
    height: int
    colour: bool = True
    ascii_only: bool = False
    say: Say = str

    def said(self, message: Message | str) -> str:
        """Return a message in the reader's language, safe to show."""
        return printable(self.say(message))

    def wrap(self, text: str, style: Style | str = "", indent: int = 0) -> list[Text]:
        """Return a text in as many indented lines as it needs."""
        lines = wrapped(printable(text), max(8, self.width - indent))
        return [fit(Text(" " * indent).append(line, style), self.width) for line in lines]


def fit(line: Text, width: int) -> Text:
    """Return a line cut to a width in cells."""
    fitted = line.copy()
    if cell_len(fitted.plain) > width:
        fitted.truncate(max(0, width), overflow="crop")
    return fitted


def padded(text: str, width: int) -> str:
    """Return a text in exactly so many cells, cut or filled up."""
    line = Text(text)
    line.truncate(width, overflow="crop", pad=True)
    return line.plain


def wrapped_text(text: Text, width: int) -> list[Text]:
    """Return a styled text in lines of at most `width` cells."""
    return [text[first:end] if end > first else Text() for first, end in lines_in(text.plain, width)]
