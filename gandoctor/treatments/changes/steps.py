"""Steps: which weights each step updates, in which mode the images are made, and how long training goes on."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.message import Absent, Message
from gandoctor.player_names import NAMES, PLAYERS, SLOTS, Player
from gandoctor.treatments.changes.case import Case, Change
from gandoctor.treatments.changes.spelling import network_name
from gandoctor.treatments.edit import Edit

LEAST_STEPS = 600
"""Warm-up takes 500 steps; until then rules say little of the samples."""
FREEZES_DISCRIMINATOR = {"training.freeze_discriminator": True}


def _own_weights(case: Case) -> Change | None:
    """Give each optimizer its own network's weights; thaw a network that is frozen."""
    frozen = [p for p in PLAYERS if _stands_still(case, p)]
    if frozen:
        return _thaw(case, frozen[0])
    leaking = [p for p in PLAYERS if _moves(case, f"{p}_update_in_{_other(p)}_step")]
    if len(leaking) != 1:
        sound = not leaking and all(f"{p}_update_in_{_other(p)}_step" in case.run for p in PLAYERS)
        both = tuple(_own_list(case, player) for player in PLAYERS)
        return None if sound else Change(both, patch=FREEZES_DISCRIMINATOR)
    moved, owner = leaking[0], _other(leaking[0])
    edit = _own_list(case, owner)
    title = Message(
        "Give the {player}'s optimizer only the {player}'s weights: its step also moves the {other}",
        player=NAMES[owner],
        other=NAMES[moved],
    )
    return Change((edit,), title, FREEZES_DISCRIMINATOR if moved == "d" else {})


def _own_list(case: Case, player: Player) -> Edit:
    """Give a player's optimizer its own network's weights."""
    if case.spelling.framework == "torch":
        other = _other(player).upper()
        line = f"opt_{player} = torch.optim.Adam({player.upper()}.parameters())  # and no parameter of {other}"
    else:
        line = f"weights = {SLOTS[player]}.trainable_variables  # in the {SLOTS[player]}'s step, and no other weights"
    return Edit(f"{player}_step.weights", None, line)


def _thaw(case: Case, player: Player) -> Change:
    """Make a frozen network trainable; have one updated that no optimizer was called for."""
    name = network_name(case.run, player)
    missing = case.run.manifest.missing.get(f"{player}_grad_norm")
    if missing is not None and missing.code is Absent.NOT_CALLED:
        return _update(case, player, name)
    if case.spelling.framework == "torch":
        line = f"{name}.requires_grad_(True)  # in its own step"
    else:
        line = f"{name}.trainable = True  # before the first step: Keras 3 reads the flag once"
    title = Message("Make the {player} trainable in its own step", player=NAMES[player])
    return Change((Edit(f"{SLOTS[player]}.trainable", None, line),), title, {})


def _update(case: Case, player: Player, name: str) -> Change:
    """Call the optimizer of a player that no optimizer was called for."""
    if case.spelling.framework == "torch":
        line = f"opt_{player}.step()  # after its loss; opt_{player} holds {name}.parameters()"
    else:
        line = f"{player}_optimizer.apply(gradients, {name}.trainable_variables)  # after its loss"
    title = Message("Call the {player}'s own optimizer after its loss: none was called", player=NAMES[player])
    return Change((Edit(f"{player}_step.update", None, line),), title, {})


def _trainable_per_phase(case: Case) -> Change | None:
    """Thaw a discriminator that stands still; freeze it in the generator's step where it moves there."""
    if _stands_still(case, "d"):
        return _thaw(case, "d")
    if not _moves(case, "d_update_in_g_step"):
        return None if "d_update_in_g_step" in case.run else Change()
    if case.spelling.framework == "torch":
        return _own_weights(case)
    line = "discriminator.trainable = False  # before the first call of the generator's step"
    title = Message("Freeze the discriminator in the generator's step")
    return Change((Edit("g_step.weights", None, line),), title, FREEZES_DISCRIMINATOR)


