"""Healthy GANs of many kinds, in which gandoctor should detect nothing; each is a target of `gandoctor run`.

    gandoctor run --watch reference_models.controls:wgan_gp --steps 400

| factory | loss | networks | data |
|---|---|---|---|
| `as_published` | cross-entropy | the article's; the adversarial step also updates the discriminator | digits |
| `dcgan` | cross-entropy | the article's, with its author's later learning rates | digits |
| `dcgan_smoothed` | cross-entropy, reals labelled 0.9 | as in `dcgan` | digits |
| `lsgan` | least squares | the article's | digits |
| `wgan_gp` | Wasserstein with gradient penalty | five critic steps, no normalisation in the critic | digits |
| `mlp` | cross-entropy on logits | dense layers | digits |
| `keras_io` | cross-entropy on logits, fakes labelled 1, with noise | no normalisation | digits |
| `hinge_sn` | hinge | spectral normalisation | coloured shapes |
| `dcgan_paper` | cross-entropy, summed | batch normalisation in both networks, tanh | coloured shapes |

All except `as_published` give each optimizer only its own network's weights. All of them take `--data`.
"""

from __future__ import annotations

from reference_models.controls.article import as_published, dcgan, dcgan_smoothed
from reference_models.controls.dense import mlp
from reference_models.controls.hinge import hinge_sn
from reference_models.controls.keras_examples import keras_io
from reference_models.controls.least_squares import lsgan
from reference_models.controls.radford import dcgan_paper
from reference_models.controls.wasserstein import wgan_gp

__all__ = [
    "as_published",
    "dcgan",
    "dcgan_paper",
    "dcgan_smoothed",
    "hinge_sn",
    "keras_io",
    "lsgan",
    "mlp",
    "wgan_gp",
]
