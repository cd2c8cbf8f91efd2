"""GD107."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run
from support.design_cards import CONV, DISCRIMINATOR, GENERATOR, LEAKY, UNIT, act, card, judged, named

MakeRun = Callable[..., Run]


def of(make_run: MakeRun, discriminator: PlayerCard) -> Finding:
    return judged("GD107", make_run({}, generator=GENERATOR, discriminator=discriminator, real_count=0))


def test_relu_in_each_of_its_forms_and_max_pooling(make_run: MakeRun) -> None:
    sparse = card(
        CONV, act("relu"), CONV, ("ReLU", {}), ("Conv2D", {"activation": "relu"}), ("MaxPooling2D", {}), "Flatten", UNIT
    )
    finding = of(make_run, sparse)
    assert finding.severity is Severity.INFO, "advice of practice"
    assert [evidence.observed for evidence in finding.evidence] == [3, 1]
    assert named(finding) == {f"discriminator/{name}" for name in ("activation", "relu", "conv2d_2", "maxpooling2d")}


def test_look_alikes(make_run: MakeRun) -> None:
    assert of(make_run, DISCRIMINATOR).status is Status.NOT_DETECTED
    for hidden in (("ReLU", {"negative_slope": 0.2}), ("AveragePooling2D", {}), ("ELU", {})):
        assert of(make_run, card(CONV, hidden, LEAKY, "Flatten", UNIT)).status is Status.NOT_DETECTED
    # At the output it is another matter: GD105.
    assert of(make_run, card(CONV, LEAKY, "Flatten", UNIT, act("relu"))).status is Status.NOT_DETECTED


def test_a_generator_of_relus_is_not_looked_at(make_run: MakeRun) -> None:
    assert any(layer.settings.get("activation") == "relu" for layer in GENERATOR.layers)
    assert of(make_run, DISCRIMINATOR).status is Status.NOT_DETECTED


def test_not_evaluated(make_run: MakeRun) -> None:
    assert of(make_run, DISCRIMINATOR.model_copy(update={"order": "declared"})).status is Status.NOT_EVALUATED
