"""Headlines: a failure by the name people search for, with this run's fact, and when it was there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from gandoctor.message import Message, Value
from gandoctor.player_names import Player
from gandoctor.rules import MODEL_CARD, Evidence, Finding
from gandoctor.store import Run
from gandoctor.treatments.changes.case import Case
from gandoctor.treatments.changes.data import trained_on
from gandoctor.treatments.changes.losses import ends_in_sigmoid, reads_logits
from gandoctor.treatments.changes.rates import rates_at_fault
from gandoctor.treatments.changes.spelling import typed

BEFORE_TRAINING = Message("in the model, before training")

NAMES: dict[str, Message] = {
    "GD001": Message("NaN or infinite values"),
    "GD002": Message("Discriminator not training"),
    "GD003": Message("Generator not training"),
    "GD004": Message("The generator's step also trains the discriminator"),
    "GD005": Message("The discriminator's step also trains the generator"),
    "GD006": Message("Output range mismatch"),
    "GD007": Message("Latents that do not vary"),
    "GD008": Message("Both networks are trained towards the same goal"),
    "GD009": Message("The same real images again and again"),
    "GD010": Message("Training and inference mode disagree"),
    "GD011": Message("Labels broadcast over all outputs"),
    "GD012": Message("Unshuffled data"),
    "GD013": Message("Latents from two distributions"),
    "GD014": Message("Only one side is augmented or noisy"),
    "GD015": Message("The same label in every step"),
    "GD016": Message("Saturated discriminator"),
    "GD017": Message("Gradients not cleared"),
    "GD018": Message("Samples of another generator than the trained one"),
    "GD019": Message("Labels that training never gives"),
    "GD020": Message("Weights in no optimizer"),
    "GD021": Message("Softmax before the cross-entropy"),
    "GD022": Message("Scrambled real images"),
    "GD023": Message("Trained in inference mode"),
    "GD024": Message("Recurrent layer along the batch"),
    "GD025": Message("Generator loss without the discriminator"),
    "GD026": Message("Number frozen in the traced step"),
    "GD027": Message("The same fakes again and again"),
    "GD101": Message("Batch normalisation in the wrong place"),
    "GD102": Message("Wrong layer order"),
    "GD103": Message("Dropout too high"),
    "GD104": Message("Learning rates far apart"),
    "GD105": Message("Loss and output activation do not match"),
    "GD106": Message("Batch normalisation gives real images away"),
    "GD107": Message("Sparse gradients from the discriminator"),
    "GD108": Message("Upsampling prone to checkerboards"),
    "GD109": Message("Pretrained discriminator"),
    "GD110": Message("Columns of very unequal scales"),
    "GD112": Message("Loss summed over the batch"),
    "GD113": Message("Very few real images"),
    "GD114": Message("The adversarial loss drowns in other losses"),
    "GD115": Message("Generator updated too often"),
    "GD116": Message("Discriminator updated too often"),
    "GD117": Message("Learning rate fallen to nothing"),
    "GD118": Message("Network without activations"),
    "GD119": Message("Normalisation that hardly normalises"),
    "GD120": Message("Too much momentum"),
    "GD201": Message("Vanishing generator gradient"),
    "GD202": Message("Exploding gradient"),
    "GD203": Message("Update size out of range"),
    "GD204": Message("Dead ReLU units"),
    "GD207": Message("Critic slope out of range"),
    "GD301": Message("Discriminator loss at zero"),
    "GD302": Message("Discriminator too weak"),
    "GD303": Message("Oscillating training"),
    "GD304": Message("Discriminator overfitting"),
    "GD305": Message("Loss stuck at its clip"),
    "GD307": Message("Discriminator gives every image the same score"),
    "GD401": Message("Samples look like noise"),
    "GD402": Message("Noisy samples"),
    "GD403": Message("Mode collapse"),
    "GD404": Message("Mode dropping"),
    "GD405": Message("Blank samples"),
    "GD406": Message("Checkerboard artifacts"),
    "GD407": Message("Blurry samples"),
    "GD408": Message("Memorised training images"),
    "GD409": Message("Sample quality got worse"),
    "GD411": Message("Columns unlike the data"),
    "GD412": Message("Labels ignored by the generator"),
    "GD413": Message("Samples that do not belong to their inputs"),
}
"""Rule -> what the failure is called; a rule of another package goes by its title."""


def headline_of(finding: Finding, run: Run, is_dated: bool = True) -> Message:
    """Return what a finding is called, with this run's fact and, if asked, since when; without a full stop."""
    whole = _WHOLE.get(finding.rule.id)
    said = whole(finding, run) if whole is not None and finding.evidence else None
    if said is not None:
        return said
    name = NAMES.get(finding.rule.id, finding.rule.title)
    fact = _fact(finding)
    since = None if is_in_the_model(finding) or not is_dated else finding.first_step
    if since is None:
        return name if fact is None else Message("{name}: {fact}", name=name, fact=fact)
    if fact is None:
        return Message("{name} since step {step}", name=name, step=since)
    return Message("{name} since step {step}: {fact}", name=name, step=since, fact=fact)


def when_of(finding: Finding) -> Message:
    """Return when a finding was there: in the model, or since which step, or from which to which."""
    if is_in_the_model(finding) or finding.first_step is None:
        return BEFORE_TRAINING
    return Message("since step {step}", step=finding.first_step)


