"""Signals of single generated images: texture, response to the latent, range of values."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_RANGE = Chart(
    "sample-range",
    groups.SAMPLES,
    Message("Range of values"),
    Message(
        "Should reach your data's dashed limits and stay within them. Otherwise the output activation does not fit "
        "the data."
    ),
)
_MEAN_STD = Chart(
    "sample-mean-std",
    groups.SAMPLES,
    Message("Mean and standard deviation"),
    Message(
        "Standard deviation near zero: blank images. Far from your data's: the images are washed out or have too much "
        "contrast."
    ),
)
_SMOOTHNESS = Chart(
    "sample-autocorrelation",
    groups.SAMPLES,
    Message("Smoothness"),
    Message("Far below the band: noise. Rising towards it: strokes and surfaces are forming."),
)

TEXTURE = (
    Signal(
        "sample_autocorrelation",
        None,
        Message("Correlation of neighbouring pixels. 1: smooth; 0: white noise."),
        "probe",
        _SMOOTHNESS,
    ),
    Signal(
        "sample_filtered_correlation",
        None,
        Message("Correlation of neighbouring pixels after a 3x3 median filter, which takes specks away."),
        "probe",
        _SMOOTHNESS,
        dash="dash",
    ),
    Signal(
        "sample_spectral_flatness",
        None,
        Message("Flatness of the power spectrum. 1: white noise; 0: smooth."),
        "probe",
        Chart(
            "sample-spectral-flatness",
            groups.SAMPLES,
            Message("Spectral flatness"),
            Message("Above the band: noise-like. Falling towards it: structure is forming."),
        ),
    ),
    Signal(
        "sample_high_frequency",
        units.SHARE,
        Message("Share of spectral power above 0.35 cycles per pixel."),
        "probe",
        Chart(
            "sample-high-frequency",
            groups.SAMPLES,
            Message("High-frequency power"),
            Message("Above the band: noise or grid artefacts. Below: blur."),
        ),
    ),
    Signal(
        "sample_noise_sigma",
        units.DATA_RANGE,
        Message("Robust estimate of Gaussian pixel noise (median Immerkær)."),
        "probe",
        Chart(
            "sample-noise-sigma",
            groups.SAMPLES,
            Message("Pixel noise"),
            Message("Above the band: grain that your data do not have."),
        ),
    ),
    Signal(
        "sample_impulse",
        units.SHARE,
        Message("Share of pixels more than 0.3 away from their 3x3 median: salt and pepper."),
        "probe",
        Chart(
            "sample-impulse",
            groups.SAMPLES,
            Message("Salt and pepper"),
            Message("Above the band: isolated wrong pixels."),
        ),
    ),
    Signal(
        "sample_lone_pixels",
        units.SHARE,
        Message("Share of pixels that differ from all eight neighbours by more than half of the data range."),
        "probe",
        Chart(
            "sample-lone-pixels",
            groups.SAMPLES,
            Message("Lone pixels"),
            Message("Above the band: specks that your data do not have."),
        ),
    ),
    Signal(
        "sample_grid",
        None,
        Message("Spectral peaks at the grid frequencies, relative to their neighbourhood."),
        "probe",
        Chart(
            "sample-checkerboard",
            groups.SAMPLES,
            Message("Checkerboard"),
            Message("Above the band: a grid pattern left by upsampling."),
        ),
    ),
)

VALUES = (
    Signal(
        "sample_latent_std",
        units.DATA_RANGE,
        Message("Standard deviation of each pixel across latents, averaged. 0: the latent is ignored."),
        "probe",
        Chart(
            "sample-latent-std",
            groups.SAMPLES,
            Message("Response to the latent vector"),
            Message("Near zero: the generator ignores its input."),
        ),
    ),
    Signal(
        "sample_train_infer_gap",
        None,
        Message("Difference between the generator's images in training and inference mode, relative to their spread."),
        "probe",
        Chart(
            "sample-train-infer-gap",
            groups.SAMPLES,
            Message("Training versus inference"),
            Message(
                "Large: because of batch norm or dropout, the generator you sample from differs from the one you train."
            ),
        ),
    ),
    Signal(
        "sample_min",
        units.DATA_UNITS,
        Message("Smallest generated value, in the units of the training data."),
        "probe",
        _RANGE,
    ),
    Signal(
        "sample_max",
        units.DATA_UNITS,
        Message("Largest generated value, in the units of the training data."),
        "probe",
        _RANGE,
        "fake",
    ),
    Signal(
        "sample_mean",
        units.DATA_RANGE,
        Message("Mean generated value, 0 to 1 over the real data's range."),
        "probe",
        _MEAN_STD,
    ),
    Signal(
        "sample_std",
        units.DATA_RANGE,
        Message("Standard deviation of the generated values, 0 to 1 over the real data's range."),
        "probe",
        _MEAN_STD,
        "generator",
    ),
)
