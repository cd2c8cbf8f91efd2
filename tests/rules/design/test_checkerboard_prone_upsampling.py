"""GD108."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run
from support.design_cards import DENSE, DISCRIMINATOR, GENERATOR, LEAKY, act, card, facts, judged, named, transpose

MakeRun = Callable[..., Run]


def of(make_run: MakeRun, generator: PlayerCard) -> Finding:
    return judged("GD108", make_run({}, generator=generator, discriminator=DISCRIMINATOR, real_count=0))


@pytest.mark.parametrize(("kernel", "stride"), [(5, 2), (3, 2), (4, 3)])
def test_uneven_overlap(make_run: MakeRun, kernel: int, stride: int) -> None:
    finding = of(make_run, card(DENSE, LEAKY, transpose(4, 2), LEAKY, transpose(kernel, stride), act("tanh")))
    assert finding.severity is Severity.INFO, "good generators are built this way"
    assert facts(finding) | {"layer": "conv2dtranspose_1", "kernel": kernel, "stride": stride} == facts(finding)
    assert named(finding) == {"generator/conv2dtranspose_1"}


def test_a_kernel_smaller_than_its_stride_leaves_holes(make_run: MakeRun) -> None:
    finding = of(make_run, card(DENSE, transpose(1, 2), act("tanh")))
    assert finding.severity is Severity.WARNING
    assert str(finding.evidence[0].statement) == (
        "The generator's conv2dtranspose has kernel 1 with stride 2: no kernel entry reaches some of the pixels."
    )


def test_look_alikes(make_run: MakeRun) -> None:
    assert of(make_run, GENERATOR).status is Status.NOT_DETECTED, "4 with stride 2"
    resized = card(DENSE, ("UpSampling2D", {"size": [2, 2]}), transpose(5, 1), act("tanh"))
    assert of(make_run, resized).status is Status.NOT_DETECTED
    down = card(DENSE, ("Conv2D", {"kernel_size": [5, 5], "strides": [2, 2]}), transpose(4, 2), act("tanh"))
    assert of(make_run, down).status is Status.NOT_DETECTED
    assert of(make_run, card(DENSE, transpose(2, 2), act("tanh"))).status is Status.NOT_DETECTED


def test_not_evaluated_and_damaged_settings(make_run: MakeRun) -> None:
    assert of(make_run, GENERATOR.model_copy(update={"order": "declared"})).status is Status.NOT_EVALUATED
    odd = card(DENSE, ("Conv2DTranspose", {"kernel_size": "5", "strides": [2]}), act("tanh"))
    assert of(make_run, odd).status is Status.NOT_DETECTED
