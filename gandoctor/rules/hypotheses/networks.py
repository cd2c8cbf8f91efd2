"""Hypotheses that several symptom rules share: how the networks are built, and in which mode they run."""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message
from gandoctor.networks.layer_roles import role_of
from gandoctor.rules.hypotheses.players import both_win
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.reading.output_range import output_reach
from gandoctor.rules.reading.phase_agreement import running_jensen_residual
from gandoctor.rules.reading.phase_blame import DIFFERENT_SCORES, SAME_IMAGES, has_batch_norm
from gandoctor.rules.rule import Cause, NotEvaluated
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import PlayerCard, Run

TOO_MUCH_DROPOUT = 0.7
"""Rates from which little of a layer is left; 0.9 ruined a run, 0.4 is the article's."""
OTHER_GAME = 1.0
"""Nats by which the generator's loss lies below its bound, from which the two steps hardly see one discriminator; in
healthy runs running medians stayed below -0.39."""
FADED = 0.1
"""Gradient of the generator's first layer over that of its last: 0.6 to 5 in healthy runs, 0.05 without batch norm."""
BLANK = 0.03
"""Contrast of samples, in the data's range, up to which they are blank; digits have 0.3."""
AT_BOUND = 0.02


BATCH_NORM_MODE = Hypothesis(
    "batch-norm-mode",
    Message("Batch normalisation behaves differently in training and in inference mode"),
    Message(
        "Images are clear in training mode but not in inference mode. With a momentum of 0.9, or with training=True "
        "for the discriminator's fakes, the two losses separate."
    ),
)


def batch_norm_mode(run: Run) -> Cause:
    """Return the hypothesis that the generator's moving averages lag behind its batches."""
    gap = late_median(run, "sample_train_infer_gap")
    momenta = _settings(run.manifest.generator, "BatchNorm", "momentum")
    shown = "the two modes were not compared" if gap is None else f"they differ by {gap:.2g} times their spread"
    if momenta is not None:
        shown += f"; its batch normalisation has a momentum of {max(momenta):g}" if momenta else "; it has none"
    if gap is None:
        score = 0.35
    elif gap > 1.0:
        score = 0.9
    else:
        score = 0.6 if gap > SAME_IMAGES else 0.1
    return Cause(
        "batch-norm-mode",
        "The generator's batch normalisation lags behind, and one step or the sampling uses its moving averages",
        0.02 if momenta == [] else score,
        "Images of training mode are clear while those of inference mode are not. With a momentum of 0.9, or fakes "
        f"made with training=True for the discriminator, the losses come apart. This run: {shown}.",
    )


def batch_norm_in_discriminator(run: Run) -> Cause:
    """Return the hypothesis that a mixed batch gives its images away: its losses do not belong to one game."""
    gap, residual = late_median(run, "d_batch_gap"), _residual(run)
    if not has_batch_norm(run):
        known = run.manifest.discriminator is not None and bool(run.manifest.discriminator.layers)
        shown = "the discriminator has no batch normalisation" if known else "its layers were not recorded"
        score = 0.02 if known else 0.15
    else:
        shown = "the discriminator has batch normalisation"
        shown += "" if gap is None else f"; beside reals its scores of fakes move by {gap:.2g} times their spread"
        if residual is not None:
            below = "below" if residual > 0 else "above"
            shown += f"; the generator's loss lies {abs(residual):.2g} nats {below} what one game allows"
        apart = residual is not None and residual > OTHER_GAME
        moved = gap is not None and gap > DIFFERENT_SCORES
        # Batches of one kind move the scores as much when the monitor mixes them: the losses have to agree.
        score = (0.9 if moved else 0.6) if apart else 0.4 if residual is None and moved else 0.15
    return Cause(
        "batch-norm-in-discriminator",
        "The discriminator's batch normalisation sees real and generated images together in one step only",
        score,
        "Give it real and generated images in batches of their own, or take its batch normalisation out: the losses "
        f"come apart. This run: {shown}.",
    )


def batch_norm_placement(run: Run) -> Cause:
    """Return the hypothesis that batch normalisation sits on the generator's output."""
    placed = _batch_norm_before_output(run.manifest.generator)
    return Cause(
        "batch-norm-placement",
        "Batch normalisation sits on the generator's output",
        0.25 if placed is None else 0.85 if placed else 0.03,
        "Removing it clears the images. This run: "
        + (
            "the layers were not recorded."
            if placed is None
            else f"batch normalisation {'follows' if placed else 'does not follow'} its last weights."
        ),
    )


