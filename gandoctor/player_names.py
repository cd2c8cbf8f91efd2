"""The two players: their letters in signal names, their names in sentences, and each other."""

from __future__ import annotations

from typing import Literal

from gandoctor.message import Message

Player = Literal["d", "g"]
PLAYERS: tuple[Player, Player] = ("d", "g")

SLOTS: dict[Player, Literal["discriminator", "generator"]] = {"d": "discriminator", "g": "generator"}
"""What a player is called in manifests, addresses of layers and arguments; never translated."""
NAMES: dict[Player, Message] = {"d": Message("discriminator"), "g": Message("generator")}
"""What a player is called in a sentence."""
RATE_KEYS: dict[str, Player] = {"g_optimizer.learning_rate": "g", "d_optimizer.learning_rate": "d"}
"""What their learning rates are called where a command sets them."""
OPTIMIZER_VALUES = ("learning_rate", "beta_1", "beta_2", "momentum", "weight_decay", "clipnorm", "clipvalue")
NETWORK_VALUES = ("dropout", "batch_norm_momentum", "batch_norm_epsilon")
INPUT_NOISE = "instance_noise"
"""Standard deviation of noise that is added to whatever the discriminator is given in training."""
INPUT_SHIFT = "translation"
"""Largest shift, as a share of each side, of every image that the discriminator is given in training."""
SHIFT_MAX = 0.5
SPECTRAL_NORM = "spectral_norm"
"""1: spectral normalisation of every layer of the discriminator that has none."""
R1_PENALTY = "r1"
"""Weight of the gradient penalty on the real images of the discriminator's own steps (R1)."""
REAL_LABEL = "real_label"
"""Label of real images in the discriminator's own loss, instead of 1 (one-sided label smoothing)."""
REAL_LABEL_KEY = f"{SLOTS['d']}.{REAL_LABEL}"
LABEL_ABOVE = 0.5
ADDED = (INPUT_NOISE, INPUT_SHIFT, SPECTRAL_NORM, R1_PENALTY, REAL_LABEL)
"""What is put before a discriminator, into its layers, or onto its gradients or its loss: its code stays as it is."""
HANDLES: dict[str, tuple[Player, str]] = {
    **{f"{player}_optimizer.{value}": (player, value) for player in reversed(PLAYERS) for value in OPTIMIZER_VALUES},
    **{f"{SLOTS[player]}.{value}": (player, value) for player in reversed(PLAYERS) for value in NETWORK_VALUES},
    **{f"{SLOTS['d']}.{what}": ("d", what) for what in ADDED},
}
"""What can be set in a training before its first step, whatever program it is: name -> whose, and what."""
OTHER: dict[Player, Player] = {"d": "g", "g": "d"}
