"""Networks: the few things that finding the players asks of a framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, eq=False)
class NetworkCall:
    """One call of one network.

    Attributes:
        network: A network of the framework.
        inputs: What it was given; each has a `shape` and a `dtype`.
        outputs: What it returned, likewise.
        given: What the inputs of the graph stand for that the call was traced in, by identity; only with TensorFlow.
    """

    network: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    given: Mapping[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Source:
    """Where something that enters a call comes from: the output of another call, or elsewhere (None)."""

    call: NetworkCall | None

    @property
    def network(self) -> Any:
        """The network that made it; None where none did."""
        return None if self.call is None else self.call.network


class Networks(Protocol):
    """The networks of one framework."""

    def sources(self, call: Any, calls: Sequence[Any]) -> Sequence[Source]:
        """Return whose output enters a call, without another network of the list in between.

        What comes from elsewhere (data, latents) is one source more, whose network is None.

        Args:
            call: The call.
            calls: All calls that are known, this one included.
        """

    def weights(self, network: Any) -> frozenset[int]:
        """Return what was made to be trained, by id."""

    def contains(self, outer: Any, part: Any) -> bool:
        """Tell whether a network is a part of another."""

    def is_trainable(self, network: Any) -> bool:
        """Tell whether any of its weights may be trained now."""

    def joined(self, networks: Sequence[Any], main: Any) -> Any:
        """Return networks that are called one after the other as one; a single one as it is.

        Args:
            networks: In order.
            main: The one of them that plays; returned where the others cannot be joined to it.
        """

    def name(self, network: Any) -> str:
        """Return what a network calls itself."""