def is_in_the_model(finding: Finding) -> bool:
    """Tell whether a finding was read from the model card alone."""
    return bool(finding.evidence) and all(e.signal == MODEL_CARD for e in finding.evidence)


def _fact(finding: Finding) -> Message | None:
    make = _FACTS.get(finding.rule.id)
    for evidence in finding.evidence if make is not None else ():
        said = make(evidence, evidence.statement.facts) if make is not None else None
        if said is not None:
            return said
    return None


def _number(facts: Mapping[str, Value], name: str) -> float | None:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _non_finite(finding: Finding, run: Run) -> Message:
    first = finding.evidence[0]
    value = "NaN" if math.isnan(first.observed) else "Infinity"
    return Message("{value} in {signal} at step {step}", value=value, signal=first.signal, step=first.first_step)


def _learning_rate(finding: Finding, run: Run) -> Message | None:
    case = Case(run, first_step=finding.first_step)
    wrong = rates_at_fault(case)
    if len(wrong) != 1:
        return None
    ((player, rate),) = wrong.items()
    own = case.rate(player) or rate
    said = _times(player, rate / own, own) if rate > own else _times(player, -own / rate, own)
    return _dated(said, finding, run)


def _dated(said: Message, finding: Finding, run: Run) -> Message:
    """Return what was said, with the step it began at unless that is the first one that was seen of it."""
    step, signal = finding.first_step or 0, finding.evidence[0].signal
    first = int(run[signal].index[0]) if signal in run else 0
    return (
        said if is_in_the_model(finding) or step <= first else Message("{said} since step {step}", said=said, step=step)
    )


def _times(player: Player, times: float, rate: float) -> Message:
    known: dict[str, Value] = {"times": abs(times), "rate": typed(rate)}
    if player == "g" and times > 0:
        return Message("Generator learning rate {times:,.0f} times too small ({rate})", **known)
    if player == "g":
        return Message("Generator learning rate {times:,.0f} times too large ({rate})", **known)
    if times > 0:
        return Message("Discriminator learning rate {times:,.0f} times too small ({rate})", **known)
    return Message("Discriminator learning rate {times:,.0f} times too large ({rate})", **known)


def _copies(evidence: Evidence, facts: Mapping[str, Value]) -> Message | None:
    group, samples, possible = (_number(facts, name) for name in ("group", "samples", "possible"))
    if group is not None and samples is not None:
        return Message("{n:.0f} of {samples:.0f} samples are the same image", n=group, samples=samples)
    if possible is not None:
        n = round((1 + math.sqrt(1 + 8 * possible)) / 2)
        return Message("nearly all of {samples} samples are the same image", samples=n)
    if "spread" in facts:
        return Message("the latents hardly change the image")
    return None


def _loss(evidence: Evidence, facts: Mapping[str, Value]) -> Message | None:
    loss = _number(facts, "loss")
    return None if loss is None else Message("d_loss is {loss:.2g}", loss=loss)


def _dropout(evidence: Evidence, facts: Mapping[str, Value]) -> Message | None:
    rate = _number(facts, "rate")
    return None if rate is None else Message("{rate:g} in {layer}", rate=rate, layer=str(facts.get("layer", "")))


def _range(finding: Finding, run: Run) -> Message | None:
    card = run.manifest.generator
    reach = None if card is None else card.reach
    if run.manifest.data is None or reach is None:
        return None
    low, high = trained_on(Case(run, first_step=finding.first_step))
    least, most = reach.low, reach.high
    if least is None or most is None or not math.isfinite(low + high + least + most):
        return None
    said = Message(
        "Output range mismatch: the data lie in {low:.3g} to {high:.3g}, the generator makes {least:.3g} to {most:.3g}",
        low=low,
        high=high,
        least=least,
        most=most,
    )
    return _dated(said, finding, run)


def _loss_and_output(finding: Finding, run: Run) -> Message | None:
    case = Case(run)
    match ends_in_sigmoid(case), reads_logits(case):
        case (False, False):
            return Message("The loss takes logits for probabilities")
        case (True, True):
            return Message("The loss applies a second sigmoid")
    return None


def _norm(evidence: Evidence, facts: Mapping[str, Value]) -> Message | None:
    norm, activation = facts.get("norm"), facts.get("activation")
    if not isinstance(norm, str) or not isinstance(activation, str):
        return None
    return Message("{norm} is at the output, {activation}", norm=norm, activation=activation)


def _gradient(evidence: Evidence, facts: Mapping[str, Value]) -> Message | None:
    return Message("{signal} is {value:.2g}", signal=evidence.signal, value=evidence.observed)


def _best(evidence: Evidence, facts: Mapping[str, Value]) -> Message | None:
    step = _number(facts, "step")
    return None if step is None else Message("the best samples were those of step {step:.0f}", step=step)


_WHOLE: dict[str, Callable[[Finding, Run], Message | None]] = {
    "GD001": _non_finite,
    "GD006": _range,
    "GD105": _loss_and_output,
    "GD104": _learning_rate,
}
_FACTS: dict[str, Callable[[Evidence, Mapping[str, Value]], Message | None]] = {
    "GD101": _norm,
    "GD103": _dropout,
    "GD201": _gradient,
    "GD202": _gradient,
    "GD301": _loss,
    "GD403": _copies,
    "GD409": _best,
}
