"""Recognition: infer the loss family, label polarity and latent distribution from the numbers of the first steps.

The loss that is differentiated is compared with what each family's formula gives on the discriminator's own outputs of
that very step. Only a formula that fits alone is believed.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from gandoctor.loss_families import OBJECTIVES, LossFamily
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.backend import Backend
from gandoctor.recording.objective.formulas import fitting, statistics
from gandoctor.recording.objective.latent_law import LATENTS_WANTED, LatentMoments
from gandoctor.recording.objective.loss_form import LossForm
from gandoctor.store import LatentCard, Manifest

LONGEST_STEPS = 50
"""Steps after which what is still open stays so."""

Absences = dict[str, Absence | None]
"""Name -> why it is absent, or None if it no longer is."""

_COMPILED: dict[str, LossFamily] = {
    "binary_crossentropy": "non_saturating",
    "BinaryCrossentropy": "non_saturating",
    "mse": "least_squares",
    "mean_squared_error": "least_squares",
    "MeanSquaredError": "least_squares",
}


class Recognition:
    """Watches the first steps of a training and fills in what the user did not say.

    Args:
        backend: Copies the numbers. Its players' latent sampler is replaced where the distribution turns out to be
            uniform.
        manifest: Gets what is recognised; what is "given" there is never touched.
    """

    def __init__(self, backend: Backend, manifest: Manifest) -> None:
        self._backend = backend
        self._manifest = manifest
        self._alive: set[tuple[LossFamily, bool]] | None = None
        self._steps = 0
        self._open: set[Literal["loss", "latents", "form"]] = {"loss", "latents", "form"}
        if manifest.loss_family_source == "given" and manifest.real_is_high_source == "given":
            self._open.discard("loss")
        if backend.players.latent_is_given or backend.players.latent_sampler is None:
            self._open.discard("latents")
        self._moments = LatentMoments()
        self._witness = backend.witness(True, "latents" in self._open)
        self._form = LossForm(self._witness, manifest.declared.real_label)

    def begin(self) -> Absences:
        """Return what is not known before the first step."""
        return self._unknown(Message("the loss has not been seen in training")) if "loss" in self._open else {}

    def settle(self, steps: int, g_loss: Any = None) -> Absences | None:
        """Draw conclusions after a step.

        Args:
            steps: How many have been done since the last call.
            g_loss: What a hand-written loop has passed as the generator's loss of the last of them, or None.

        Returns:
            What is absent now and what no longer; None where the manifest has not changed.
        """
        if not self._open:
            return None
        self._steps += steps
        changes: list[Absences | None] = []
        if "loss" in self._open and g_loss is not None:
            changes.append(self._settle_compiled(g_loss))
        if self._open & {"loss", "form"}:
            changes += self._settle_formulas()
        if "latents" in self._open:
            changes.append(self._settle_latents())
        if self._steps >= LONGEST_STEPS and self._open:
            changes.append(self._give_up())
        made = [change for change in changes if change is not None]
        return {name: absence for change in made for name, absence in change.items()} if made else None

    def _settle_formulas(self) -> list[Absences | None]:
        """Compare the losses of the last step with every formula of what the discriminator said towards them."""
        of_g = self._witness.said("g")
        if of_g is None:
            return []
        said = {"d": self._witness.said("d") or [], "g": of_g}
        known = {player: [statistics(one.output, one.logit, one.places) for one in of] for player, of in said.items()}
        losses = self._witness.losses()
        changes: list[Absences | None] = []
        if "loss" in self._open:
            fits = fitting(losses["d"], losses["g"], known["d"], known["g"], self._witness.saw_penalty)
            means = {(one.family, one.real_is_high) for one in fits if not one.is_sum}
            changes.append(self._settle_loss(means, losses["g"], bool(of_g)))
        if "form" in self._open and self._form.see(said, known, losses):
            self._manifest.objective = self._form.card()
            self._close("form")
            changes.append(self._settle_sum())
        return changes

    def _settle_sum(self) -> Absences:
        """Go by the sum over a batch that fitted several steps alone: its size is less certain than that of a mean."""
        sums = {(one.family, one.real_is_high) for one in self._form.alive if one.is_sum}
        if self._manifest.loss_family is not None or len(sums) != 1:
            return {}
        [(family, high)] = sums
        if self._manifest.real_is_high_source not in ("given", "inferred"):
            self._manifest.real_is_high, self._manifest.real_is_high_source = high, "inferred"
        return self._recognised(family)

    def _settle_loss(self, fits: set[tuple[LossFamily, bool]], g_loss: float, was_said: bool) -> Absences | None:
        self._alive = fits if self._alive is None else self._alive & fits
        if not self._alive:
            if (compiled := self._settle_compiled(g_loss)) is not None:
                return compiled
            self._close("loss")
            if was_said:
                return self._unknown(
                    Message("the generator's loss is none of the known formulas of the discriminator's outputs")
                )
            return self._unknown(Message("the discriminator's outputs are not finite, or too many to be compared"))
        polarities = {high for _, high in self._alive}
        families = {family for family, _ in self._alive}
        if len(polarities) == 1 and self._manifest.real_is_high_source not in ("given", "inferred"):
            self._manifest.real_is_high, self._manifest.real_is_high_source = polarities.pop(), "inferred"
        if len(self._alive) > 1:
            return None
        self._close("loss")
        return self._recognised(families.pop())

    def _recognised(self, family: LossFamily) -> Absences:
        if self._manifest.loss_family_source == "given":
            return {}
        self._manifest.loss_family, self._manifest.loss_family_source = family, "inferred"
        return {"loss_family": None}

    def _settle_compiled(self, g_loss: Any) -> Absences | None:
        """Go by the loss the discriminator was compiled with; a minimax generator's cross-entropy is negative."""
        name = self._backend.compiled_loss()
        family = _COMPILED.get(name or "")
        if family is None:
            return None
        try:
            is_negative = not (g_loss if isinstance(g_loss, float) else self._backend.number(g_loss)) >= 0.0
        except Exception:  # noqa: BLE001 - no number: refused where it would be written
            return None
        if family == "non_saturating" and is_negative:
            return None
        self._manifest.loss_family, self._manifest.loss_family_source = family, "inferred"
        self._manifest.players["loss_family"] = f"the discriminator was compiled with {name}"
        self._close("loss")
        return {"loss_family": None}

    def _settle_latents(self) -> Absences | None:
        latents = self._witness.latents()
        if not latents.size:
            return None
        seen, players = self._moments, self._backend.players
        seen.add(latents)
        if seen.count < LATENTS_WANTED:
            return None
        self._close("latents")
        law = seen.law()
        if law is None:
            why = Message(
                "latents were assumed to be standard normal, but training uses others (mean {mean:.2f}, standard "
                "deviation {std:.2f}, {low:.2f} to {high:.2f}); pass latent_sampler=lambda n: ...",
                mean=seen.mean,
                std=seen.std,
                low=seen.low,
                high=seen.high,
            )
            return {"latent_law": Absence(Absent.ASSUMED, why)}
        if law != "normal":
            sampler = players.latent_sampler
            assert sampler is not None
            shape, rng = np.shape(sampler(1))[1:], np.random.default_rng(0)
            below, above = law
            players.latent_sampler = lambda n: rng.uniform(below, above, (n, *shape)).astype(np.float32)
            self._manifest.players["latent_sampler"] = f"uniform from {below:g} to {above:g}, as seen in training"
        if self._manifest.latent is not None:
            self._manifest.latent = LatentCard(
                shape=self._manifest.latent.shape,
                minimum=seen.low,
                maximum=seen.high,
                mean=seen.mean,
                std=seen.std,
                source="inferred",
            )
        return {"latent_law": None}

    def _give_up(self) -> Absences:
        unknown: Absences = {}
        if "loss" in self._open:
            compiled = None if self._alive else self._settle_compiled(self._witness.losses().get("g", 0.0))
            if compiled is not None:
                unknown = compiled
            elif self._alive:
                titles = tuple(OBJECTIVES[family].title for family in sorted({family for family, _ in self._alive}))
                unknown = self._unknown(Message("the formulas of several losses fit: {losses}", losses=titles))
            else:
                unknown = self._unknown(
                    Message("no loss was seen that is a known formula of the discriminator's outputs")
                )
        for what in tuple(self._open):
            self._close(what)
        return unknown

    def _close(self, what: Literal["loss", "latents", "form"]) -> None:
        self._open.discard(what)
        if what == "latents":
            self._witness.forget("latents")
        elif not self._open & {"loss", "form"}:
            self._witness.forget("loss")

    def _unknown(self, why: Message) -> Absences:
        if self._manifest.loss_family is not None:
            return {}
        absence = Absence(Absent.NOT_RECOGNISED, Message("{why}; pass loss=...", why=why))
        return {"loss_family": absence}
