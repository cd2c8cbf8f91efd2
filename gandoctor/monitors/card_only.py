"""A run that holds the model card and nothing else: what can be said of a GAN before it is trained."""

from __future__ import annotations

from typing import Any

from gandoctor.backends import backend_for
from gandoctor.recording.probe.latents import SAMPLE_COUNT, latent_card
from gandoctor.recording.probe.nested import mapped
from gandoctor.recording.session.directories import opened_writer
from gandoctor.recording.session.options import Options, opening_manifest, usable_reals


def write_card(options: Options, model: Any | None = None, planned_steps: int | None = None) -> None:
    """Write a run directory with the card of a GAN that stays as it is: nothing is attached, built or trained.

    The latent sampler is called once, its random state is put back.

    Args:
        options: As passed to a monitor.
        model: What holds the players, or None where they are among the options.
        planned_steps: Length of the training where it is known.

    Raises:
        GandoctorError: The players cannot be told, or the run directory cannot be used.
    """
    backend = backend_for(model, options.generator, options.discriminator)(options, model)
    players = backend.players
    manifest = opening_manifest(options, backend, usable_reals(options), planned_steps)
    manifest.generator, manifest.discriminator = backend.card("g"), backend.card("d")
    if players.latent_sampler is not None:
        with backend.preserved_random_state(players.latent_sampler):
            latents = mapped(backend.to_numpy, players.latent_sampler(SAMPLE_COUNT))
        manifest.latent = latent_card(latents, "given" if players.latent_is_given else "assumed")
    opened_writer(options, manifest).close("completed")
