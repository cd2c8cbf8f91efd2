"""The effect of labels, on samples of which it is known."""

import numpy as np
import pytest

from gandoctor.measures.labels import (
    EXCHANGES,
    agreement,
    apparent_share,
    exchanges,
    label_effects,
    own_label_wins,
    own_label_wins_by_chance,
    visibility,
)

RNG = np.random.default_rng(0)
N, K, D = 64, 10, 30
CLASSES = RNG.integers(0, K, N)
MEANS, NOISE, OTHER = RNG.normal(size=(K, D)), RNG.normal(size=(N, D)), RNG.normal(size=(N, K, D))


def effects(weight: float, how: str = "alike") -> dict[str, float]:
    """Samples that are noise plus what the label does: alike for all noise, or another thing for each."""
    other = CLASSES[exchanges(CLASSES, 1)[0]]

    def made(classes: np.ndarray) -> np.ndarray:
        told = MEANS[classes] if how == "alike" else OTHER[np.arange(N), classes]
        return NOISE + weight * told

    return label_effects(made(CLASSES), made(other), CLASSES)


def test_every_row_takes_the_label_of_another_class_and_a_class_all_of_one() -> None:
    for order in exchanges(CLASSES, 3):
        assert (CLASSES[order] != CLASSES).all()
        assert all(len(set(CLASSES[order][k == CLASSES])) == 1 for k in range(K))
    assert len({tuple(CLASSES[order]) for order in exchanges(CLASSES, 3)}) == 3
    assert len(exchanges(np.array([0, 1, 0]), 3)) == 1


def test_a_label_that_changes_nothing() -> None:
    found = effects(0.0)
    assert found["effect"] == found["share"] == 0
    assert 0 < found["chance"] < 0.1


@pytest.mark.parametrize("weight", [0.3, 1.0, 2.0])
def test_the_share_is_that_of_a_two_way_layout(weight: float) -> None:
    variance = weight**2 * MEANS.var(axis=0, ddof=1).sum()
    expected = variance / (variance + D)
    assert effects(weight)["share"] == pytest.approx(expected, rel=0.35)
    assert effects(weight)["effect"] == pytest.approx(weight**2 * 2 * D / (2 * D), rel=0.35)


def test_a_label_that_acts_as_more_noise_has_an_effect_and_no_share() -> None:
    found = effects(1.0, "differently")
    assert found["effect"] > 0.3
    assert found["share"] < found["chance"]


def test_chance_is_what_shuffled_labels_reach_in_one_case_of_twenty() -> None:
    beyond = []
    for _ in range(200):
        told = apparent_share(RNG.normal(size=(N, D)), RNG.integers(0, K, N))
        assert told is not None
        beyond.append(told[0] > told[1])
    assert 0.01 < np.mean(beyond) < 0.11


def test_labels_are_visible_as_far_as_rows_differ_by_them() -> None:
    classes = RNG.integers(0, K, 400)
    rows = RNG.normal(size=(400, D))
    assert visibility(rows + MEANS[classes], classes, N) == 1
    assert visibility(rows, classes, N) < 0.2


def test_nothing_is_told_where_classes_do_not_repeat_or_all_is_the_same() -> None:
    assert label_effects(NOISE, NOISE, np.arange(N)) == {}
    assert label_effects(NOISE, NOISE, np.zeros(N, int)) == {}
    assert label_effects(np.ones((N, D)), np.ones((N, D)), CLASSES) == {}
    assert apparent_share(np.ones((N, D)), CLASSES) is None


def test_own_label_against_others() -> None:
    own = RNG.normal(size=N)
    assert own_label_wins(own, [own - 1, own - 2]) == 1
    assert own_label_wins(own, [own, own + 1]) == 0.25
    assert np.isnan(own_label_wins(own, [own * np.nan]))


def test_its_null_is_that_of_ranks_by_chance() -> None:
    drawn = [own_label_wins(scores[0], list(scores[1:])) for scores in RNG.normal(size=(2000, 1 + EXCHANGES, N))]
    assert np.mean(np.array(drawn) > own_label_wins_by_chance(N)) == pytest.approx(0.05, abs=0.02)


def test_agreement_does_not_mind_how_classes_are_numbered() -> None:
    assert agreement(CLASSES, (CLASSES * 7 + 3) % 10) == 1
    assert agreement(CLASSES, RNG.permutation(CLASSES)) < 0.5
