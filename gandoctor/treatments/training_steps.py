"""Treatments of the training step: which variables each step updates, and which images it uses."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment, Words

TREATMENTS = (
    Treatment(
        id="new-fakes-each-step",
        title=Message("Make new fakes in each of the discriminator's steps"),
        explanation=Message(
            "Call the generator inside the loop, with new latents: the discriminator has to see what it makes now. "
            "Cut the gradient at the fakes, and let the generator's step make its own."
        ),
        evidence="strong",
        reference=Message("Goodfellow et al., NeurIPS 2014, algorithm 1"),
        snippets={
            "keras": """\
import keras


def fakes_for_discriminator(generator, batch_size=64, latent_dim=100):  # called in every step
    latents = keras.random.normal((batch_size, latent_dim))
    return keras.ops.stop_gradient(generator(latents, training=True))
""",
            "torch": """\
import torch


def fakes_for_discriminator(generator, batch_size=64, latent_dim=100):  # called in every step
    return generator(torch.randn(batch_size, latent_dim)).detach()
""",
        },
    ),
    Treatment(
        id="number-in-a-variable",
        title=Message("Keep a number that changes in a variable that the step reads"),
        explanation=Message(
            "A traced step keeps each Python number as a constant and reads each variable anew. `assign` changes the "
            "variable for all steps that follow, without a new trace."
        ),
        words={
            "torch": Words(
                title=Message("Keep a number that changes in a tensor that the step reads"),
                explanation=Message(
                    "A captured graph keeps each Python number as a constant and reads each tensor anew. `fill_` "
                    "changes the tensor for all steps that follow."
                ),
            )
        },
        evidence="strong",
        reference=Message("TensorFlow guide, Better performance with tf.function"),
        snippets={
            "keras": """\
import keras
import tensorflow as tf

weight = tf.Variable(0.0, trainable=False)  # not weight = 0.0: the step would keep that


@tf.function
def g_loss(adversarial, other):
    return adversarial + weight * other


class FadeIn(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        weight.assign(min(1.0, epoch / 10))  # not weight = ...
""",
            "torch": """\
import torch

weight = torch.zeros(())  # not weight = 0.0: a captured graph would keep that


def g_loss(adversarial, other):
    return adversarial + weight * other


def begin_epoch(epoch):
    weight.fill_(min(1.0, epoch / 10))  # not weight = ...
""",
        },
    ),
    Treatment(
        id="separate-variable-lists",
        title=Message("Use two gradient tapes and give each optimizer only its own network's variables"),
        explanation=Message(
            "An optimizer can only update the variables it is given, whatever `trainable` says and however Keras "
            "traces the step. Without the leak, the discriminator may become stronger. Watch d_loss and be ready to "
            "lower its learning rate."
        ),
        words={
            "torch": Words(
                title=Message("Give each optimizer only its own network's parameters"),
                explanation=Message(
                    "An optimizer can only update the parameters it is given, whatever the gradients of others "
                    "hold. Without the leak, the discriminator may become stronger. Watch d_loss and be ready to "
                    "lower its learning rate."
                ),
            )
        },
        evidence="strong",
        reference=Message(
            "Goodfellow et al. 2014, algorithm 1; deterministic, measured with Keras 3.15: the discriminator moves by "
            "0.000 in the generator's step instead of 0.118"
        ),
        patch={"training.freeze_discriminator": True},
        cures=(
            "discriminator-frozen",
            "generator-frozen",
            "optimizer-not-called",
            "phases-disagree",
            "discriminator-moved-in-both-steps",
        ),
        snippets={
            "keras": """\
import keras
import tensorflow as tf

bce = keras.losses.BinaryCrossentropy()  # from_logits=True if the discriminator has no sigmoid


class GAN(keras.Model):
    def __init__(self, generator, discriminator, latent_dim, d_optimizer, g_optimizer):
        super().__init__()
        self.generator, self.discriminator, self.latent_dim = generator, discriminator, latent_dim
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.built = True

    def train_step(self, real):
        n = tf.shape(real)[0]
        fake = self.generator(keras.random.uniform((n, self.latent_dim), -1, 1), training=True)
        with tf.GradientTape() as tape:
            on_real = self.discriminator(real, training=True)
            on_fake = self.discriminator(fake, training=True)
            d_loss = 0.5 * (bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake))
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)

        with tf.GradientTape() as tape:
            fake = self.generator(keras.random.uniform((n, self.latent_dim), -1, 1), training=True)
            on_fake = self.discriminator(fake, training=True)
            g_loss = bce(tf.ones_like(on_fake), on_fake)
        weights = self.generator.trainable_variables  # only the generator's: the discriminator does not change
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}
""",
            "torch": """\
