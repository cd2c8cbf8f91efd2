"""Data and latents: the range, the number and the order of the real images, and the spread of the latents."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.message import Message
from gandoctor.treatments.changes.case import Case, Change, name_of
from gandoctor.treatments.changes.spelling import typed
from gandoctor.treatments.edit import Edit

BYTES = 16.0
"""Data with a maximum above it are taken for 8-bit images."""
_FITTING = {(0.0, 1.0): "sigmoid", (-1.0, 1.0): "tanh"}
"""Range -> the activation that reaches it and no further."""
_NEAR = 0.05


def _match_range(case: Case) -> Change | None:
    """Scale 8-bit images, or give the generator the activation of the data's range; moot where both fit."""
    data, card = case.run.manifest.data, case.card("g")
    if data is None or card is None or not card.layers:
        return Change()
    low, high = trained_on(case)
    ends = _output_activation(case)
    if high > BYTES and ends == "tanh":
        line = 'images = images.astype("float32") / 127.5 - 1.0'
        title = Message("Scale the images from 0..255 to -1..1, the range of tanh")
        return Change((Edit("data.range", None, line),), title, {"data.range": "symmetric"})
    if high > BYTES:
        line = 'images = images.astype("float32") / 255.0'
        title = Message("Scale the images from 0..255 to 0..1, the range of the sigmoid")
        return Change((Edit("data.range", None, line),), title, {"data.range": "unit"})
    fitting = next((name for (a, b), name in _FITTING.items() if abs(low - a) < _NEAR and abs(high - b) < _NEAR), None)
    if fitting is None or ends is None:
        return Change(patch={})  # the treatment's own settings are those of data in 0..1
    if ends == fitting:
        return None
    layer = card.layers[-1]
    where = f"  # generator: {name_of(layer)}"
    before, after = (case.spelling.layer(layer.type, activation=name) + where for name in (ends, fitting))
    title = Message(
        "End the generator with {new} instead of {old}: the data lie in {low:.3g} to {high:.3g}",
        new=fitting,
        old=ends,
        low=low,
        high=high,
    )
    return Change(
        (Edit("generator.output_activation", before, after),), title, {"generator.output_activation": fitting}
    )


def trained_on(case: Case) -> tuple[float, float]:
    """Return the range of the data: the probe data's, and what lies beyond both it and the generator's reach.

    The discriminator's own step is given real and generated examples: what the generator cannot make is real.
    """
    data, card = case.run.manifest.data, case.card("g")
    low, high = (data.minimum, data.maximum) if data is not None else (0.0, 1.0)
    reach = card.reach if card is not None else None
    if reach is None:
        return low, high
    given_low, given_high = case.recorded("d_step_input_min"), case.recorded("d_step_input_max")
    if given_low is not None and reach.low is not None and given_low < reach.low:
        low = min(low, given_low)
    if given_high is not None and reach.high is not None and given_high > reach.high:
        high = max(high, given_high)
    return low, high


def _output_activation(case: Case) -> str | None:
    """Return the activation that the generator's last layer ends with; None where it is not one of the two."""
    card = case.card("g")
    last = card.layers[-1] if card is not None and card.layers else None
    if last is None:
        return None
    name = str(last.settings.get("activation") or last.type).lower()
    return name if name in ("sigmoid", "tanh") else None


def _vary_latents(case: Case) -> Change | None:
    """Draw new latents for every batch, of the spread they should have."""
    card = case.run.manifest.latent
    size = card.shape[-1] if card is not None and card.shape else 100
    if case.spelling.framework == "torch":
        after = f"z = torch.randn(n, {size})  # anew in every step"
        return Change((Edit("latents", _latents_now(case, "torch"), after),))
    after = f"latents = keras.random.uniform((n, {size}), -1.0, 1.0)"
    edit = Edit("latents", _latents_now(case, "keras"), after)
    return Change((edit,), Message("Draw latents anew in every step, uniform in -1 to 1"))


def _latents_now(case: Case, framework: str) -> str | None:
    """Return a line that makes such latents as the run had; None where they look right by their spread."""
    card = case.run.manifest.latent
    if card is None or card.std is None or card.minimum is None or card.maximum is None or not card.shape:
        return None
    size = card.shape[-1]
    if card.std == 0.0:
        full = "torch" if framework == "torch" else "keras.ops"
        name = "z" if framework == "torch" else "latents"
        return f"{name} = {full}.full((n, {size}), {typed(card.minimum)})"
    if card.std < 0.1 and framework == "keras":
        return f"latents = keras.random.uniform((n, {size}), {typed(card.minimum)}, {typed(card.maximum)})"
    return None


def _varied_batches(case: Case) -> Change | None:
    """Shuffle, then repeat, then batch."""
    if case.spelling.framework == "torch":
        line = "loader = DataLoader(images, batch_size=n, shuffle=True, drop_last=True)"
    else:
        line = "dataset = dataset.shuffle(len(images)).repeat().batch(n, drop_remainder=True)  # no take(), no cache()"
    return Change((Edit("data.batches", None, line),))


def _all_images(case: Case) -> Change | None:
    """Train on all images where a number was declared."""
    count = case.run.manifest.declared.training_images
    if not count:
        return Change()
    edit = Edit("data.training_images", f"images = images[:{count}]", "images = images", 1)
    return Change((edit,), Message("Train on all real images, not on {count} of them", count=count))


CHANGES: dict[str, Callable[[Case], Change | None]] = {
    "match-output-range": _match_range,
    "vary-latents": _vary_latents,
    "feed-varied-batches": _varied_batches,
    "use-more-images": _all_images,
}
