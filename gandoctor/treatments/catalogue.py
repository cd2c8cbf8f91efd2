"""The catalogue of treatments that rules name, by id. The code of the longer ones lives in `keras_code.py`."""

from __future__ import annotations

from gandoctor.treatments import keras_code
from gandoctor.treatments.treatment import Treatment

_ALL = (
    # The step itself.
    Treatment(
        id="separate-variable-lists",
        title="Give each optimizer its own list of variables (two gradient tapes)",
        explanation=(
            "What an optimizer is not handed it cannot move, whatever `trainable` says and however Keras traces. "
            "Without the leak the discriminator may get stronger: watch d_loss and be ready to lower its learning rate."
        ),
        code=keras_code.TWO_TAPE_STEP,
        evidence="strong",
        reference=(
            "Goodfellow et al. 2014, algorithm 1; deterministic, measured with Keras 3.15: the discriminator moves by "
            "0.000 in the generator's step instead of 0.118"
        ),
        patch={"training.freeze_discriminator": True},
        cures=("discriminator-frozen", "generator-frozen", "phases-disagree", "discriminator-moved-in-both-steps"),
    ),
    Treatment(
        id="set-trainable-per-phase",
        title="Set the discriminator's `trainable` flag before every call of a phase",
        explanation=(
            "For loops built on two compiled models and train_on_batch. Keras 3 reads the flag when a train function "
            "is first traced, so each phase must have it right before its first call; setting it once before "
            "compiling the stacked model may stop the discriminator for good. Check that d_update_in_d_step is above 0 "
            "and d_update_in_g_step is 0."
        ),
        code=keras_code.TRAINABLE_PER_PHASE,
        evidence="strong",
        reference="Measured with Keras 3.15: 0.235 in the discriminator's step, 0.000 in the generator's",
        patch={"training.freeze_discriminator": True},
        cures=("discriminator-frozen",),
    ),
    Treatment(
        id="stop-gradient-in-discriminator-step",
        title="Cut the generator off in the discriminator's step",
        explanation=(
            "Images that are made outside the discriminator's tape, or passed through `tf.stop_gradient`, carry no "
            "gradient back to the generator; an optimizer that is handed the discriminator's variables only cannot "
            "move anything else."
        ),
        code=keras_code.STOP_GRADIENT,
        evidence="strong",
        reference="Goodfellow et al. 2014, algorithm 1; deterministic: no gradient, no movement",
        cures=("generator-moved-in-both-steps",),
    ),
    Treatment(
        id="generate-inside-tape",
        title="Make the images inside the tape of the generator's step",
        explanation=(
            "A tape sees only what is called while it is open. `predict`, NumPy and a tape that was closed before cut "
            "the way from the loss back to the generator's weights, and its gradient is missing or 0."
        ),
        code=keras_code.GENERATE_INSIDE_TAPE,
        evidence="strong",
        reference="TensorFlow guide, Introduction to gradients and automatic differentiation (a gradient of None)",
        cures=("no-gradient-arrives",),
    ),
    Treatment(
        id="learning-rate-above-zero",
        title="Keep the learning rate above 0 for as long as you train",
        explanation=(
            "A schedule that decays to 0 ends the training of its player at a step of its own, whatever the other "
            "player does. Let it end above 0, or end both players together."
        ),
        code=keras_code.LEARNING_RATE_FLOOR,
        evidence="strong",
        reference="Deterministic: the update is the learning rate times something",
        cures=("learning-rate-zero",),
    ),
    Treatment(
        id="consistent-labels",
        title="Use the same labels in both steps, said in one place",
        explanation=(
            "The generator must be trained towards the label that the discriminator is given for real images. Which "
            "label that is does not matter: generated = 1, real = 0 is a convention as good as the other."
        ),
        code=keras_code.CONSISTENT_LABELS,
        evidence="strong",
        reference="Goodfellow et al. 2014, algorithm 1; keras-team/keras-io issue 361 (either convention will do)",
        patch={"training.real_label": 1.0, "training.fake_label": 0.0, "training.generator_label": 1.0},
        cures=("labels-disagree", "phases-disagree"),
    ),
    Treatment(
        id="fakes-in-training-mode",
        title="Train the discriminator on images made as in the generator's step (training=True)",
        explanation=(
            "`predict` makes them in inference mode, with moving averages instead of the batch's own statistics and "
            "without dropout. While the averages lag behind, the discriminator learns to reject images that the "
            "generator never makes in its own step."
        ),
        code=keras_code.TRAINING_MODE_FAKES,
        evidence="moderate",
        reference="The mechanism; our measurements (one seed: both losses near 0 and samples like noise without it)",
        cures=("batch-norm-mode", "phases-disagree"),
    ),
    Treatment(
        id="feed-varied-batches",
        title="Shuffle the real images and draw a new batch every step",
        explanation=(
            "Look at what the pipeline yields: `repeat` before `batch`, `shuffle` over more than one batch, no `take` "
            "left over from a trial, no seed reset inside the loop."
        ),
        code=keras_code.VARIED_BATCHES,
        evidence="strong",
        reference="Deterministic: it can only learn what it is shown; Karras et al., NeurIPS 2020, on few images",
        cures=("loader-repeats",),
    ),
    # The balance of the players.
    Treatment(
        id="raise-generator-learning-rate",
        title="Double the generator's learning rate",
        explanation=(
            "Change the ratio in the direction of the player that is losing, by a factor of two, and look again after "
            "a few hundred steps. If it was mistyped by decades, set it to 1e-4 ... 4e-4."
        ),
        code=keras_code.GENERATOR_LEARNING_RATE,
        evidence="weak",
        reference="Our first measurements (one seed: 25 times the rate gave the best digits); Heusel et al. 2017",
        scale={"generator.learning_rate": 2.0},
        cures=("generator-not-moving", "discriminator-learns-faster"),
    ),
    Treatment(
        id="lower-discriminator-learning-rate",
        title="Halve the discriminator's learning rate",
        explanation=(
            "Gives the generator time to catch up. First see whether the generator's step moves the discriminator too "
            "(GD004): then the adversarial rate drives the discriminator as well, backwards, and only then does the "
            "article's advice to keep the discriminator's rate above it make sense. The author lowered both rates by "
            "a factor of four after publishing it. Schemes that switch training on and off by the losses are advised "
            "against."
        ),
        code=keras_code.DISCRIMINATOR_LEARNING_RATE,
        evidence="weak",
        reference="Issue threads, e.g. tdeboissiere/DeepLearningImplementations 11; ganhacks, tip 11",
        scale={"discriminator.learning_rate": 0.5},
        cures=("discriminator-learns-faster", "chasing-the-discriminator"),
    ),
    Treatment(
        id="raise-discriminator-learning-rate",
        title="Double the discriminator's learning rate",
        explanation=(
            "For a discriminator that does not keep up although it trains. If the rate was mistyped by decades, set it "
            "to 1e-4 ... 8e-4. Watch the AUC: it should rise within a few dozen steps."
        ),
        code=keras_code.RAISED_DISCRIMINATOR_LEARNING_RATE,
        evidence="weak",
        reference="Heusel et al., NeurIPS 2017 (a faster discriminator; the ratios used were 1.25 to 4)",
        scale={"discriminator.learning_rate": 2.0},
        cures=("discriminator-hardly-moves",),
    ),
    Treatment(
        id="enlarge-discriminator",
        title="Make the discriminator twice as wide",
        explanation=(
            "What it cannot represent it cannot teach. Do it last, after learning rate and dropout: a discriminator "
            "that merely does not train will not train better at twice the size."
        ),
        code=keras_code.DISCRIMINATOR_WIDTH,
        evidence="weak",
        reference="Arora et al., Generalization and Equilibrium in GANs, ICML 2017 (what a small discriminator misses)",
        scale={"discriminator.width": 2.0},
        cures=("discriminator-too-small",),
    ),
    Treatment(
        id="halve-both-learning-rates",
        title="Halve both learning rates",
        explanation=(
            "Players that take smaller steps circle closer to where they would meet, or not at all. Keep their ratio; "
            "everything takes twice as many steps."
        ),
        code=keras_code.HALVED_LEARNING_RATES,
        evidence="moderate",
        reference="Mescheder et al., The Numerics of GANs, NeurIPS 2017 (small enough steps); DCGAN, ICLR 2016, 2e-4",
        scale={"discriminator.learning_rate": 0.5, "generator.learning_rate": 0.5},
        cures=("learning-rates-too-large",),
    ),
    Treatment(
        id="lower-momentum",
        title="Lower Adam's beta_1 to 0.5 or 0 in both optimizers",
        explanation=(
            "Momentum keeps a player moving to where its opponent no longer is. In a game that goes round it drives "
            "the circle outwards. DCGAN uses 0.5, WGAN-GP and StyleGAN use 0."
        ),
        code=keras_code.LITTLE_MOMENTUM,
        evidence="moderate",
        reference="Radford et al., DCGAN, ICLR 2016 (oscillation at 0.9); Gidel et al., AISTATS 2019 (momentum)",
        cures=("too-much-momentum",),
    ),
    Treatment(
        id="no-pretraining",
        title="Do not train the discriminator before the game begins",
        explanation=(
            "It usually converges faster than the generator anyway. The claim is plausible and little tested: 150 "
            "steps of pre-training did no harm in our one run."
        ),
        code=keras_code.NO_PRETRAINING,
        evidence="weak",
        reference="R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 2",
        patch={"training.pretrain_steps": 0},
        cures=("discriminator-pretrained",),
    ),
    # Regularising the discriminator.
    Treatment(
        id="r1-regularisation",
        title="Penalise the discriminator's gradient on real images (R1)",
        explanation=(
            "Keeps the discriminator from becoming arbitrarily steep around the data. With it GAN training provably "
            "converges near the solution, which it does not without. Start with gamma = 10."
        ),
        code=keras_code.R1,
        evidence="strong",
        reference="Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018",
        cures=("chasing-the-discriminator", "steep-discriminator"),
    ),
    Treatment(
        id="spectral-normalisation",
        title="Wrap the discriminator's layers in spectral normalisation",
        explanation=(
            "Bounds how fast the discriminator's output can change, and with it both vanishing and exploding "
            "gradients. Leave batch normalisation out of the discriminator."
        ),
        code=keras_code.SPECTRAL_NORMALISATION,
        evidence="strong",
        reference="Miyato et al., ICLR 2018; Lin et al., Why Spectral Normalization Stabilizes GANs, NeurIPS 2021",
        cures=("steep-discriminator", "unnormalised-discriminator"),
    ),
    Treatment(
        id="instance-noise",
        title="Add a little noise to real and generated images before the discriminator",
        explanation=(
            "Makes the two distributions overlap, so that no perfect discriminator exists. Same noise on both; let it "
            "fade over training."
        ),
        code=keras_code.INSTANCE_NOISE,
        evidence="strong",
        reference="Mescheder et al., ICML 2018 (convergence with instance noise); Arjovsky and Bottou, ICLR 2017",
    ),
    Treatment(
        id="one-sided-label-smoothing",
        title="Train the discriminator towards 0.9 instead of 1 on real images only",
        explanation=(
            "Keeps it from being overconfident. Its loss can then no longer fall below 0.16: do not smooth the labels "
            "of generated images, nor those of the generator's step."
        ),
        code=keras_code.LABEL_SMOOTHING,
        evidence="moderate",
        reference="Salimans et al., Improved Techniques for Training GANs, NeurIPS 2016",
        patch={"training.real_label": 0.9},
    ),
    Treatment(
        id="augment-discriminator-input",
        title="Show the discriminator shifted images, real and generated alike",
        explanation=(
            "Each real image becomes many, so that it cannot be learnt by heart. Augment whatever the discriminator is "
            "given, in both steps and with a gradient: augmenting the reals alone makes the generator imitate it."
        ),
        code=keras_code.AUGMENT_FOR_THE_DISCRIMINATOR,
        evidence="strong",
        reference="Zhao et al., DiffAugment, NeurIPS 2020; Karras et al. (ADA), NeurIPS 2020",
        cures=("too-few-images", "discriminator-unregularised", "discriminator-overfits"),
    ),
    Treatment(
        id="use-more-images",
        title="Train on more real images",
        explanation=(
            "Look for a limit left over from a trial first. A network with more weights than there are pixels in the "
            "data set can learn it by heart, whatever else is done."
        ),
        code=keras_code.ALL_IMAGES,
        evidence="strong",
        reference="Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020",
        patch={"data.training_images": None},
        cures=("too-few-images",),
    ),
    Treatment(
        id="shrink-discriminator",
        title="Make the discriminator half as wide",
        explanation=(
            "A smaller network has less room to learn images by heart. Augmentation is better supported; try it first."
        ),
        code=keras_code.DISCRIMINATOR_WIDTH,
        evidence="weak",
        reference="The mechanism; not measured by us",
        scale={"discriminator.width": 0.5},
        cures=("discriminator-too-large",),
    ),
    # Ranges, layers, modes.
    Treatment(
        id="match-output-range",
        title="Make the generator's output range that of the data",
        explanation=(
            "A sigmoid reaches 0..1 and tanh -1..1. Where the data lie outside, the discriminator separates by the "
            "value alone and the generator cannot follow: fatal in every run we made."
        ),
        code=keras_code.OUTPUT_RANGE,
        evidence="strong",
        reference="DCGAN-tensorflow issue 24, deep-learning-with-python-notebooks issue 7; our measurements",
        patch={"data.range": "unit", "generator.output_activation": "sigmoid"},
        cures=("range-mismatch", "saturated-output"),
    ),
    Treatment(
        id="batch-norm-placement",
        title="Take batch normalisation off the generator's output and out of the discriminator",
        explanation=(
            "On the output it fixes mean and variance of every batch of images; in a discriminator that sees real and "
            "generated images in one batch it mixes their statistics. If you keep it there, use separate batches."
        ),
        code=keras_code.BATCH_NORM_PLACEMENT,
        evidence="strong",
        reference="Radford et al., DCGAN, ICLR 2016; ganhacks, tip 4; our measurements (one seed each)",
        cures=("batch-norm-placement", "batch-norm-in-discriminator", "phases-disagree"),
    ),
    Treatment(
        id="separate-batches",
        title="Give the discriminator real and generated images in batches of their own",
        explanation=(
            "Two calls, two losses, one sum. Batch normalisation then never sees which half of a batch an image stands "
            "in, and the generator's step, whose batch is generated too, meets the same discriminator."
        ),
        code=keras_code.SEPARATE_BATCHES,
        evidence="strong",
        reference="ganhacks, tip 4; the mechanism; our measurements (one seed each way)",
        cures=("batch-norm-in-discriminator",),
    ),
    Treatment(
        id="one-output-activation",
        title="End each network in its last weights and one activation, and nothing behind them",
        explanation=(
            "A second activation is given only what the first lets through, dropout behind the last weights erases "
            "results. An `activation=` argument counts: give either the argument or an `Activation` layer."
        ),
        code=keras_code.ONE_OUTPUT_ACTIVATION,
        evidence="strong",
        reference="Deterministic: sigmoid(relu(x)) is 0.5 at least",
    ),
    Treatment(
        id="layer-order",
        title="Build blocks in the order weights, batch normalisation, activation, dropout",
        explanation=(
            "The article's and the DCGAN paper's order, and a convention: other orders train too. What matters more is "
            "that no dropout stands right before a batch normalisation, and none on the output."
        ),
        code=keras_code.BLOCK_ORDER,
        evidence="weak",
        reference="R. Atienza 2017, problem 3; Ioffe and Szegedy, ICML 2015; Li et al., CVPR 2019",
    ),
    Treatment(
        id="linear-critic",
        title="Take the activation off the discriminator's output",
        explanation=(
            "Wasserstein, hinge and least-squares losses were made for scores without bounds, and a cross-entropy is "
            "safest from logits. Tell the loss: from_logits=True."
        ),
        code=keras_code.LINEAR_CRITIC,
        evidence="strong",
        reference="Arjovsky et al., Wasserstein GAN, ICML 2017; Lim and Ye 2017; Keras documentation (from_logits)",
    ),
    Treatment(
        id="leaky-discriminator",
        title="Use leaky ReLU and strides in the discriminator",
        explanation=(
            "Both pass a gradient on to every pixel, and through the discriminator is how the generator learns. The "
            "advice is one of practice: change it alone and judge it on at least three seeds."
        ),
        code=keras_code.LEAKY_DISCRIMINATOR,
        evidence="weak",
        reference="Radford et al., DCGAN, ICLR 2016, section 3; ganhacks, tip 5",
        patch={"discriminator.activation": "leaky_relu", "discriminator.downsampling": "stride"},
        cures=("dead-units", "relu-without-leak"),
    ),
    Treatment(
        id="even-upsampling",
        title="Enlarge by resizing and a convolution, or by kernels that are a multiple of the stride",
        explanation=(
            "Every pixel is then made by as many kernel entries as its neighbours. Either form does; resizing first "
            "leaves the pattern no way at all."
        ),
        code=keras_code.EVEN_UPSAMPLING,
        evidence="moderate",
        reference="Odena et al., Deconvolution and Checkerboard Artifacts, Distill 2016",
        patch={"generator.upsampling": "resize"},
        cures=("uneven-upsampling",),
    ),
    Treatment(
        id="even-discriminator-strides",
        title="Give the discriminator's strided convolutions kernels that are a multiple of the stride",
        explanation=(
            "Its gradient goes through the same kernels backwards. Where they overlap unevenly, some pixels of the "
            "generator's images are corrected more often than their neighbours. Change the generator first."
        ),
        code=keras_code.EVEN_STRIDES,
        evidence="weak",
        reference="Odena et al., Deconvolution and Checkerboard Artifacts, Distill 2016 (artifacts in gradients)",
        cures=("uneven-discriminator-strides",),
    ),
    Treatment(
        id="batch-norm-in-generator",
        title="Put batch normalisation behind the generator's hidden layers, not behind the last one",
        explanation=(
            "It keeps the activations of different latents apart, whatever the weights before it do, so that the "
            "output neither sinks to one value nor sticks at a bound. Momentum 0.9 or less."
        ),
        code=keras_code.BATCH_NORM_PLACEMENT,
        evidence="moderate",
        reference="Radford et al., DCGAN, ICLR 2016, section 3; our measurements (one seed: blank images without it)",
        patch={"generator.batch_norm": True},
        cures=("no-batch-norm", "saturated-output"),
    ),
    Treatment(
        id="batch-norm-momentum",
        title="Lower batch normalisation's momentum to 0.9 or less, and never freeze it by accident",
        explanation=(
            "Moving averages remember about 1 / (1 - momentum) steps: with 0.999 a short run samples from statistics "
            "of long ago. A model with `trainable = False` runs batch normalisation in inference mode even under "
            "`training=True`."
        ),
        code=keras_code.BATCH_NORM_MOMENTUM,
        evidence="moderate",
        reference="Keras-GAN issue 252; our measurements (one seed) and the mechanism",
        patch={"generator.batch_norm_momentum": 0.9},
        cures=("batch-norm-mode", "phases-disagree"),
    ),
    Treatment(
        id="dropout-rate",
        title="Set dropout to 0.3 ... 0.6 (lower first)",
        explanation=(
            "The article's advice. At 0.9 nothing learns; between 0 and 0.4 our single run was best at 0. Change it "
            "alone and judge it on at least three seeds."
        ),
        code=keras_code.DROPOUT,
        evidence="weak",
        reference="R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 1",
        patch={"generator.dropout": 0.3, "discriminator.dropout": 0.3},
        cures=("too-much-dropout",),
    ),
    Treatment(
        id="no-noise-on-output",
        title="Take out what adds noise to the generated images",
        explanation=(
            "A GaussianNoise layer behind the generator, or noise that the sampling code adds to its images, is not "
            "learned and cannot be unlearned. Noise on what the discriminator is given belongs into the training step."
        ),
        code=keras_code.NOISE_LAYERS,
        evidence="strong",
        reference="Deterministic: what is added to every image is in every image",
        cures=("noise-layer",),
    ),
    Treatment(
        id="sample-in-inference-mode",
        title="Draw samples with training=False",
        explanation=(
            "With dropout active every image is a different thinned network's. Calling a model inside a loop needs the "
            "argument said; `predict` sets it itself."
        ),
        code=keras_code.INFERENCE_MODE,
        evidence="moderate",
        reference="Keras documentation, `training` argument of Dropout and BatchNormalization; the mechanism",
        cures=("dropout-active-when-sampling",),
    ),
    Treatment(
        id="average-generator-weights",
        title="Sample from a moving average of the generator's weights",
        explanation=(
            "Averaging removes the jitter of single steps from the images. It does not repair training: keep training "
            "with the raw weights."
        ),
        code=keras_code.WEIGHT_AVERAGE,
        evidence="strong",
        reference="Yazici et al., The Unusual Effectiveness of Averaging in GAN Training, ICLR 2019",
        cures=("not-finished",),
    ),
    Treatment(
        id="train-longer",
        title="Train longer",
        explanation="While the noise still falls from probe to probe, the generator is not finished.",
        code=keras_code.TRAIN_LONGER,
        evidence="weak",
        reference="R. Atienza 2017 looks at steps 500 and 1000 of 2000 before judging",
        patch={"training.steps": 4000},
        cures=("not-finished",),
    ),
    # The end of the training.
    Treatment(
        id="keep-best-generator",
        title="Keep the generator of the best probe (BestGenerator)",
        explanation=(
            "A GAN has no loss that says when to stop; the distance of its samples to the reals does. Keep the weights "
            "of the probe where it was smallest, and stop or go on as you like."
        ),
        code=keras_code.KEEP_BEST,
        evidence="strong",
        reference="Deterministic: the kept weights make the samples of that probe; Heusel et al., NeurIPS 2017 (FID)",
    ),
    Treatment(
        id="decay-learning-rates",
        title="Let both learning rates fall towards the end of the training",
        explanation=(
            "Near a good state large steps only leave it again. Let both players' rates fall together, to a twentieth "
            "or so; a rate of one player that falls alone changes the balance."
        ),
        code=keras_code.DECAY,
        evidence="moderate",
        reference="Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017 (linear decay); the mechanism",
        cures=("learning-rate-too-high-late",),
    ),
    # Sharpness.
    Treatment(
        id="lower-pixel-loss-weight",
        title="Give a pixel loss beside the game less weight, or leave it out",
        explanation=(
            "A squared or absolute error of pixels is least at the average of all that may be right, and averages are "
            "blurry. The discriminator's verdict is what asks for one sharp answer."
        ),
        code=keras_code.PIXEL_LOSS_WEIGHT,
        evidence="strong",
        reference="Isola et al., CVPR 2017, section 3.1; Larsen et al., ICML 2016",
        cures=("pixel-loss",),
    ),
    Treatment(
        id="convolution-after-upsampling",
        title="Let a convolution be the generator's last layer, behind every enlargement and pooling",
        explanation=(
            "What a fixed filter has smoothed, no weights can sharpen again if none follow. Enlarge first, then "
            "convolve."
        ),
        code=keras_code.CONVOLUTION_LAST,
        evidence="strong",
        reference="Deterministic: a fixed low-pass filter behind the last weights takes the same from every image",
        cures=("output-smoothed",),
    ),
    Treatment(
        id="strengthen-discriminator",
        title="Give the discriminator more to see with: more filters, smaller strides at first, a full learning rate",
        explanation=(
            "It can ask for detail only if it sees it. Change one thing at a time, and stop when its AUC is well above "
            "0.6 while samples improve."
        ),
        code=keras_code.STRONGER_DISCRIMINATOR,
        evidence="weak",
        reference="The mechanism; Brock et al., ICLR 2019 (wider networks gave better samples)",
        scale={"discriminator.learning_rate": 2.0},
        cures=("discriminator-too-weak",),
    ),
    # Diversity.
    Treatment(
        id="vary-latents",
        title="Draw new latents for every batch, with the spread the generator was built for",
        explanation=(
            "Constant, repeated or tiny latents can only give the same images. Draw anew for each phase and never "
            "reset the seed inside the loop."
        ),
        code=keras_code.LATENTS,
        evidence="strong",
        reference="Deterministic: a generator is a function of its latents; our measurements",
        patch={"latent.low": -1.0, "latent.high": 1.0},
        cures=("degenerate-latents", "latents-ignored"),
    ),
    Treatment(
        id="minibatch-standard-deviation",
        title="Show the discriminator how varied the batch is (minibatch standard deviation)",
        explanation=(
            "A map with the standard deviation over the batch lets it punish sameness. Put it before the last "
            "convolution, and give real and generated images in separate batches."
        ),
        code=keras_code.MINIBATCH_STDDEV,
        evidence="moderate",
        reference="Karras et al., Progressive Growing of GANs, ICLR 2018; Salimans et al., NeurIPS 2016",
        cures=("chasing-the-discriminator", "discriminator-sees-single-images", "collapsed-later"),
    ),
    Treatment(
        id="pack-images",
        title="Show the discriminator two images at a time (packing)",
        explanation=(
            "Joined along the channels, two images that are too alike, or too often of the few kinds there are, give a "
            "generator away. The discriminator's input gets twice the channels; nothing else changes."
        ),
        code=keras_code.PACKED,
        evidence="strong",
        reference="Lin et al., PacGAN, NeurIPS 2018 (proof and experiments)",
        cures=("discriminator-sees-single-images",),
    ),
    # Numbers.
    Treatment(
        id="lower-learning-rates-and-clip",
        title="Lower both learning rates and clip the gradients' global norm",
        explanation=(
            "Restart from the last checkpoint before the first non-finite value. Clipping the norm keeps the "
            "direction; it does not cure a NaN that is already there."
        ),
        code=keras_code.CLIP,
        evidence="moderate",
        reference="Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013 (norm clipping)",
        scale={"discriminator.learning_rate": 0.25, "generator.learning_rate": 0.25},
        cures=("exploding-updates",),
    ),
    Treatment(
        id="loss-from-logits",
        title="Compute the cross-entropy from logits",
        explanation=(
            "The logarithm of a saturated probability is infinite, or clipped and then without a gradient; from logits "
            "it is neither. Take the sigmoid off the discriminator at the same time: both together, or neither."
        ),
        code=keras_code.FROM_LOGITS,
        evidence="strong",
        reference="Keras documentation, BinaryCrossentropy(from_logits=True): numerically stable by construction",
        cures=("logarithm-of-zero", "no-gradient-arrives"),
    ),
    Treatment(
        id="non-saturating-loss",
        title="Train the generator on -log D(G(z)) instead of log(1 - D(G(z)))",
        explanation=(
            "Both have the same fixed point, and the gradient of the second goes to 0 just where the generator is at "
            "its worst. Compute it from logits. The new gradient may be large and noisy while the discriminator is "
            "sure of itself."
        ),
        code=keras_code.NON_SATURATING_LOSS,
        evidence="strong",
        reference="Goodfellow et al. 2014, section 3; Arjovsky and Bottou, ICLR 2017 (what it costs)",
        cures=("saturating-loss",),
    ),
    Treatment(
        id="average-the-loss",
        title="Average the loss over the batch, and look at the weights of its terms",
        explanation=(
            "A sum grows with the batch and with the number of outputs, and the gradient with it. Adam and RMSprop "
            "divide the factor away; clipping, epsilon and plain gradient descent do not."
        ),
        code=keras_code.AVERAGED_LOSS,
        evidence="strong",
        reference="Deterministic: the gradient of a sum of n terms is n times that of their mean",
        cures=("loss-too-large",),
    ),
    Treatment(
        id="usual-learning-rates",
        title="Set both learning rates to what is usual for the optimizer",
        explanation=(
            "1e-4 to 4e-4 with Adam and RMSprop. Then look at how far an update moves the weights: about 1e-3 of their "
            "size. Change one rate at a time, by a factor of two."
        ),
        code=keras_code.USUAL_LEARNING_RATES,
        evidence="moderate",
        reference="Radford et al., DCGAN, ICLR 2016 (2e-4); the article's author's later rates (2e-4 and 1e-4)",
        patch={"discriminator.learning_rate": 2e-4, "generator.learning_rate": 1e-4},
        cures=("learning-rate-mistyped", "learning-rate-lowered", "exploding-updates", "generator-not-moving"),
    ),
    Treatment(
        id="check-data",
        title="Look for NaN, infinity and stray values in the training data",
        explanation="One bad image reaches every weight within an epoch.",
        code=keras_code.CHECK_DATA,
        evidence="strong",
        reference="Deterministic: arithmetic with NaN gives NaN",
        cures=("bad-data",),
    ),
)

TREATMENTS: dict[str, Treatment] = {treatment.id: treatment for treatment in _ALL}
"""Every treatment by id."""
