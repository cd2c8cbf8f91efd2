"""Optimizers that a program has made and not called yet: what is to be changed in one is changed before its first step.

Players are told apart at the discriminator's first update, when in most loops the generator's optimizer has done
nothing yet.
"""

from __future__ import annotations

import gc

import torch

from gandoctor.backends.torch.players import inner_optimizer
from gandoctor.player_names import NAMES, PLAYERS
from gandoctor.recording.players import Players


def take_made_optimizers(players: Players) -> None:
    """Take the only optimizer there is for a player whose own is not known; one that holds both is nobody's."""
    for player in PLAYERS:
        slot = f"{player}_optimizer"
        if players.optimizer(player) is not None:
            continue
        other = players.network("g" if player == "d" else "d")
        found = _holding(players.network(player), other)
        if len(found) == 1:
            setattr(players, slot, found[0])
            players.sources[slot] = f"holds the weights of the {NAMES[player]}"
            players.absent.pop(slot, None)


def held_by(optimizer: torch.optim.Optimizer) -> frozenset[int]:
    """Return the weights that an optimizer holds, by id."""
    return frozenset(id(p) for group in getattr(optimizer, "param_groups", ()) for p in group["params"])


def made_optimizers() -> list[torch.optim.Optimizer]:
    """Return every optimizer in this process."""
    # By type: to ask what an object says of its class may run code of the program's own.
    made = (inner_optimizer(one) for one in gc.get_objects() if issubclass(type(one), torch.optim.Optimizer))
    return list({id(optimizer): optimizer for optimizer in made}.values())


def _holding(network: torch.nn.Module, other: torch.nn.Module) -> list[torch.optim.Optimizer]:
    """Return the optimizers in this process that hold weights of a network and none of the other."""
    own, others = ({id(p) for p in one.parameters()} for one in (network, other))
    return [one for one in made_optimizers() if (held := held_by(one)) & own and not held & others]