import torch
from torch import nn

bce = nn.BCEWithLogitsLoss()  # nn.BCELoss if the discriminator ends in a sigmoid


def train_step(generator, discriminator, g_optimizer, d_optimizer, real, latent_dim):
    # g_optimizer holds generator.parameters(), d_optimizer those of the discriminator, and nothing else.
    fake = generator(torch.rand(len(real), latent_dim) * 2 - 1)
    d_optimizer.zero_grad()
    on_real, on_fake = discriminator(real), discriminator(fake.detach())
    d_loss = 0.5 * (bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake)))
    d_loss.backward()
    d_optimizer.step()

    g_optimizer.zero_grad()
    on_fake = discriminator(fake)
    g_loss = bce(on_fake, torch.ones_like(on_fake))
    g_loss.backward()
    g_optimizer.step()  # moves the generator only
    return d_loss, g_loss
""",
        },
    ),
    Treatment(
        id="set-trainable-per-phase",
        title=Message("Set the discriminator's `trainable` flag before each call to train_on_batch"),
        explanation=Message(
            "For training loops with two compiled models and train_on_batch. Keras 3 reads the flag when it first "
            "traces a train function, so the flag must be right before the first call of each phase. Setting it once "
            "before compiling the stacked model can freeze the discriminator for good. Check that d_update_in_d_step "
            "is above 0 and that d_update_in_g_step is 0."
        ),
        words={
            "torch": Words(
                title=Message("Set requires_grad of the discriminator's parameters before each player's step"),
                explanation=Message(
                    "Parameters without requires_grad get no gradient, and an optimizer skips them without a "
                    "word. Where the discriminator is frozen for the generator's step, thaw it before its own. "
                    "Check that d_update_in_d_step is above 0 and that d_update_in_g_step is 0."
                ),
            )
        },
        evidence="strong",
        reference=Message("Measured with Keras 3.15: 0.235 in the discriminator's step, 0.000 in the generator's"),
        patch={"training.freeze_discriminator": True},
        cures=("discriminator-frozen",),
        snippets={
            "keras": """\
# discriminator_model and adversarial_model are the two compiled models; both contain the network discriminator.
def train_on_batch(discriminator, discriminator_model, adversarial_model, x, y, latents, labels):
    discriminator.trainable = True  # before every call of a phase, especially the first
    d_loss = discriminator_model.train_on_batch(x, y)
    discriminator.trainable = False
    g_loss = adversarial_model.train_on_batch(latents, labels)
    discriminator.trainable = True
    return d_loss, g_loss
""",
            "torch": """\
def train_step(discriminator, d_step, g_step, real):
    discriminator.requires_grad_(True)  # before every step of the discriminator, especially the first
    d_loss = d_step(real)
    discriminator.requires_grad_(False)
    g_loss = g_step()
    discriminator.requires_grad_(True)
    return d_loss, g_loss
