"""The model card of a run as rules read it: a player's network, and the evidence found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gandoctor.message import Message
from gandoctor.networks.network import Network, UnreadableCard, read_network
from gandoctor.player_names import SLOTS, Player
from gandoctor.rules.rule import MODEL_CARD, Evidence, NotEvaluated, Severity
from gandoctor.store import PlayerCard, Run


def card_of(run: Run, player: Player) -> PlayerCard | None:
    """Return the part of the model card that describes a player; None where it was not recorded."""
    card: PlayerCard | None = getattr(run.manifest, SLOTS[player])
    return card


def network_of(run: Run, player: Player) -> Network:
    """Return a player's network.

    Raises:
        NotEvaluated: The model card does not describe it, or not the order in which its layers are called.
    """
    try:
        return read_network(card_of(run, player), player)
    except UnreadableCard as unreadable:
        raise NotEvaluated(unreadable.reason) from None


def is_spectrally_normalised(run: Run, player: Player) -> bool:
    """Tell whether the model card shows spectral normalisation anywhere in a player."""
    card = card_of(run, player)
    layers = card.layers if card is not None else ()
    return any("Spectral" in kind for layer in layers for kind in (layer.type, *layer.wrappers))


def search_networks(
    run: Run, search: Callable[[Network], list[Evidence]], players: tuple[Player, ...] = ("g", "d")
) -> list[Evidence]:
    """Return the evidence found in the players' networks.

    Raises:
        NotEvaluated: Nothing was found and a network could not be read: an unknown network is not a healthy one.
    """
    evidence: list[Evidence] = []
    reasons: list[NotEvaluated] = []
    for player in players:
        try:
            evidence += search(network_of(run, player))
        except NotEvaluated as reason:
            reasons.append(reason)
    if reasons and not evidence:
        raise reasons[0]
    return evidence


def card_evidence(
    statement: Message,
    observed: float,
    threshold: float | None = None,
    layers: Iterable[str] = (),
    severity: Severity | None = None,
) -> Evidence:
    """Return evidence read from the model card."""
    return Evidence(MODEL_CARD, observed, threshold, 0, 0, statement, severity, tuple(dict.fromkeys(layers)))
