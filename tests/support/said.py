"""What a message holds, so that tests compare numbers and not prose."""

from __future__ import annotations

from gandoctor.message import Message, Value


def values_of(message: Message | None) -> dict[str, Value]:
    """Return a message's values and those of the messages within it; the outer ones win."""
    assert message is not None
    found: dict[str, Value] = {}
    for value in message.values.values():
        if isinstance(value, Message):
            found = values_of(value) | found
    return found | {name: value for name, value in message.values.items() if not isinstance(value, Message)}
