"""Hypotheses on the networks: how they are built, and in which mode they run.

The scores are judgement: 0.85 and more where the run shows the cause at work, about 0.3 where little was recorded, a
few hundredths where the layers rule it out.
"""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message, clauses, counted
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

NO_LAYERS = Message("the layers were not recorded")
"""What a run without a model card shows."""

BATCH_NORM_MODE = Hypothesis(
    "batch-norm-mode",
    Message("The generator's moving averages lag behind, and one step or the sampling uses them"),
    Message(
        "Images of training mode are clear while those of inference mode are not. The losses come apart with a "
        "momentum of 0.9, or with fakes made by training=True in the discriminator's step."
    ),
)
BATCH_NORM_IN_DISCRIMINATOR = Hypothesis(
    "batch-norm-in-discriminator",
    Message("The discriminator's batch normalisation sees real and generated images together in one step only"),
    Message(
        "Give it real and generated images in separate batches, or remove its batch normalisation: the losses come "
        "apart."
    ),
)
BATCH_NORM_PLACEMENT = Hypothesis(
    "batch-norm-placement",
    Message("Batch normalisation sits on the generator's output"),
    Message("Removing it clears the images."),
)
NO_BATCH_NORM = Hypothesis(
    "no-batch-norm",
    Message("Nothing normalises the generator's activations"),
    Message("With batch normalisation after every layer with weights but the last, the images gain contrast."),
)
SATURATED_OUTPUT = Hypothesis(
    "saturated-output",
    Message("The generator is stuck at the bound of its output, where its gradient vanishes"),
    Message(
        "All pixels sit at the smallest or largest reachable value, whatever the latent. Look at the generator's batch "
        "normalisation and its learning rate."
    ),
)
TOO_MUCH_DROPOUT_RATE = Hypothesis(
    "too-much-dropout",
    Message("Dropout is so high that hardly anything of a layer is left in training mode"),
    Message("Lower the rate to 0.4 or less: images clear up, and the two modes come together."),
)


def batch_norm_mode(run: Run) -> Cause:
    """Score that the generator's moving averages lag behind its batches."""
    gap = late_median(run, "sample_train_infer_gap")
    momenta = layer_settings(run.manifest.generator, "BatchNorm", "momentum")
    modes = Message("the two modes were not compared")
    if gap is not None:
        modes = Message("the two modes differ by {gap:.2g} times the images' spread", gap=gap)
    norms = None
    if momenta:
        norms = Message("the generator's batch normalisation has a momentum of {momentum:g}", momentum=max(momenta))
    elif momenta is not None:
        norms = Message("the generator has no batch normalisation")
    if gap is None:
        score = 0.35
    elif gap > 1.0:
        score = 0.9
    else:
        score = 0.6 if gap > SAME_IMAGES else 0.1
    return BATCH_NORM_MODE.cause(0.02 if momenta == [] else score, clauses(modes, norms))


def batch_norm_in_discriminator(run: Run) -> Cause:
    """Score that a mixed batch gives its images away: its losses do not belong to one game."""
    gap, residual = late_median(run, "d_batch_gap"), _residual(run)
    if not has_batch_norm(run):
        known = run.manifest.discriminator is not None and bool(run.manifest.discriminator.layers)
        return BATCH_NORM_IN_DISCRIMINATOR.cause(
            0.02 if known else 0.15,
            Message("the discriminator has no batch normalisation") if known else NO_LAYERS,
        )
    mixed = apart = None
    if gap is not None:
        mixed = Message("reals in the batch move its scores of fakes by {gap:.2g} times their spread", gap=gap)
    if residual is not None and residual > 0:
        apart = Message("the generator's loss lies {nats:.2g} nats below what one game allows", nats=residual)
    elif residual is not None:
        apart = Message("the generator's loss lies {nats:.2g} nats above what one game allows", nats=-residual)
    differ, moved = residual is not None and residual > OTHER_GAME, gap is not None and gap > DIFFERENT_SCORES
    # Batches of one kind move the scores as much when the monitor mixes them: the losses have to agree.
    score = (0.9 if moved else 0.6) if differ else 0.4 if residual is None and moved else 0.15
    return BATCH_NORM_IN_DISCRIMINATOR.cause(
        score, clauses(Message("the discriminator has batch normalisation"), mixed, apart)
    )


