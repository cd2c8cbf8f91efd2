"""Edit: one line of the user's code as it is and as it should be, in the run's own values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from gandoctor.printable import printable

CODE_MAX = 2_000
"""Characters of code that are shown."""
_TOKENS = re.compile(r'"[^"]*"|\d[\w.]*(?:(?<=e)[+-]\d+)?|-?\w+|\s+|.', re.DOTALL)


@dataclass(frozen=True)
class Edit:
    """One change of the code.

    Attributes:
        key: What is changed, such as "generator.learning_rate". No two steps of a plan change the same key in opposite
            directions.
        before: The code as it is now, as far as the run recorded it; None where it did not.
        after: The code as it should be; None where it is taken out.
        direction: 1 where a number is raised, -1 where it is lowered, 0 for any other change.
        is_at_fault: Whether the value before is out of the question, not merely one that may be tried otherwise.
    """

    key: str
    before: str | None
    after: str | None
    direction: int = 0
    is_at_fault: bool = False

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            code = getattr(self, name)
            object.__setattr__(self, name, None if code is None else printable(code, CODE_MAX))

    @property
    def line(self) -> str:
        """The change in one line: "g_optimizer = keras.optimizers.Adam(learning_rate=1e-7 -> 4e-4)"."""
        if self.before is None or self.after is None:
            return " ".join(line[:1] + " " + line[2:].strip() for line in self.diff)
        old, new = _TOKENS.findall(self.before), _TOKENS.findall(self.after)
        head = _common(old, new)
        while len(head) > 1 and head[-1] == ".":
            del head[-2:]  # a dotted name changes as a whole
        tail = _common(old[len(head) :][::-1], new[len(head) :][::-1])[::-1]
        while tail and not all(_is_closed(tokens[len(head) : len(tokens) - len(tail)]) for tokens in (old, new)):
            del tail[0]
        gone, come = ("".join(tokens[len(head) : len(tokens) - len(tail)]).strip() for tokens in (old, new))
        if not gone or not come:
            return f"{self.before} -> {self.after}"
        return f"{''.join(head)}{gone} -> {come}{''.join(tail)}"

    @property
    def diff(self) -> tuple[str, ...]:
        """The change as a diff: lines that begin with "- " go, lines that begin with "+ " come."""
        gone = (self.before or "").splitlines() if self.before is not None else ()
        come = (self.after or "").splitlines() if self.after is not None else ()
        return (*(f"- {line}" for line in gone), *(f"+ {line}" for line in come))


def _is_closed(tokens: list[str]) -> bool:
    """Tell whether every bracket that is opened is closed, and none that was not opened."""
    depth = 0
    for token in tokens:
        depth += (token in "([{") - (token in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _common(one: list[str], other: list[str]) -> list[str]:
    return [a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))]