def no_batch_norm(run: Run) -> Cause:
    """Return the hypothesis that a generator without normalisation fades to a blank."""
    card = run.manifest.generator
    layers = card.layers if card is not None else []
    weights = [layer for layer in layers if role_of(layer) == "weights"]
    normalised = any(role_of(layer) in ("batch_norm", "norm") for layer in layers)
    conducted, contrast = _conduction(run), late_median(run, "sample_std")
    blank = contrast is not None and contrast < BLANK
    faded = conducted is not None and conducted < FADED
    shown = "the layers were not recorded"
    if layers:
        shown = f"the generator has {'some' if normalised else 'none'} on {len(weights)} layers with weights"
    if conducted is not None:
        shown += f"; the gradient of its first layer is {conducted:.2g} times that of its last"
    if contrast is not None:
        shown += f"; samples have a contrast of {contrast:.2g} of the data's range"
    if not layers:
        score = 0.3 if blank and faded else 0.15
    elif normalised:
        score = 0.03
    elif len(weights) > 2:
        score = 0.88 if blank or faded else 0.3
    else:
        score = 0.1
    return Cause(
        "no-batch-norm",
        "Nothing normalises the generator's activations",
        score,
        "With batch normalisation behind every layer of weights but the last the images get contrast. This run: "
        f"{shown}.",
    )


def saturated_output(run: Run) -> Cause:
    """Return the hypothesis that all pixels sit at a bound of the output activation, where nothing moves them."""
    low, high = late_median(run, "sample_min"), late_median(run, "sample_max")
    mean, contrast = late_median(run, "sample_mean"), late_median(run, "sample_std")
    reach = output_reach(run)
    known, stuck = False, False
    if reach is not None and reach.low is not None and reach.high is not None and low is not None and high is not None:
        near = AT_BOUND * (reach.high - reach.low)
        known, stuck = True, high < reach.low + near or low > reach.high - near
    if mean is not None and contrast is not None:
        known = True
        stuck = stuck or (contrast < AT_BOUND and (mean < AT_BOUND or mean > 1 - AT_BOUND))
    return Cause(
        "saturated-output",
        "The generator is stuck at the bound of its output, where its gradient vanishes",
        0.3 if not known else 0.85 if stuck else 0.05,
        "All pixels sit at the smallest or largest reachable value, whatever the latent; look at batch "
        "normalisation in the generator and at its learning rate. This run: "
        + ("not recorded." if not known else f"samples are {'' if stuck else 'not '}constant at a bound."),
    )


def too_much_dropout(run: Run) -> Cause:
    """Return the hypothesis that little is left of a layer in training mode."""
    most = largest_dropout(run)
    return Cause(
        "too-much-dropout",
        "Dropout is so high that hardly anything of a layer is left in training mode",
        0.15 if most is None else 0.75 if most >= TOO_MUCH_DROPOUT else 0.03,
        "Lower the rate to 0.4 or less: images clear up, and the two modes come together. This run: "
        + ("the layers were not recorded." if most is None else f"the highest rate is {most:g}."),
    )


def largest_dropout(run: Run) -> float | None:
    """Return the highest dropout rate of both networks, 0 where there is none; None where layers were not recorded."""
    cards = [c for c in (run.manifest.generator, run.manifest.discriminator) if c is not None and c.layers]
    if not cards:
        return None
    return max((rate for card in cards for rate in _settings(card, "Dropout", "rate") or []), default=0.0)


def _settings(card: PlayerCard | None, layer_type: str, setting: str) -> list[float] | None:
    """Return a setting of all layers of a type; None where the layers were not recorded."""
    if card is None or not card.layers:
        return None
    values = [layer.settings.get(setting) for layer in card.layers if layer_type in layer.type]
    return [float(value) for value in values if isinstance(value, int | float)]


def _batch_norm_before_output(card: PlayerCard | None) -> bool | None:
    if card is None or not card.layers:
        return None
    for layer in reversed(card.layers):
        if role_of(layer) == "batch_norm":
            return True
        if role_of(layer) == "weights" or layer.parameters > 0:
            return False
    return False


def _residual(run: Run) -> float | None:
    """Return the Jensen residual after warm-up, in nats; None where the losses have none."""
    if run.manifest.loss_family != "non_saturating":
        return None if both_win(run) is None else 2 * OTHER_GAME
    try:
        residual = running_jensen_residual(run).loc[warm_up_end(run.manifest) :].to_numpy()
    except NotEvaluated:
        return None
    residual = residual[np.isfinite(residual)]
    return float(np.median(residual)) if residual.size else None


def _conduction(run: Run) -> float | None:
    """Return the norm of the generator's first layer's gradient over that of its last, where layers were recorded."""
    card = run.manifest.generator
    norms = {address: late_median(run, f"g_layer_grad_norm/{address}") for address in _addresses(card)}
    known = [norm for norm in norms.values() if norm is not None]
    return known[0] / known[-1] if len(known) > 1 and known[-1] > 0 else None


def _addresses(card: PlayerCard | None) -> list[str]:
    layers = card.layers if card is not None else []
    return list(dict.fromkeys(layer.address for layer in layers if role_of(layer) == "weights"))