def batch_norm_placement(run: Run) -> Cause:
    """Score that batch normalisation sits on the generator's output."""
    placed = _batch_norm_before_output(run.manifest.generator)
    if placed is None:
        return BATCH_NORM_PLACEMENT.cause(0.25, NO_LAYERS)
    if placed:
        return BATCH_NORM_PLACEMENT.cause(0.85, Message("batch normalisation follows its last weights"))
    return BATCH_NORM_PLACEMENT.cause(0.03, Message("batch normalisation does not follow its last weights"))


def no_batch_norm(run: Run) -> Cause:
    """Score that a generator without normalisation fades to a blank."""
    card = run.manifest.generator
    layers = card.layers if card is not None else []
    weights = [layer for layer in layers if role_of(layer) == "weights"]
    normalised = any(role_of(layer) in ("batch_norm", "norm") for layer in layers)
    conducted, contrast = _conduction(run), late_median(run, "sample_std")
    blank = contrast is not None and contrast < BLANK
    faded = conducted is not None and conducted < FADED
    if not layers:
        built, score = NO_LAYERS, 0.3 if blank and faded else 0.15
    elif normalised:
        built = counted(
            "the generator has normalisation and {n} layer with weights",
            "the generator has normalisation and {n} layers with weights",
            len(weights),
        )
        score = 0.03
    else:
        built = counted(
            "the generator has no normalisation on its {n} layer with weights",
            "the generator has no normalisation on its {n} layers with weights",
            len(weights),
        )
        # Blank for another reason, where its gradient comes through all layers alike.
        shown = 0.88 if faded or (blank and conducted is None) else 0.5 if blank else 0.3
        score = shown if len(weights) > 2 else 0.1
    fades = pale = None
    if conducted is not None:
        fades = Message("the gradient of its first layer is {share:.2g} times that of its last", share=conducted)
    if contrast is not None:
        pale = Message("samples have a contrast of {contrast:.2g} of the data's range", contrast=contrast)
    return NO_BATCH_NORM.cause(score, clauses(built, fades, pale))


def saturated_output(run: Run) -> Cause:
    """Score that all pixels sit at a bound of the output activation, where nothing moves them."""
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
    if not known:
        return SATURATED_OUTPUT.cause(0.3)
    if stuck:
        return SATURATED_OUTPUT.cause(0.85, Message("samples are constant at a bound"))
    return SATURATED_OUTPUT.cause(0.05, Message("samples are not constant at a bound"))


def too_much_dropout(run: Run) -> Cause:
    """Score that little is left of a layer in training mode."""
    most = largest_dropout(run)
    if most is None:
        return TOO_MUCH_DROPOUT_RATE.cause(0.15, NO_LAYERS)
    return TOO_MUCH_DROPOUT_RATE.cause(
        0.75 if most >= TOO_MUCH_DROPOUT else 0.03, Message("the highest rate is {rate:g}", rate=most)
    )


def largest_dropout(run: Run) -> float | None:
    """Return the highest dropout rate of both networks, 0 where there is none; None where layers were not recorded."""
    rates = [dropout_of(card) for card in (run.manifest.generator, run.manifest.discriminator)]
    return max((rate for rate in rates if rate is not None), default=None)


def dropout_of(card: PlayerCard | None) -> float | None:
    """Return the highest dropout rate of a network, 0 where there is none; None where its layers were not recorded."""
    rates = layer_settings(card, "Dropout", "rate")
    return None if rates is None else max(rates, default=0.0)


def layer_settings(card: PlayerCard | None, layer_type: str, setting: str) -> list[float] | None:
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
        residual = running_jensen_residual(run).loc[warm_up_end(run) :].to_numpy()
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