""",
        },
    ),
    Treatment(
        id="stop-gradient-in-discriminator-step",
        title=Message("Stop gradients to the generator in the discriminator's step"),
        explanation=Message(
            "Images generated outside the discriminator's tape, or passed through `tf.stop_gradient`, carry no "
            "gradient back to the generator. An optimizer that is given only the discriminator's variables cannot "
            "update anything else."
        ),
        words={
            "torch": Words(
                explanation=Message(
                    "Images that are passed through `detach()`, or made under `torch.no_grad()`, carry no "
                    "gradient back to the generator. An optimizer that is given only the discriminator's "
                    "parameters cannot update anything else."
                ),
            )
        },
        evidence="strong",
        reference=Message("Goodfellow et al. 2014, algorithm 1; deterministic: no gradient, no update"),
        cures=("generator-moved-in-both-steps",),
        snippets={
            "keras": """\
import tensorflow as tf


def discriminator_step(generator, discriminator, d_optimizer, loss, real, latents):
    fake = tf.stop_gradient(generator(latents, training=True))  # and generated outside the tape
    with tf.GradientTape() as tape:
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = 0.5 * (loss(tf.ones_like(on_real), on_real) + loss(tf.zeros_like(on_fake), on_fake))
    weights = discriminator.trainable_variables  # only the discriminator's
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)
    return d_loss
""",
            "torch": """\
import torch


def discriminator_step(generator, discriminator, d_optimizer, loss, real, latents):
    fake = generator(latents).detach()
    on_real, on_fake = discriminator(real), discriminator(fake)
    d_loss = 0.5 * (loss(on_real, torch.ones_like(on_real)) + loss(on_fake, torch.zeros_like(on_fake)))
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()  # d_optimizer holds only the discriminator's parameters
    return d_loss
""",
        },
    ),
    Treatment(
        id="generate-inside-tape",
        title=Message("Generate the images inside the gradient tape of the generator's step"),
        explanation=Message(
            "A tape records only what is called while it is open. `predict`, NumPy or a tape that is already closed "
            "cuts the path from the loss back to the generator's weights, and the gradient is missing or 0."
        ),
        words={
            "torch": Words(
                title=Message("Leave the images of the generator's step attached to the generator"),
                explanation=Message(
                    "`detach()`, `.data`, `torch.no_grad()` or NumPy between the players cuts the path from the "
                    "loss back to the generator's weights, and the gradient is missing or 0."
                ),
            )
        },
        evidence="strong",
        reference=Message(
            "TensorFlow guide, Introduction to gradients and automatic differentiation (a gradient of None)"
        ),
        cures=("no-gradient-arrives",),
        snippets={
            "keras": """\
import tensorflow as tf


def generator_step(generator, discriminator, g_optimizer, loss, latents):
    with tf.GradientTape() as tape:
        fake = generator(latents, training=True)  # called inside the tape; predict() would cut the gradient
        on_fake = discriminator(fake, training=True)
        g_loss = loss(tf.ones_like(on_fake), on_fake)
    weights = generator.trainable_variables
    g_optimizer.apply(tape.gradient(g_loss, weights), weights)
    return g_loss
""",
            "torch": """\
import torch


def generator_step(generator, discriminator, g_optimizer, loss, latents):
    fake = generator(latents)  # without no_grad(), detach(), .data or argmax: each would cut the gradient
    on_fake = discriminator(fake)
    g_loss = loss(on_fake, torch.ones_like(on_fake))
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return g_loss
""",
        },
    ),
    Treatment(
        id="fakes-in-training-mode",
        title=Message("Generate the discriminator's fake images with training=True, as in the generator's step"),
        explanation=Message(
            "`predict` generates in inference mode: batch normalisation uses its moving averages instead of the "
            "batch's own statistics, and dropout is off. While the moving averages lag behind, the discriminator "
            "learns to reject images that the generator never makes in its own step."
        ),
        words={
            "torch": Words(
                title=Message("Generate the discriminator's fake images in training mode, as in the generator's step"),
            )
        },
        evidence="moderate",
        reference=Message(
            "The mechanism; our measurements (one seed: without it, both losses near 0 and samples like noise)"
        ),
        cures=("batch-norm-mode", "phases-disagree"),
        snippets={
            "keras": """\
