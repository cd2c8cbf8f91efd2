"""Why a player may stand still: ranked hypotheses for GD002 and GD003."""

from __future__ import annotations

from gandoctor.message import Absent, Message
from gandoctor.player_names import SLOTS
from gandoctor.rules.contracts.standstill import Standstill
from gandoctor.rules.contracts.standstill_search import read_signal
from gandoctor.rules.hypotheses.players import DISCRIMINATOR_FROZEN
from gandoctor.rules.hypotheses.training import NO_GRADIENT_ARRIVES
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.rule import Cause
from gandoctor.store import Run

GENERATOR_FROZEN = Hypothesis(
    "generator-frozen",
    Message("The generator is frozen"),
    Message("Its own update does not move its weights."),
)
LEARNING_RATE_ZERO = Hypothesis(
    "learning-rate-zero",
    Message("The learning rate is 0"),
    Message("Look at the recorded learning rate: it is 0, perhaps because a schedule ended."),
)
OPTIMIZER_NOT_CALLED = Hypothesis(
    "optimizer-not-called",
    Message("No optimizer that holds its weights is called"),
    Message(
        "Look at which optimizer each step calls: the other player's stands in its place, `step()` is missing, or it "
        "was given the weights of a copy."
    ),
)
OTHER_NETWORKS_TRAINED = Hypothesis(
    "other-networks-trained",
    Message("The monitor watches other networks than those being trained"),
    Message("Pass the very objects that the optimizers update, not copies made by clone_model or loaded from a file."),
)


def rank_causes(run: Run, still: Standstill) -> list[Cause]:
    """Rank why a player stands still.

    The scores are judgement. A signal that shows a reason directly gives 0.95 or more where nothing else could, less
    where it has other explanations; one that speaks against it gives 0.02 to 0.05; one that is missing, 0.2 to 0.25.
    """
    return [
        _frozen(still),
        _learning_rate(run, still),
        _no_gradient(run, still),
        _not_called(run, still),
        _other_networks(still),
    ]


def _frozen(still: Standstill) -> Cause:
    hypothesis = {"d": DISCRIMINATOR_FROZEN, "g": GENERATOR_FROZEN}[still.player]
    certain = still.reason in ("frozen", "no_weights", "other_step_only")
    if still.reason == "frozen":
        shown = Message("the monitor found no trainable weight in it")
    elif still.reason == "no_weights":
        shown = Message("no gradient was ever computed for it")
    else:
        shown = Message("the flag is not recorded")
    test = Message(
        "`trainable` was False when its step was first traced: `len({player}.trainable_weights)` is 0 in that step, "
        'and Keras may have warned once that "the model does not have any trainable weights".',
        player=SLOTS[still.player],
    )
    return hypothesis.cause(0.95 if certain else 0.75 if still.fits_freeze_trap else 0.05, shown, test)


def _learning_rate(run: Run, still: Standstill) -> Cause:
    rate = read_signal(run, f"{still.player}_learning_rate").loc[: still.last_step]
    if not len(rate):
        shown = Message("its learning rate was not recorded")
    else:
        shown = Message("its learning rate is {rate:.2t}", rate=float(rate.iloc[-1]))
    score = 0.97 if still.reason == "learning_rate" else 0.02 if len(rate) else 0.2
    return LEARNING_RATE_ZERO.cause(score, shown)


def _no_gradient(run: Run, still: Standstill) -> Cause:
    gradient = read_signal(run, f"{still.player}_grad_norm").loc[still.first_step : still.last_step]
    if not len(gradient):
        if still.reason == "cut_off":
            return NO_GRADIENT_ARRIVES.cause(0.97, Message("no gradient was ever computed for it"))
        return NO_GRADIENT_ARRIVES.cause(0.7 if still.reason == "no_gradient" else 0.25)
    shown = Message("its gradient norm is {norm:.3g}", norm=float(gradient.median()))
    return NO_GRADIENT_ARRIVES.cause(0.7 if still.reason == "no_gradient" else 0.02, shown)


def _not_called(run: Run, still: Standstill) -> Cause:
    missing = run.manifest.missing.get(f"{still.player}_grad_norm")
    if missing is None or missing.code is not Absent.NOT_CALLED or still.fits_freeze_trap:
        return OPTIMIZER_NOT_CALLED.cause(0.02)
    # Of copies that are trained in their place neither moves.
    score = 0.5 if still.reason == "nothing_moves" else 0.9
    return OPTIMIZER_NOT_CALLED.cause(score, Message("none was seen to be called"))


def _other_networks(still: Standstill) -> Cause:
    if still.reason == "nothing_moves":
        shown = Message("neither player moves")
    elif still.other_movement:
        shown = Message("the other player moves")
    else:
        shown = Message("the other player's movement was not recorded")
    score = {"nothing_moves": 0.9, "never_updated": 0.5}.get(still.reason, 0.05)
    return OTHER_NETWORKS_TRAINED.cause(score, shown)
