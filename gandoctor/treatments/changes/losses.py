"""Losses and labels: what the run's own loss takes the discriminator's output for."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.message import Message
from gandoctor.treatments.changes.case import Case, Change, name_of
from gandoctor.treatments.changes.spelling import network_name
from gandoctor.treatments.edit import Edit


def _from_logits(case: Case) -> Change | None:
    """Compute the cross-entropy from logits, and end the discriminator without a sigmoid: what is missing of both."""
    has_sigmoid, takes_logits = ends_in_sigmoid(case), reads_logits(case)
    if has_sigmoid is None or takes_logits is None:
        return Change()
    edits, patch = [], {}
    if not takes_logits:
        edits.append(Edit("loss.from_logits", case.spelling.cross_entropy(False), case.spelling.cross_entropy(True)))
        patch["training.loss_input"] = "logits"
    if has_sigmoid:
        edits.append(_without_sigmoid(case))
        patch["discriminator.output_activation"] = "linear"
    if not edits:
        return None
    if len(edits) == 2:
        title = Message("Compute the cross-entropy from logits, and remove the discriminator's sigmoid")
    elif takes_logits:
        title = Message("Remove the discriminator's sigmoid: its loss takes logits")
    else:
        title = Message("Compute the cross-entropy from logits: the discriminator ends without a sigmoid")
    return Change(tuple(edits), title, patch)


def _without_sigmoid(case: Case) -> Edit:
    card = case.card("d")
    assert card is not None
    last = card.layers[-1]
    where = f"  # discriminator: {name_of(last)}"
    if last.type in ("Activation", "Sigmoid"):
        settings = {"activation": "sigmoid"} if last.type == "Activation" else {}
        return Edit("discriminator.output_activation", case.spelling.layer(last.type, **settings) + where, None)
    units = {"units": last.settings["units"]} if "units" in last.settings else {}
    before = case.spelling.layer(last.type, **units, activation="sigmoid") + where
    return Edit("discriminator.output_activation", before, case.spelling.layer(last.type, **units) + where)


def ends_in_sigmoid(case: Case) -> bool | None:
    """Tell whether the discriminator's last layer is a sigmoid; None where its card is not known."""
    card = case.card("d")
    if card is None or not card.layers:
        return None
    last = card.layers[-1]
    return last.type == "Sigmoid" or last.settings.get("activation") == "sigmoid"


def reads_logits(case: Case) -> bool | None:
    """Tell what the loss takes the discriminator's output for, by what was seen of it, else by the losses found."""
    manifest = case.run.manifest
    if manifest.objective is not None and manifest.objective.reads in ("logits", "probabilities"):
        return manifest.objective.reads == "logits"
    found = {flag for loss in manifest.losses.values() if isinstance(flag := loss.get("from_logits"), bool)}
    return bool(found.pop()) if len(found) == 1 else None


def _mean(case: Case) -> Change | None:
    """Average a Keras loss that sums; moot where every loss found is a mean and the generator's was seen to be one."""
    summed = [loss for loss in case.run.manifest.losses.values() if loss.get("reduction") == "sum"]
    if not summed:
        return Change()
    kind = str(summed[0].get("type"))
    before, after = (f'keras.losses.{kind}(reduction="{how}")' for how in ("sum", "sum_over_batch_size"))
    return Change(
        (Edit("loss.reduction", before, after),), Message("Average the loss over the batch instead of summing it")
    )


def _same_labels(case: Case) -> Change | None:
    """Train the generator towards the label that the discriminator is given for real images, whichever that is.

    Where the discriminator's own step asks the same of both, its labels are what is to be changed.
    """
    objective = case.run.manifest.objective
    if objective is not None and objective.labels == "same":
        return _different_labels(case)
    high = _scores_reals_high(case)
    if high is None:
        return Change()
    ones, zeros = ("torch.ones_like", "torch.zeros_like") if _is_torch(case) else ("tf.ones_like", "tf.zeros_like")
    if high:
        right = ones
        title = Message("Train the generator towards 1, the label that the discriminator is given for real images")
    else:
        right = zeros
        title = Message("Train the generator towards 0, the label that the discriminator is given for real images")
    call = "g_loss = bce(on_fake, {}(on_fake))" if _is_torch(case) else "g_loss = bce({}(on_fake), on_fake)"
    edit = Edit("generator.label", None, call.format(right))
    return Change((edit,), title, {"training.generator_label": 1.0 if high else 0.0})


def _different_labels(case: Case) -> Change:
    """Give real and generated images different labels in the discriminator's step, and add both parts."""
    call = (
        "d_loss = bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake))"
        if _is_torch(case)
        else "d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)"
    )
    title = Message("Give real and generated images different labels in the discriminator's step, and add both parts")
    return Change((Edit("discriminator.labels", None, call),), title, {})


def _scores_reals_high(case: Case) -> bool | None:
    """Tell whether the trained discriminator scores real images above generated ones; None where that is not clear."""
    if "d_logit_gap" not in case.run:
        return None
    gaps = case.run["d_logit_gap"]
    gap = float(gaps[gaps.index >= (case.first_step or 0)].median())
    return None if not abs(gap) > 1.0 else gap > 0


def _is_torch(case: Case) -> bool:
    return case.spelling.framework == "torch"


def _no_activation_on_critic(case: Case) -> Change | None:
    """Take the activation off the discriminator's output; moot where there is none."""
    ends = ends_in_sigmoid(case)
    if not ends:
        return None if ends is False else Change()
    name = network_name(case.run, "d")
    title = Message("Remove the sigmoid from the output of {network}", network=name)
    return Change((_without_sigmoid(case),), title, {"discriminator.output_activation": "linear"})


CHANGES: dict[str, Callable[[Case], Change | None]] = {
    "loss-from-logits": _from_logits,
    "linear-critic": _no_activation_on_critic,
    "average-the-loss": _mean,
    "consistent-labels": _same_labels,
}
