"""Treatments of the optimizers: learning rates and their schedules, momentum, gradient clipping."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment, Words

TREATMENTS = (
    Treatment(
        id="learning-rate-above-zero",
        title=Message("Keep the learning rate above 0 until training ends"),
        explanation=Message(
            "A schedule that decays to 0 stops the training of its network while the other network goes on. Let the "
            "schedule end above 0, or stop training both networks at the same step."
        ),
        evidence="strong",
        reference=Message("Deterministic: every update is proportional to the learning rate"),
        cures=("learning-rate-zero",),
        snippets={
            "keras": """\
import keras

schedule = keras.optimizers.schedules.CosineDecay(2e-4, decay_steps=20_000, alpha=0.1)  # ends at 2e-5, not at 0
d_optimizer = keras.optimizers.Adam(schedule, beta_1=0.5)
""",
            "torch": """\
import torch


def optimizer_and_schedule(discriminator, steps=20_000):
    optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, betas=(0.5, 0.999))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=2e-5)  # ends at 2e-5, not at 0
    return optimizer, schedule  # schedule.step() after each step
""",
        },
    ),
    Treatment(
        id="raise-generator-learning-rate",
        title=Message("Double the generator's learning rate"),
        explanation=Message(
            "Change the ratio of the learning rates by a factor of two in favour of the network that is losing, and "
            "look again after a few hundred steps. If the rate is wrong by orders of magnitude, set it to a value "
            "between 1e-4 and 4e-4."
        ),
        evidence="weak",
        reference=Message(
            "Our first measurements (one seed: 25 times the rate gave the best digits); Heusel et al. 2017"
        ),
        scale={"generator.learning_rate": 2.0},
        cures=("generator-not-moving", "discriminator-learns-faster"),
        snippets={
            "keras": """\
import keras

g_optimizer = keras.optimizers.RMSprop(learning_rate=8e-4)  # was 4e-4; change it by a factor of two at a time
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.RMSprop(generator.parameters(), 8e-4)  # was 4e-4; by a factor of two at a time
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), 8e-4)
    return g_optimizer, d_optimizer
""",
        },
    ),
    Treatment(
        id="lower-discriminator-learning-rate",
        title=Message("Halve the discriminator's learning rate"),
        explanation=Message(
            "This gives the generator time to catch up. First check whether the generator's step also moves the "
            "discriminator (GD004). If it does, the adversarial learning rate drives the discriminator too, backwards. "
            "Only then does the article's advice to keep the discriminator's rate higher make sense. The author "
            "lowered both rates by a factor of four after publication. Avoid schemes that turn training on and off "
            "depending on the losses."
        ),
        evidence="weak",
        reference=Message("Issue threads, e.g. tdeboissiere/DeepLearningImplementations 11; ganhacks, tip 11"),
        scale={"discriminator.learning_rate": 0.5},
        cures=("discriminator-learns-faster", "chasing-the-discriminator"),
        snippets={
            "keras": """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)  # was 8e-4; change it by a factor of two at a time
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.RMSprop(generator.parameters(), 4e-4)
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), 4e-4)  # was 8e-4; by a factor of two at a time
    return g_optimizer, d_optimizer
""",
        },
    ),
    Treatment(
        id="raise-discriminator-learning-rate",
        title=Message("Double the discriminator's learning rate"),
        explanation=Message(
            "For a discriminator that trains but does not keep up. If the rate is wrong by orders of magnitude, set it "
            "to a value between 1e-4 and 8e-4. Watch the AUC: it should rise within a few dozen steps."
        ),
        evidence="weak",
        reference=Message("Heusel et al., NeurIPS 2017 (a faster discriminator; the ratios used were 1.25 to 4)"),
        scale={"discriminator.learning_rate": 2.0},
        cures=("discriminator-hardly-moves",),
        snippets={
            "keras": """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=1.6e-3)  # was 8e-4; change it by a factor of two at a time
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.RMSprop(generator.parameters(), 4e-4)
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), 1.6e-3)  # was 8e-4; by a factor of two at a time
    return g_optimizer, d_optimizer