def _other(player: Player) -> Player:
    return "g" if player == "d" else "d"


def _stands_still(case: Case, player: Player) -> bool:
    name = f"{player}_update_in_{player}_step"
    missing = case.run.manifest.missing.get(f"{player}_grad_norm")
    if "optimizer-not-called" in case.causes and missing is not None and missing.code is Absent.NOT_CALLED:
        return True
    if name not in case.run and f"{SLOTS[player]}-frozen" in case.causes:
        return True  # it has no step of its own at all
    return name in case.run and float(case.run[name].median()) == 0.0 and case.rate(player) != 0.0


def _moves(case: Case, signal: str) -> bool:
    return signal in case.run and bool((case.run[signal] > 0).any())


def _training_mode(case: Case) -> Change | None:
    """Make the discriminator's fakes as the generator's step makes them."""
    if case.spelling.framework == "torch":
        return Change((Edit("d_step.fakes", None, "G.train()  # also while the discriminator's fakes are made"),))
    line = "fake = generator(latents, training=True)  # in the discriminator's step too; predict() uses inference mode"
    return Change((Edit("d_step.fakes", None, line),))


def _stop_gradient(case: Case) -> Change | None:
    """Cut the gradient from the discriminator's step to the generator; moot where that step does not move it."""
    if "g_update_in_d_step" in case.run and not _moves(case, "g_update_in_d_step"):
        return None
    if case.spelling.framework == "torch":
        line = "fake = G(z).detach()  # in the discriminator's step"
    else:
        line = "fake = tf.stop_gradient(generator(latents, training=True))  # in the discriminator's step"
    return Change((Edit("d_step.fakes", None, line),))


def _separate_batches(case: Case) -> Change | None:
    """Show the discriminator real and generated images one after the other."""
    if case.spelling.framework == "torch":
        before, after = "scores = D(torch.cat([real, fake]))", "on_real, on_fake = D(real), D(fake)"
    else:
        before = "scores = discriminator(tf.concat([real, fake], axis=0), training=True)"
        after = "on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)"
    return Change((Edit("d_step.batches", before, after),))


def _inference_mode(case: Case) -> Change | None:
    """Draw samples in inference mode."""
    if case.spelling.framework == "torch":
        return Change((Edit("sampling.mode", None, "G.eval()  # while samples are drawn"),))
    return Change((Edit("sampling.mode", None, "samples = generator(latents, training=False)"),))


def _longer(case: Case) -> Change | None:
    """Train twice as long, and past warm-up."""
    steps = case.run.manifest.planned_steps or case.run.last_step
    if not steps:
        return Change()
    new = max(2 * steps, LEAST_STEPS)
    edit = Edit("training.steps", f"steps = {steps}", f"steps = {new}", 1)
    title = Message("Train for {new} steps instead of {old}", old=steps, new=new)
    return Change((edit,), title, {"training.steps": new})


def _without_pretraining(case: Case) -> Change | None:
    """Leave out the steps in which the discriminator trains alone."""
    steps = case.run.manifest.declared.pretrain_steps
    if not steps:
        return Change() if steps is None else None
    edit = Edit("training.pretrain_steps", f"pretrain_steps = {steps}", "pretrain_steps = 0", -1)
    title = Message("Leave out the {steps} steps in which the discriminator trains alone", steps=steps)
    return Change((edit,), title, {"training.pretrain_steps": 0})


CHANGES: dict[str, Callable[[Case], Change | None]] = {
    "separate-variable-lists": _own_weights,
    "set-trainable-per-phase": _trainable_per_phase,
    "fakes-in-training-mode": _training_mode,
    "stop-gradient-in-discriminator-step": _stop_gradient,
    "separate-batches": _separate_batches,
    "sample-in-inference-mode": _inference_mode,
    "train-longer": _longer,
    "no-pretraining": _without_pretraining,
}
