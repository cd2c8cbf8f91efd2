"""Signals of generated vectors and series: each column beside that of the real data. Images have none of them."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.signals import groups, units
from gandoctor.signals.signal import Chart, Signal

_MARGINAL = Chart(
    "sample-marginal-distance",
    groups.SAMPLES,
    Message("Distance of single columns"),
    Message(
        "For tables and series only. Inside the band: each column is distributed as in your data. The worst column far "
        "above the mean: look at that column's scale and its outliers."
    ),
)

COLUMNS = (
    Signal(
        "sample_marginal_distance",
        units.REAL_DEVIATIONS,
        Message("Wasserstein-1 distance between generated and real values of one column, mean over the columns."),
        "probe",
        _MARGINAL,
    ),
    Signal(
        "sample_marginal_worst",
        units.REAL_DEVIATIONS,
        Message("Wasserstein-1 distance between generated and real values of the column where it is largest."),
        "probe",
        _MARGINAL,
        "generator",
        "dash",
    ),
    Signal(
        "sample_column_spread",
        None,
        Message("Smallest ratio of a column's standard deviation to that of the real data. 0: the column is constant."),
        "probe",
        Chart(
            "sample-column-spread",
            groups.SAMPLES,
            Message("Spread of the narrowest column"),
            Message("For tables and series only. Near 0: at least one column hardly varies."),
        ),
    ),
    Signal(
        "sample_correlation_distance",
        None,
        Message("Mean absolute difference between generated and real correlations of two columns."),
        "probe",
        Chart(
            "sample-correlation-distance",
            groups.SAMPLES,
            Message("Difference of correlations"),
            Message("For tables and series only. Above the band: columns do not go together as in your data."),
        ),
    ),
)
SERIES = (
    Signal(
        "sample_spectrum_distance",
        units.SHARE,
        Message("Share of a series' power that lies at other frequencies than in the real data."),
        "probe",
        Chart(
            "sample-spectrum-distance",
            groups.SAMPLES,
            Message("Difference of spectra"),
            Message(
                "For series only. Above the band: other rhythms than those of your data. 1: constant, or no overlap."
            ),
        ),
    ),
    Signal(
        "sample_autocorrelation_distance",
        None,
        Message(
            "Mean absolute difference between generated and real autocorrelations, up to half of a series' length."
        ),
        "probe",
        Chart(
            "sample-autocorrelation-distance",
            groups.SAMPLES,
            Message("Difference of autocorrelations"),
            Message(
                "For series only. Above the band: a value depends on earlier ones in another way than in your data."
            ),
        ),
    ),
)
