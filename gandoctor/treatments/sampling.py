"""Treatments of sampling: the mode the generator samples in, and which weights it samples with."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.treatments.treatment import Treatment, Words

TREATMENTS = (
    Treatment(
        id="sample-in-inference-mode",
        title=Message("Generate samples with training=False"),
        explanation=Message(
            "While dropout is active, every image comes from a different thinned network, and batch normalisation "
            "takes its own mean and spread out of every batch, all there is of a single image. Pass the argument "
            "explicitly when you call a model inside a loop; `predict` sets it for you."
        ),
        words={
            "torch": Words(
                title=Message("Generate samples in inference mode: generator.eval()"),
            )
        },
        evidence="moderate",
        reference=Message("Keras documentation, `training` argument of Dropout and BatchNormalization; the mechanism"),
        cures=("dropout-active-when-sampling", "sampled-one-by-one"),
        snippets={
            "keras": """\
import keras


def sample(generator, count, latent_dim=100):
    latents = keras.random.uniform((count, latent_dim), -1, 1)
    return generator(latents, training=False)
""",
            "torch": """\
import torch


@torch.no_grad()
def sample(generator, count, latent_dim=100):
    generator.eval()
    images = generator(torch.rand(count, latent_dim) * 2 - 1)
    generator.train()
    return images
""",
        },
    ),
    Treatment(
        id="average-generator-weights",
        title=Message("Sample from a moving average of the generator's weights"),
        explanation=Message(
            "Averaging removes step-to-step jitter from the images. It does not repair training: keep training with "
            "the raw weights."
        ),
        evidence="strong",
        reference=Message("Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, ICLR 2019"),
        cures=("not-finished", "dense-output"),
        snippets={
            "keras": '''\
import keras


class AverageGenerator(keras.callbacks.Callback):
    """Keeps `self.average`, a copy of the generator with averaged weights. Sample from that copy."""

    def __init__(self, momentum=0.99):
        super().__init__()
        self.momentum = momentum

    def on_train_begin(self, logs=None):
        self.average = keras.models.clone_model(self.model.generator)
        self.average.set_weights(self.model.generator.get_weights())

    def on_train_batch_end(self, batch, logs=None):
        for kept, current in zip(self.average.variables, self.model.generator.variables):
            if "float" in str(kept.dtype):
                kept.assign(self.momentum * kept + (1.0 - self.momentum) * current)
''',
            "torch": '''\
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def averaged(generator, momentum=0.99):
    """Call .update_parameters(generator) of what is returned after each step, and sample from it."""
    return AveragedModel(generator, multi_avg_fn=get_ema_multi_avg_fn(momentum), use_buffers=True)
''',
        },
    ),
    Treatment(
        id="average-that-keeps-up",
        title=Message("Let the average of the generator keep up with the training"),
        explanation=Message(
            "An average with a momentum of m holds m to the power of the steps of the weights it began with. Let the "
            "momentum grow with the steps, so that it never remembers more than the training is long. Or sample from "
            "the trained generator itself."
        ),
        evidence="strong",
        reference=Message("TensorFlow, ExponentialMovingAverage(num_updates=...): min(momentum, (1 + n) / (10 + n))"),
        snippets={
            "keras": """\
def update_average(average, generator, step, momentum=0.9999):
    keep = min(momentum, (1 + step) / (10 + step))
    for kept, current in zip(average.variables, generator.variables):
        if "float" in str(kept.dtype):
            kept.assign(keep * kept + (1.0 - keep) * current)
""",
            "torch": """\
import torch


@torch.no_grad()
def update_average(average, generator, step, momentum=0.9999):
    keep = min(momentum, (1 + step) / (10 + step))
    for kept, current in zip(average.parameters(), generator.parameters()):
        kept.lerp_(current, 1.0 - keep)
    for kept, current in zip(average.buffers(), generator.buffers()):
        kept.copy_(current)
""",
        },
    ),
    Treatment(
        id="train-longer",
        title=Message("Train longer"),
        explanation=Message(
            "While the noise still falls from probe to probe, the generator has not finished learning."
        ),
        evidence="weak",
        reference=Message("R. Atienza 2017 looks at steps 500 and 1000 of 2000 before judging"),
        patch={"training.steps": 4000},
        cures=("not-finished",),
        snippets={
            "keras": """\
def train(gan, dataset, steps=4000):  # was 2000
    gan.fit(dataset, steps_per_epoch=steps, epochs=1)
""",
            "torch": """\
from itertools import cycle, islice


def train(batches, step, steps=4000):  # was 2000
    for real in islice(cycle(batches), steps):
        step(real)
""",
        },
    ),
    Treatment(
        id="keep-best-generator",
        title=Message("Keep the generator from the best probe (BestGenerator)"),
        explanation=Message(
            "No loss of a GAN tells you when to stop, but the distance of its samples to the real data does. Keep the "
            "weights from the probe where that distance was smallest, then stop or continue as you like."
        ),
        evidence="strong",
        reference=Message(
            "Deterministic: the kept weights make the samples of that probe; Heusel et al., NeurIPS 2017 (FID)"
        ),
        snippets={
            "keras": """\
from gandoctor import GANMonitor
from gandoctor.monitors import BestGenerator


def train(gan, dataset, reals, steps):
    monitor = GANMonitor("runs/a", probe_data=reals[:1024])
    gan.fit(dataset, steps_per_epoch=steps, epochs=1, callbacks=[monitor, BestGenerator(monitor)])
    gan.generator.load_weights("runs/a/best_generator.weights.h5")  # the weights of the best probe
""",
            "torch": '''\
import torch


def train(batches, step, generator, quality, every=100):
    """Keep the weights of the best probe. quality: generator -> lower is better, as the report's kernel distance."""
    best = float("inf")
    for i, real in enumerate(batches):
        step(real)
        if i % every == 0 and (now := quality(generator)) < best:
            best = now
            torch.save(generator.state_dict(), "best_generator.pt")
''',
        },
    ),
)