def fakes_for_the_discriminator(generator, latents):
    return generator(latents, training=True)  # as in the generator's own step; predict() uses inference mode
""",
            "torch": """\
import torch


def fakes_for_the_discriminator(generator, latents):
    generator.train()  # as in the generator's own step, not eval()
    with torch.no_grad():
        return generator(latents)
""",
        },
    ),
    Treatment(
        id="no-pretraining",
        title=Message("Do not pretrain the discriminator"),
        explanation=Message(
            "The discriminator usually converges faster than the generator anyway. The advice is plausible but hardly "
            "tested: 150 steps of pretraining did no harm in our one run."
        ),
        evidence="weak",
        reference=Message("R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 2"),
        patch={"training.pretrain_steps": 0},
        cures=("discriminator-pretrained",),
        snippets={
            "keras": """\
def train(gan, dataset, steps):
    # Nothing before this line trains the discriminator alone.
    gan.fit(dataset, steps_per_epoch=steps, epochs=1)
""",
            "torch": """\
def train(batches, discriminator_step, generator_step):
    # Nothing before this loop trains the discriminator alone.
    for real in batches:
        discriminator_step(real)
        generator_step()
""",
        },
    ),
    Treatment(
        id="update-players-in-turn",
        title=Message("Update both players once in a step; a Wasserstein critic about five times"),
        explanation=Message(
            "Count the calls: the loop over critic updates stands around the critic's step, and a condition such as "
            "`step % 5 == 0` guards the generator's. With a cross-entropy, least-squares or hinge loss one update each "
            "is the published practice."
        ),
        evidence="strong",
        reference=Message(
            "Goodfellow et al. 2014, algorithm 1 (one each); Arjovsky et al. 2017, algorithm 1 (five of the critic)"
        ),
        snippets={
            "numpy": """\
def train(batches, discriminator_step, generator_step, critic_updates=1):  # 5 with a Wasserstein loss
    for number, real in enumerate(batches, start=1):
        discriminator_step(real)
        if number % critic_updates == 0:
            generator_step()
"""
        },
    ),
    Treatment(
        id="clear-gradients",
        title=Message("Clear a player's gradients right before its loss is differentiated"),
        explanation=Message(
            "PyTorch adds gradients up. The generator's loss reaches the discriminator too and leaves a gradient "
            "there, so clearing after the update is not enough: `d_optimizer.zero_grad()` stands before the "
            "discriminator's `backward()`, and `g_optimizer.zero_grad()` before the generator's."
        ),
        evidence="strong",
        reference=Message("PyTorch documentation, Zeroing out gradients in PyTorch; deterministic"),
        snippets={
            "keras": """\
import tensorflow as tf


def discriminator_step(discriminator, d_optimizer, loss, real, fake):
    with tf.GradientTape() as tape:
        d_loss = loss(discriminator(real, training=True), discriminator(fake, training=True))
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)  # a tape returns new gradients: add none of before
    return d_loss
""",
            "torch": """\
def discriminator_step(discriminator, d_optimizer, loss, real, fake):
    d_loss = loss(discriminator(real), discriminator(fake.detach()))
    d_optimizer.zero_grad()  # right before backward, as the generator's step has left gradients here
    d_loss.backward()
    d_optimizer.step()
    return d_loss
""",
        },
    ),
    Treatment(
        id="back-to-training-mode",
        title=Message("Put the networks back into training mode after drawing samples"),
        explanation=Message(
            "Inference mode stays on until it is turned off. Turn it on for the samples only, in one function that "
            "turns it off again."
        ),
        evidence="strong",
        reference=Message("PyTorch documentation, Module.train and Module.eval; Keras documentation, training=..."),
        snippets={
            "keras": """\
def fakes_of_a_step(generator, latents):
    return generator(latents, training=True)  # and training=False for pictures
""",
            "torch": """\
import torch


@torch.no_grad()
def draw(generator, latents):
    generator.eval()
    try:
        return generator(latents)
    finally:
        generator.train()
""",
        },
    ),
)
