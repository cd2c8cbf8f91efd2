"""Trains the digit classifier that gandoctor ships and says how good it is.

    python tests/benchmarks/digit_classifier.py            # trains anew and writes the weights into the package
    python tests/benchmarks/digit_classifier.py --measure  # measures the weights that are there

Of the embedded digits only those with an even index are used, four of five for training and the fifth for measuring:
the odd ones are kept for judges that must not have seen what the classifier was made from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage

from gandoctor.measures.digits import WEIGHTS, DigitClassifier
from reference_models import datasets

SEED = 0
COPIES = 50
OUTLIERS = 0.25
"""Images that are no digits, for each that is one; the classifier learns to be undecided on them."""
FILTERS = (12, 24)
FEATURES = 48
SHRINKAGE = 0.1
"""Share of the mean variance on the diagonal of the features' covariance."""


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return images (n, 28, 28, 1) in 0..1 and labels for training, then for measuring."""
    with np.load(Path(datasets.__file__).parent / "data" / "mnist_5k.npz") as stored:
        images, labels = stored["images"][::2], stored["labels"][::2]
    images = images[..., None].astype(np.float32) / 255
    measured = np.arange(len(images)) % 5 == 0
    return images[~measured], labels[~measured], images[measured], labels[measured]


def varied(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn, stretch, shift and blur every image a little and add a little noise: generated digits are not clean."""
    out = np.empty_like(images)
    for i, image in enumerate(images[..., 0]):
        angle, centre = np.radians(rng.uniform(-12, 12)), np.array([13.5, 13.5])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn / rng.uniform(0.9, 1.1, (1, 2))
        moved = ndimage.affine_transform(image, matrix, centre - matrix @ centre + rng.uniform(-2, 2, 2), order=1)
        if rng.random() < 0.3:
            moved = ndimage.gaussian_filter(moved, rng.uniform(0.3, 1.0))
        out[i, ..., 0] = np.clip(moved + rng.normal(0, rng.uniform(0, 0.08), moved.shape), 0, 1)
    return out


def outliers(images: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return images that are no digits: noise, smooth noise, inverted digits, digits cut up.

    Hendrycks et al., Deep Anomaly Detection with Outlier Exposure, 2019.
    """
    quarter = count // 4
    chosen = images[rng.choice(len(images), 2 * quarter, replace=False)]
    smooth = ndimage.gaussian_filter(rng.normal(size=(quarter, 28, 28, 1)), (0, *rng.uniform(1, 4, 2), 0))
    low, high = smooth.min(axis=(1, 2, 3), keepdims=True), smooth.max(axis=(1, 2, 3), keepdims=True)
    blocks = chosen[quarter:].reshape(quarter, 4, 7, 4, 7).swapaxes(2, 3).reshape(quarter, 16, 7, 7)
    cut = blocks[:, rng.permutation(16)]
    cut = cut.reshape(quarter, 4, 4, 7, 7).swapaxes(2, 3).reshape(quarter, 28, 28, 1)
    noise = rng.random((quarter, 28, 28, 1)) ** rng.uniform(0.5, 4)
    return np.concatenate([noise, (smooth - low) / (high - low), 1 - chosen[:quarter], cut]).astype(np.float32)


def train(images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Train with Keras and return the weights under the names that the classifier reads."""
    import keras

    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *(layers.Conv2D(f, 5, strides=2, activation="relu") for f in FILTERS),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(FEATURES, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )
    others = int(OUTLIERS * len(images)) // 4 * 4
    undecided = np.full((others, 10), 0.1, dtype=np.float32)
    targets = np.concatenate([np.eye(10, dtype=np.float32)[labels], undecided])
    steps = COPIES * -(-len(targets) // 64)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        keras.losses.CategoricalCrossentropy(from_logits=True),
    )
    for _ in range(COPIES):
        shown = np.concatenate([varied(images, rng), outliers(images, others, rng)])
        model.fit(shown, targets, batch_size=64, verbose=0)
    names = ("kernel_1", "bias_1", "kernel_2", "bias_2", "kernel_3", "bias_3", "kernel_4", "bias_4")
    return dict(zip(names, model.get_weights(), strict=True))


def with_reference(weights: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Add what the features of each digit are like: their means and their common precision."""
    features = DigitClassifier(weights).features(images)
    means = np.stack([features[labels == digit].mean(axis=0) for digit in range(10)])
    covariance = np.cov((features - means[labels]).T)
    covariance += SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return {**weights, "means": means, "precision": np.linalg.inv(covariance)}


def main() -> None:
    """Train unless told to measure, then print the accuracy and what the criterion sees on digits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    images, labels, measured, truth = digits()
    if not parser.parse_args().measure:
        weights = with_reference(train(images, labels), images, labels)
        np.savez_compressed(WEIGHTS, **{name: value.astype(np.float32) for name, value in weights.items()})
    classifier = DigitClassifier.shipped()
    for name, x, y in (("trained on", images, labels), ("not trained on", measured, truth)):
        said = classifier.probabilities(x)
        print(f"{len(x)} digits {name}: accuracy {(said.argmax(axis=1) == y).mean():.3f}")
        print(f"  mean confidence {said.max(axis=1).mean():.3f}, {classifier.likeness(x)}")
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main()
