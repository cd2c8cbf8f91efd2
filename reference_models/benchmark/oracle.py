"""The oracle: judges the outcome of a run from 2,000 samples, by metrics that no detector uses.

Its digit classifier is trained on the embedded digits with odd indices; the detectors' own is trained on those with
even indices. Its shape classifier is trained on shapes drawn with a different seed from the data set's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from gandoctor.store.atomic import replacing
from reference_models.benchmark import image_numbers as numbers
from reference_models.datasets import load_images
from reference_models.shapes import KINDS, labelled_shapes

Images = NDArray[np.uint8]
Labels = NDArray[np.integer[Any]]

SEED = 31
EPOCHS = 12
FEATURES = "features"


@dataclass(frozen=True)
class Judge:
    """A classifier that is trained once.

    Attributes:
        name: Name of its file.
        classes: Number of classes.
        data: Returns training images and labels, then test images and labels.
    """

    name: str
    classes: int
    data: Callable[[], tuple[Images, Labels, Images, Labels]]


def _digits() -> tuple[Images, Labels, Images, Labels]:
    images = load_images()
    assert images.digits is not None
    return images.pixels[1::2], images.digits[1::2], images.pixels[0::2], images.digits[0::2]


def _shapes() -> tuple[Images, Labels, Images, Labels]:
    return *labelled_shapes(3000, seed=SEED), *labelled_shapes(1000, seed=SEED + 1)


JUDGES: dict[tuple[int, ...], Judge] = {
    (28, 28, 1): Judge("digits", 10, _digits),
    (32, 32, 3): Judge("shapes", len(KINDS), _shapes),
}
"""The classifiers by the shape of one image."""


def prepare(cache: Path) -> None:
    """Train the classifiers that are not in `cache` yet."""
    for shape, judge in JUDGES.items():
        if not (cache / f"{judge.name}.keras").exists():
            _train(shape, judge, cache)


def measure(fakes: Images, holdout: Images, cache: Path) -> dict[str, float]:
    """Return the oracle's metrics of generated images.

    Args:
        fakes: Generated images, (n, height, width, channels) on 0..255.
        holdout: Real images that the run never trained on, in the same format.
        cache: Folder of the classifiers; see `prepare`.

    Returns:
        kid: kernel distance to the held-out reals in the classifier's features. coverage: of the held-out reals in
        these features; 1 for real data. perplexity: effective number of classes. perplexity_of_reals: the same for the
        held-out reals. sure: share of images that the classifier is sure of. distinct: share without a near copy.
        noise: standard deviation of the pixel noise, 0..1. detail: share of variance in the finest details, relative to
        the reals. spread: standard deviation across images, relative to the reals.
    """
    judge = keras.models.load_model(cache / f"{JUDGES[fakes.shape[1:]].name}.keras", compile=False)
    features_of = keras.Model(judge.inputs, [judge.get_layer(FEATURES).output, judge.outputs[0]])
    x, y = _unit(fakes), _unit(holdout)
    fake_features, fake_classes = features_of.predict(x, batch_size=250, verbose=0)
    real_features, real_classes = features_of.predict(y, batch_size=250, verbose=0)
    mean, scale = real_features.mean(axis=0), real_features.std(axis=0)
    scale[scale < 1e-6] = 1.0
    fake_features, real_features = (fake_features - mean) / scale, (real_features - mean) / scale
    return {
        "kid": numbers.kernel_distance(fake_features, real_features),
        "coverage": numbers.coverage(fake_features, real_features),
        "perplexity": numbers.perplexity(fake_classes),
        "perplexity_of_reals": numbers.perplexity(real_classes),
        "sure": numbers.sure_share(fake_classes),
        "distinct": numbers.distinct_share(x.reshape(len(x), -1), y.reshape(len(y), -1)),
        "noise": numbers.wavelet_noise(x),
        "detail": numbers.fine_detail(x) / numbers.fine_detail(y),
        "spread": numbers.spread(x) / numbers.spread(y),
    }


def _train(shape: tuple[int, ...], judge: Judge, cache: Path) -> None:
    keras.utils.set_random_seed(SEED)
    x, labels, test_x, test_labels = judge.data()
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(16, 5, strides=2, padding="same", activation="relu"),
            layers.Conv2D(48, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3, seed=SEED),
            layers.Dense(64, activation="relu", name=FEATURES),
            layers.Dropout(0.3, seed=SEED),
            layers.Dense(judge.classes, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    model.fit(_unit(x), labels, batch_size=50, epochs=EPOCHS, verbose=0)
    accuracy = float(model.evaluate(_unit(test_x), test_labels, verbose=0)[1])
    (cache / f"{judge.name}.json").write_text(json.dumps({"accuracy": round(accuracy, 4)}) + "\n", encoding="utf-8")
    with replacing(cache / f"{judge.name}.keras") as whole:
        model.save(whole)


def _unit(images: Images) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = images.astype(np.float32) / np.float32(255)
    return unit
