"""Treatments that regularise the discriminator: gradient penalty, spectral normalisation, noise, augmentation."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment

TREATMENTS = (
    Treatment(
        id="r1-regularisation",
        title=Message("Add a gradient penalty on real images to the discriminator's loss (R1)"),
        explanation=Message(
            "R1 keeps the discriminator from becoming arbitrarily steep around the data. With it, GAN training "
            "provably converges near the solution; without it, training does not. Start with gamma = 10."
        ),
        evidence="strong",
        reference=Message("Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018"),
        patch={"discriminator.r1": 10},
        cures=("chasing-the-discriminator", "steep-discriminator"),
        snippets={
            "keras": '''\
import tensorflow as tf


def r1_penalty(discriminator, real, gamma=10.0):
    """Add this to d_loss inside its gradient tape. The discriminator must return logits (no sigmoid)."""
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = tf.reduce_sum(discriminator(real, training=True))
    gradient = tape.gradient(logits, real)
    return 0.5 * gamma * tf.reduce_mean(tf.reduce_sum(tf.square(gradient), axis=[1, 2, 3]))
''',
            "torch": '''\
import torch


def r1_penalty(discriminator, real, gamma=10.0):
    """Add this to d_loss before its backward(). The discriminator must return logits (no sigmoid)."""
    real = real.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
    return 0.5 * gamma * gradient.square().flatten(1).sum(dim=1).mean()
''',
        },
    ),
    Treatment(
        id="gradient-penalty",
        title=Message("Hold the critic's gradient at 1 with a penalty between real and generated images (WGAN-GP)"),
        explanation=Message(
            "A Wasserstein critic has to be 1-Lipschitz. Penalise the distance of its gradient's norm from 1 at points "
            "between real and generated images, one norm an image, with weight 10. Use no batch normalisation in the "
            "critic."
        ),
        evidence="strong",
        reference=Message("Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017"),
        cures=("penalty-not-at-work", "no-lipschitz-bound"),
        snippets={
            "keras": '''\
import tensorflow as tf


def gradient_penalty(critic, real, fake, weight=10.0):
    """Add this to d_loss inside its gradient tape."""
    share = tf.random.uniform([tf.shape(real)[0]] + [1] * (len(real.shape) - 1))  # one an image
    between = share * real + (1.0 - share) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between, training=True)
    gradient = tape.gradient(scores, between)
    norm = tf.sqrt(tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(real.shape)))) + 1e-12)
    return weight * tf.reduce_mean(tf.square(norm - 1.0))
''',
            "torch": '''\
import torch


def gradient_penalty(critic, real, fake, weight=10.0):
    """Add this to d_loss before its backward()."""
    share = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device)  # one an image
    between = (share * real + (1 - share) * fake.detach()).requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norm = (gradient.square().flatten(1).sum(dim=1) + 1e-12).sqrt()
    return weight * (norm - 1).square().mean()
''',
        },
    ),
    Treatment(
        id="spectral-normalisation",
        title=Message("Apply spectral normalisation to the discriminator's layers"),
        explanation=Message(
            "It bounds how fast the discriminator's output can change, and so limits both vanishing and exploding "
            "gradients. Do not use batch normalisation in the discriminator as well."
        ),
        evidence="strong",
        reference=Message(
            "Miyato et al., ICLR 2018; Lin et al., Why Spectral Normalization Stabilizes GANs, NeurIPS 2021"
        ),
        patch={"discriminator.spectral_norm": 1},
        cures=("steep-discriminator", "unnormalised-discriminator", "no-lipschitz-bound"),
        snippets={
            "keras": """\
import keras
from keras import layers
from keras.layers import SpectralNormalization

discriminator = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        SpectralNormalization(layers.Conv2D(64, 5, strides=2, padding="same")),
        layers.LeakyReLU(negative_slope=0.2),
        SpectralNormalization(layers.Conv2D(128, 5, strides=2, padding="same")),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Flatten(),
        SpectralNormalization(layers.Dense(1)),
    ]
)
""",
            "torch": """\
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

discriminator = nn.Sequential(
    spectral_norm(nn.Conv2d(1, 64, 5, stride=2, padding=2)),
    nn.LeakyReLU(0.2),
    spectral_norm(nn.Conv2d(64, 128, 5, stride=2, padding=2)),
    nn.LeakyReLU(0.2),
    nn.Flatten(),
    spectral_norm(nn.Linear(128 * 7 * 7, 1)),
)
""",
        },
    ),
    Treatment(
        id="instance-noise",
        title=Message("Add instance noise to real and generated images before the discriminator"),
        explanation=Message(
            "A little noise makes the distributions of real and generated images overlap, so no perfect discriminator "
            "exists. Use the same noise for both, and let it fade out during training."
        ),
        evidence="strong",
        reference=Message(
            "Mescheder et al., ICML 2018 (convergence with instance noise); Arjovsky and Bottou, ICLR 2017"
        ),
        patch={"discriminator.instance_noise": 0.1},
        snippets={
            "keras": '''\
import keras


def noisy(images, step, steps, sigma=0.1):
    """Call this on real and on generated images, right before the discriminator. The noise fades to nothing."""
    fade = 1.0 - keras.ops.minimum(1.0, keras.ops.cast(step, "float32") / steps)
    return images + fade * sigma * keras.random.normal(keras.ops.shape(images))
''',
            "torch": '''\
import torch


def noisy(images, step, steps, sigma=0.1):
    """Call this on real and on generated images, right before the discriminator. The noise fades to nothing."""
    fade = 1.0 - min(1.0, step / steps)
    return images + fade * sigma * torch.randn_like(images)
''',
        },
    ),
    Treatment(
        id="augment-discriminator-input",
        title=Message("Augment the discriminator's inputs: shift real and generated images alike"),
        explanation=Message(
            "Each real image becomes many, so the discriminator cannot memorise it. Augment everything the "
            "discriminator is given, in both steps, and let the gradient pass through. If you augment only the real "
            "images, the generator learns to imitate the augmentation."
        ),
        evidence="strong",
        reference=Message("Zhao et al., DiffAugment, NeurIPS 2020; Karras et al. (ADA), NeurIPS 2020"),
        patch={"discriminator.translation": 0.125},
        cures=("too-few-images", "discriminator-unregularised", "discriminator-overfits"),
        snippets={
            "keras": '''\
import keras
from keras import layers

# Shifts every image separately, by at most 3 pixels. Do not mirror digits: the generated ones would be mirrored too.
# fill_value: the darkest value of your data.
shift = layers.RandomTranslation(3 / 28, 3 / 28, fill_mode="constant", fill_value=0.0, interpolation="bilinear")


def scores(discriminator, images):
    """Call this instead of the discriminator, on real and generated images, in both steps."""
    return discriminator(shift(images, training=True), training=True)
''',
            "torch": '''\
import torch
from torch.nn import functional


def shifted(images, most=3, darkest=0.0):
    """Shift every image by itself, by at most 3 pixels. Do not mirror digits: the generated ones would be as well.

    darkest: the darkest value of your data, which fills what comes into sight.
    """
    height, width = images.shape[2:]
    padded = functional.pad(images, [most] * 4, value=darkest)
    offsets = torch.randint(0, 2 * most + 1, (len(images), 2)).tolist()
    return torch.stack([p[:, y : y + height, x : x + width] for p, (y, x) in zip(padded, offsets)])


def scores(discriminator, images):
    """Call this instead of the discriminator, on real and generated images, in both steps."""
    return discriminator(shifted(images))
''',
        },
    ),
)
