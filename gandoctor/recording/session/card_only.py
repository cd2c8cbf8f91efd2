"""A run that holds the model card and nothing else: what can be said of a GAN before it is trained."""

from __future__ import annotations

from typing import Any

from gandoctor.backends.tensorflow.forward_passes import SAMPLE_COUNT
from gandoctor.backends.tensorflow.players.model_card import describe, describe_losses, latent_card
from gandoctor.backends.tensorflow.players.players import find_players
from gandoctor.backends.tensorflow.random_state import preserved_random_state
from gandoctor.recording.session.options import Options, opening_manifest, usable_directory, usable_reals
from gandoctor.store import RunWriter


def write_card(options: Options, model: Any | None = None, planned_steps: int | None = None) -> None:
    """Write a run directory with the card of a GAN that stays as it is: nothing is attached, built or trained.

    The latent sampler is called once, its random state is put back.

    Args:
        options: As passed to a monitor.
        model: The `keras.Model` that holds the players, or None where they are among the options.
        planned_steps: Length of the training where it is known.

    Raises:
        GandoctorError: The players cannot be told, or the run directory cannot be used.
    """
    players = find_players(
        model,
        options.generator,
        options.discriminator,
        options.g_optimizer,
        options.d_optimizer,
        options.latent_sampler,
    )
    manifest = opening_manifest(options, players, planned_steps)
    manifest.losses = describe_losses(model, players.discriminator)
    usable_reals(options, manifest)
    manifest.generator = describe(players.generator, players.g_optimizer)
    manifest.discriminator = describe(players.discriminator, players.d_optimizer)
    sampler = players.latent_sampler
    if sampler is not None:
        with preserved_random_state(sampler):
            latents = sampler(SAMPLE_COUNT)
        manifest.latent = latent_card(latents, players.latent_is_given)
    RunWriter(usable_directory(options), manifest).close("completed")