""",
        },
    ),
    Treatment(
        id="halve-both-learning-rates",
        title=Message("Halve both learning rates"),
        explanation=Message(
            "With smaller steps, the two networks circle closer to their equilibrium or stop circling. Keep the ratio "
            "of the rates. Everything takes twice as many steps."
        ),
        evidence="moderate",
        reference=Message(
            "Mescheder et al., The Numerics of GANs, NeurIPS 2017 (small enough steps); DCGAN, ICLR 2016, 2e-4"
        ),
        scale={"discriminator.learning_rate": 0.5, "generator.learning_rate": 0.5},
        cures=("learning-rates-too-large",),
        snippets={
            "keras": """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)  # was 8e-4
g_optimizer = keras.optimizers.RMSprop(learning_rate=2e-4)  # was 4e-4: the ratio does not change
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.RMSprop(generator.parameters(), 2e-4)  # was 4e-4: the ratio does not change
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), 4e-4)  # was 8e-4
    return g_optimizer, d_optimizer
""",
        },
    ),
    Treatment(
        id="lower-momentum",
        title=Message("Lower Adam's beta_1 to 0.5 or 0 in both optimizers"),
        explanation=Message(
            "Momentum keeps a network moving towards where its opponent was a moment ago. In a game that cycles, it "
            "makes the cycles wider. DCGAN uses 0.5; WGAN-GP and StyleGAN use 0."
        ),
        evidence="moderate",
        reference=Message(
            "Radford et al., DCGAN, ICLR 2016 (oscillation at 0.9); Gidel et al., AISTATS 2019 (momentum)"
        ),
        cures=("too-much-momentum",),
        snippets={
            "keras": """\
import keras

d_optimizer = keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)  # the Keras default is 0.9; 0.0 is common too
g_optimizer = keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.Adam(generator.parameters(), 2e-4, betas=(0.5, 0.999))  # the default is 0.9
    d_optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, betas=(0.5, 0.999))  # 0.0 is common too
    return g_optimizer, d_optimizer
""",
        },
    ),
    Treatment(
        id="lower-learning-rates-and-clip",
        title=Message("Lower both learning rates and clip the gradients by global norm"),
        explanation=Message(
            "Restart from the last checkpoint before the first non-finite value. Clipping by norm keeps the direction "
            "of the gradient. It does not remove a NaN that is already there."
        ),
        evidence="moderate",
        reference=Message(
            "Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013 (norm clipping)"
        ),
        scale={"discriminator.learning_rate": 0.25, "generator.learning_rate": 0.25},
        cures=("exploding-updates",),
        snippets={
            "keras": """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=2e-4, global_clipnorm=1.0)
g_optimizer = keras.optimizers.RMSprop(learning_rate=1e-4, global_clipnorm=1.0)
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.RMSprop(generator.parameters(), 1e-4)
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), 2e-4)
    return g_optimizer, d_optimizer


def clipped_step(optimizer, network, loss):
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)  # after backward, before step
    optimizer.step()
""",
        },
    ),
    Treatment(
        id="usual-learning-rates",
        title=Message("Set both learning rates to the usual values for the optimizer"),
        explanation=Message(
            "The usual rates are 1e-4 to 4e-4 with Adam and RMSprop. Then check how far an update moves the weights: "
            "about 1e-3 of their size. Change one rate at a time, by a factor of two."
        ),
        evidence="moderate",
        reference=Message(
            "Radford et al., DCGAN, ICLR 2016 (2e-4); the article's author's later rates (2e-4 and 1e-4)"
        ),
        patch={"discriminator.learning_rate": 2e-4, "generator.learning_rate": 1e-4},
        cures=("learning-rate-mistyped", "learning-rate-lowered", "exploding-updates", "generator-not-moving"),
        snippets={
            "keras": """\
import keras

d_optimizer = keras.optimizers.RMSprop(learning_rate=2e-4)
g_optimizer = keras.optimizers.RMSprop(learning_rate=1e-4)
""",
            "torch": """\
import torch


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.RMSprop(generator.parameters(), 1e-4)
    d_optimizer = torch.optim.RMSprop(discriminator.parameters(), 2e-4)
    return g_optimizer, d_optimizer
