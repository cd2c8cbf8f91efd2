"""Why a discriminator may not tell real from generated: ranked hypotheses for GD302 and what decides each."""

from __future__ import annotations

from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import PlayerCard, Run

STILL = 1e-5
"""Movement of the weights in an update, relative to their norm: 1e-3 is usual (as in GD301 for the generator)."""
MUCH_DROPOUT = 0.7
SMALL = 0.05
"""Weights of the discriminator over those of the generator: 1.8 in the article, 0.4 at an eighth of its
width. Judgement."""
LEAK = 0.1
"""Movement of the discriminator in the generator's step over that in its own; the article's loop: about 0.5."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_frozen(run), _still(run), _leak(run), _dropout(run), _small(run), _labels(run)]


def _frozen(run: Run) -> Cause:
    moved = late_median(run, "d_update_in_d_step")
    return Cause(
        "discriminator-frozen",
        "The discriminator does not train",
        0.3 if moved is None else 0.95 if moved == 0 else 0.02,
        "Its weights do not move in its own update. This run: "
        + ("not recorded." if moved is None else f"they move by {moved:.3g} (L2 norm)."),
    )


def _still(run: Run) -> Cause:
    ratio, rate = late_median(run, "d_update_ratio"), late_median(run, "d_learning_rate")
    shown = [f"they move by {ratio:.1e} of their size"] if ratio is not None else []
    shown += [f"its learning rate is {rate:.1e}"] if rate is not None else []
    return Cause(
        "discriminator-hardly-moves",
        "The discriminator's learning rate is too small to keep up",
        0.3 if ratio is None else 0.02 if ratio == 0 else 0.9 if ratio < STILL else 0.25,
        f"An update should move its weights by about 1e-3 of their size; below {STILL:g} it stands still. With ten "
        f"times the rate the AUC rises within a few dozen steps. This run: {', '.join(shown) or 'not recorded'}.",
    )


def _leak(run: Run) -> Cause:
    own, other = late_median(run, "d_update_in_d_step"), late_median(run, "d_update_in_g_step")
    leaks = other is not None and other > LEAK * (own or 0.0) and other > 0
    shown = "not recorded" if other is None else f"it moves by {other:.3g} there"
    if other is not None and own is not None:
        shown += f" and by {own:.3g} in its own step"
    return Cause(
        "discriminator-moved-in-both-steps",
        "The generator's update trains the discriminator too, backwards",
        0.25 if other is None else 0.6 if leaks else 0.02,
        "The generator's step pulls the discriminator towards calling its images real: it moves in that step (GD004), "
        f"and with separate lists of variables the AUC rises. This run: {shown}.",
    )


def _dropout(run: Run) -> Cause:
    rate = _largest_dropout(run.manifest.discriminator)
    return Cause(
        "too-much-dropout",
        "Dropout is so high that hardly anything of a layer is left in training mode",
        0.15 if rate is None else 0.8 if rate >= MUCH_DROPOUT else 0.1,
        "Lowering the rate to 0.4 or less lets the AUC rise. This run: "
        + ("the layers were not recorded." if rate is None else f"the discriminator's highest rate is {rate:g}."),
    )


def _small(run: Run) -> Cause:
    cards = run.manifest.discriminator, run.manifest.generator
    sizes = [card.parameters for card in cards if card is not None and card.parameters > 0]
    ratio = sizes[0] / sizes[1] if len(sizes) == 2 else None
    shown = "the layers were not recorded" if ratio is None else f"{sizes[0]:,} weights against {sizes[1]:,}"
    return Cause(
        "discriminator-too-small",
        "The discriminator is too small for what it is shown",
        0.2 if ratio is None else 0.5 if ratio < SMALL else 0.15,
        "Trained alone on a fixed set of reals and of these samples it does not reach an AUC of 0.9 either; one of "
        f"twice the width does. This run: {shown} of the generator.",
    )


def _labels(run: Run) -> Cause:
    auc = late_median(run, "d_auc")
    inverted = auc is not None and auc < 0.4
    return Cause(
        "labels-disagree",
        "The labels of one of the two steps are reversed",
        0.4 if inverted else 0.05,
        "An AUC well below 0.5 means that it ranks generated images above real ones: print the labels that each step "
        f"hands to its loss (GD008). This run: an AUC of {auc:.2f}."
        if auc is not None
        else "Print the labels that each step hands to its loss (GD008). This run: no AUC after warm-up.",
    )


def _largest_dropout(card: PlayerCard | None) -> float | None:
    if card is None or not card.layers:
        return None
    rates = [layer.settings.get("rate") for layer in card.layers if "Dropout" in layer.type]
    return max((float(rate) for rate in rates if isinstance(rate, int | float)), default=0.0)
