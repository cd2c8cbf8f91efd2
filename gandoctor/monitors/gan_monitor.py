"""GANMonitor: all monitors in one."""

from __future__ import annotations

from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.instruments.answers import Answers
from gandoctor.recording.instruments.dead_units import DeadUnits
from gandoctor.recording.instruments.discriminator_scores import DiscriminatorScores
from gandoctor.recording.instruments.duality_gap import DualityGap
from gandoctor.recording.instruments.gradient_norms import GradientNorms
from gandoctor.recording.instruments.input_gradients import InputGradients
from gandoctor.recording.instruments.inputs import Inputs
from gandoctor.recording.instruments.labels import LabelEffects
from gandoctor.recording.instruments.losses import Losses
from gandoctor.recording.instruments.own_features import OwnFeatures
from gandoctor.recording.instruments.pairs import PairTie
from gandoctor.recording.instruments.samples import Samples
from gandoctor.recording.instruments.score_pulls import ScorePulls
from gandoctor.recording.instruments.update_effects import UpdateEffects
from gandoctor.recording.instruments.weight_updates import WeightUpdates


class GANMonitor(Monitor):
    """Records everything gandoctor's rules need, without changing the training.

    As a Keras callback: `gan.fit(dataset, callbacks=[GANMonitor("runs/a", probe_data=x_real[:512])])`.
    Around a hand-written loop::

        with GANMonitor("runs/b", generator=G, discriminator=D, g_optimizer=g_opt, d_optimizer=d_opt,
                        latent_sampler=lambda n: rng.uniform(-1, 1, (n, 100)), probe_data=x_real[:512]) as monitor:
            for step in range(steps):
                ...
                monitor.step(d_loss=d_loss, g_loss=g_loss)

    Args:
        run_dir: Directory to record to. If it already holds a run, a numbered sibling is used and a warning says so.
        generator: Network that makes images. Defaults to the model's attribute `generator` or a common alias.
        discriminator: Network (critic) that scores them. Defaults likewise.
        g_optimizer: Optimizer of the generator. Defaults likewise.
        d_optimizer: Optimizer of the discriminator. Defaults likewise.
        latent_sampler: n -> batch of n latents, distributed as in training. Called at every probe with the same n;
            its random state is put back. Defaults to a standard normal of the model's `latent_dim`.
        probe_data: Real data the discriminator trains on, in the model's own range: images (n, h, w, c) or flat,
            series (n, T, C) or vectors (n, c), such as the rows of a table. The first 512 are used. Of series and
            vectors, columns are compared instead of pixels. Without it, nothing can be said of real scores or sample
            quality. Where the discriminator takes more than images, a tuple or dictionary of what it takes, images
            first; `latent_sampler` then returns the latents followed by what goes with the images.
        holdout_data: Real images it never trains on; needed to see overfitting.
        embedding: Data as they are recorded, float32 (n, h, w, c) in the model's own range (vectors and series
            likewise), -> features (n, d): a network of your own, an extractor of another package. The distance of
            samples from `probe_data` in them is recorded (`feature_distance`) and decides where two runs are
            compared. It is shown and not judged by rules, which know no null of it.
        loss: "minimax", "non_saturating", "least_squares", "hinge" or "wasserstein".
        real_is_high: True when the discriminator is trained to score reals above fakes; assumed when not given.
        declared: What no monitor can measure, to rank causes by; every entry is optional. "pretrain_steps":
            discriminator updates before the game began. "training_images": different real images the discriminator is
            trained on. "real_label", "fake_label": its targets, 0..1, where labels are smoothed.
        overhead_budget: Share of training time that probes may cost.
        strict: Raise a monitor's own failures instead of warning once and going on.
        resume: Continue the run that `run_dir` holds.
        metadata: Manifest fields `target`, `command`, `seed` and `config`.
        snapshots: Every so many steps of `fit`, keep in `run_dir/snapshots` all that a training needs to go on from
            there: weights, optimizers, random states. At most 10 are kept. None keeps none.
        duality_gap_at: Steps at which the duality gap is measured, e.g. (500, 1000); where there are any, at the last
            step as well if the length is known. Each time costs as much as 75 training steps of small networks did.
        game: Where several pairs of players train together (CycleGAN, two discriminators), the name of this one. Each
            pair has a monitor of its own; all have the same `run_dir`. Letters, digits, "_", ".", "+" and "-".
    """

    instruments = (
        Losses,
        Inputs,
        GradientNorms,
        WeightUpdates,
        UpdateEffects,
        ScorePulls,
        DiscriminatorScores,
        InputGradients,
        DeadUnits,
        Samples,
        LabelEffects,
        PairTie,
        Answers,
        lambda recording: OwnFeatures(recording, recording.embedding),
        DualityGap,
    )