""",
        },
    ),
    Treatment(
        id="decay-learning-rates",
        title=Message("Decay both learning rates towards the end of training"),
        explanation=Message(
            "Close to a good solution, large steps only lead away from it. Decay the rates of both networks together, "
            "to about a twentieth. Decaying only one of them changes the balance."
        ),
        evidence="moderate",
        reference=Message(
            "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017 (linear decay); the mechanism"
        ),
        cures=("learning-rate-too-high-late",),
        snippets={
            "keras": """\
import keras


def falling(rate, steps):
    return keras.optimizers.schedules.PolynomialDecay(rate, decay_steps=steps, end_learning_rate=0.05 * rate)


d_optimizer = keras.optimizers.Adam(falling(2e-4, steps=20_000), beta_1=0.5)
g_optimizer = keras.optimizers.Adam(falling(1e-4, steps=20_000), beta_1=0.5)
""",
            "torch": '''\
import torch


def falling(optimizer, steps=20_000):
    """Call .step() of what is returned after each step of the optimizer."""
    return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=steps)


def optimizers(generator, discriminator):
    g_optimizer = torch.optim.Adam(generator.parameters(), 1e-4, betas=(0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminator.parameters(), 2e-4, betas=(0.5, 0.999))
    return g_optimizer, d_optimizer, falling(g_optimizer), falling(d_optimizer)
''',
        },
    ),
    Treatment(
        id="schedule-in-epochs",
        title=Message("Let the schedule count what it was written for: epochs, or all steps of the training"),
        explanation=Message(
            "A scheduler that is called after every batch goes through its whole schedule within the first epoch. Call "
            "it once an epoch; or give the schedule as many steps as the training has."
        ),
        evidence="strong",
        reference=Message(
            "PyTorch documentation, How to adjust learning rate; Keras documentation, LearningRateSchedule"
        ),
        snippets={
            "keras": """\
import keras


def decaying_adam(rate, epochs, batches_per_epoch):
    steps = epochs * batches_per_epoch  # of the whole training: the schedule counts updates
    return keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(rate, decay_steps=steps))
""",
            "torch": """\
def train(epochs, batches, train_step, schedulers):
    for _ in range(epochs):
        for real in batches:
            train_step(real)
        for scheduler in schedulers:
            scheduler.step()  # once an epoch, outside the loop over batches
""",
        },
    ),
    Treatment(
        id="all-weights-to-the-optimizer",
        title=Message("Give the optimizer the weights of every network that it is to train"),
        explanation=Message(
            "An optimizer moves what it was given and nothing else. Networks that judge together are one "
            "discriminator; an embedding made beside a network belongs to it."
        ),
        words={
            "torch": Words(
                explanation=Message(
                    "An optimizer moves what it was given and nothing else. Networks that judge together are one "
                    "discriminator; an embedding made beside a network belongs to it. A module lists only layers that "
                    "are attributes of it, or in a ModuleList or ModuleDict: a plain list hides them."
                ),
            )
        },
        evidence="strong",
        reference=Message("PyTorch documentation, torch.optim: constructing an optimizer; torch.nn.ModuleList"),
        snippets={
            "keras": """\
import keras


def discriminator_update(tape, d_loss, optimizer, *networks):
    weights = [v for network in networks for v in network.trainable_variables]
    gradients = tape.gradient(d_loss, weights)
    optimizer.apply_gradients(zip(gradients, weights))


def discriminator_optimizer(*networks, rate=2e-4):
    optimizer = keras.optimizers.Adam(rate, beta_1=0.5)
    optimizer.build([v for network in networks for v in network.trainable_variables])
    return optimizer
""",
            "torch": """\
import torch
from torch import nn


def discriminator_optimizer(*networks, rate=2e-4):
    return torch.optim.Adam(nn.ModuleList(networks).parameters(), rate, betas=(0.5, 0.999))


class Discriminators(nn.Module):
    def __init__(self, members):
        super().__init__()
        self.members = nn.ModuleList(members)  # in a plain list they would have no parameters here

    def forward(self, images):
        return [member(images) for member in self.members]
""",
        },
    ),
)
