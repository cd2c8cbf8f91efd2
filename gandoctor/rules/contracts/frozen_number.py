"""GD026: the program changes a number that its traced step has read once and for all.

What it is
    A step that TensorFlow traces (a `tf.function`, a `train_step` of Keras) reads a number of the program: the weight
    of a loss, a size of noise, a flag that ends a first phase. The program changes it as training goes on, and the step
    goes on with the number of its trace.

Why it hurts
    What is to be faded in stays out, what is to be faded out stays in, and a phase never ends. Nothing is raised, and
    the number that the program prints is the one that it means to use.

How it is recognised
    As a step is traced, its code and that of the functions it calls is searched for numbers from outside: global names,
    names of an enclosing function, attributes such as `self.weight`. At the end of the training they are compared with
    what they were then. Only reading is needed: none of the program's code is run for it.

What it is not
    A number that the step itself counts while it is traced is left alone, and so is one in a `tf.Variable`, which a
    trace reads anew in every step. Numbers in lists and dictionaries are not looked at. Whether a number matters is not
    known: one that the step only prints does no harm.

What to do
    Keep the number in a `tf.Variable` and `assign` to it, or give it to the step as a tensor.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.player_names import PLAYERS
from gandoctor.rules.reading.model_card import card_of
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds: none. A number is another one or it is not.

    Attributes:
        named: Numbers named.
    """

    named: int = 4


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of each number that was changed."""
    cards = [card.frozen for player in PLAYERS if (card := card_of(run, player)) is not None]
    seen = [card for card in cards if card is not None]
    if not seen:
        raise NotEvaluated(
            Message("No step that TensorFlow traces was seen; elsewhere a number is read anew in every step.")
        )
    changed = {number.name: number for card in seen for number in card.numbers}
    return [
        # It shows in training: `check` may end before the program changes anything.
        Evidence(
            "g_loss",
            number.now,
            None,
            1,
            run.last_step,
            Message(
                "The traced step goes on with {name} = {traced:g}. The program has changed it since, to {now:g} at the "
                "end: the step does not see that.",
                name=number.name,
                traced=number.traced,
                now=number.now,
            ),
        )
        for number in list(changed.values())[: limits.named]
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD026",
    name="frozen-number",
    title=Message("A number that the program changes is frozen in the traced step"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("number-in-a-variable",),
    references=(
        "TensorFlow guide, Better performance with tf.function: depending on Python global and free variables",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=(
            *("GD114", "GD201", "GD301", "GD302", "GD303"),
            *("GD401", "GD402", "GD403", "GD404", "GD405", "GD407", "GD409", "GD411"),
        ),
        critical=0.9,
        warning=0.8,
        info=0.3,
    ),
)
