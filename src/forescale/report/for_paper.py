"""What each figure shows, as the sentences that a paper prints under it."""

from __future__ import annotations

from forescale import __version__
from forescale.laws.flags import readable
from forescale.metrics import label_of
from forescale.report.contents import Contents
from forescale.report.figures import heatmap, law, learning_curves, parity
from forescale.words import confidence, count, interval, listed, number, spaced_unit, with_interval


def caption(contents: Contents, figure: str, metric: str, m: int) -> str:
    """Return the caption of a figure: what is drawn, of what, and the numbers read from it.

    Parameters
    ----------
    figure
        ``NAME`` of a module of `forescale.report.figures`.
    metric, m
        Metric, and number of measured values where the figure shows one.
    """
    if figure == law.NAME:
        words = _law(contents, metric, m)
    elif figure == learning_curves.NAME:
        words = _curves(contents, metric, m)
    elif figure == heatmap.NAME:
        words = _grid(contents, metric)
    else:
        words = _parity(contents)
    return f"{words} {_setting(contents)}"


def _law(contents: Contents, metric: str, m: int) -> str:
    unit = spaced_unit(contents.unit_of(metric))
    fitted = contents.law(metric, m)
    tuned = f"m = {count(m)} measured values" if m else "no measured value (zero-shot)"
    start = (
        f"{label_of(metric)} of {contents.property_name} on unseen measured materials against the "
        f"number n of computed values, with {tuned}"
    )
    if fitted is None or not readable(fitted.flags):
        return f"{start}; no scaling law can be read from this curve."
    rate, scale, gap = fitted.decay_rate, fitted.scale, fitted.transfer_gap
    text = (
        f"{start}, and the scaling law D·n^(−α) + C with α = {interval(rate)}, "
        f"D = {interval(scale)}{unit} and "
    )
    if "not_bent_yet" in fitted.flags:
        return f"{text}C below {number(gap.high)}{unit} ({_level(contents)} intervals)."
    return f"{text}C = {interval(gap)}{unit} ({_level(contents)} intervals)."


def _curves(contents: Contents, metric: str, m: int) -> str:
    last = contents.n_source[-1]
    row = contents.cell(metric, last, m)
    text = (
        f"{label_of(metric)} of {contents.property_name} on unseen measured materials against the "
        f"number n of computed values, for m = {listed([count(k) for k in contents.n_target])} "
        "measured values"
    )
    if row is None:
        return f"{text}."
    value = with_interval(row["mean"], row["mean_low"], row["mean_high"])
    unit = spaced_unit(contents.unit_of(metric))
    at = f"at n = {count(last)} and m = {count(m)} it is {value}{unit}"
    return f"{text}; {at} (mean with its {_level(contents)} interval)."


def _grid(contents: Contents, metric: str) -> str:
    return (
        f"Mean {label_of(metric)} of {contents.property_name} on unseen measured materials for "
        "each number n of computed and m of measured values; n = 0 learns from the measured "
        "values alone, m = 0 from the computed ones alone."
    )


def _parity(contents: Contents) -> str:
    scores = parity.scores(parity.data(contents)).loc["predicted"]
    unit = spaced_unit(contents.unit)
    return (
        f"Predicted against measured {contents.property_name} of held-out materials, with "
        f"n = {count(contents.n_source[-1])} computed and m = {count(contents.n_target[-1])} "
        f"measured values and without the computed ones; R² = {number(scores['r2'])}, "
        f"RMSE = {number(scores['rmse'])}{unit}, MAE = {number(scores['mae'])}{unit} with them."
    )


def _setting(contents: Contents) -> str:
    study = contents.manifest.study
    several = f"{count(contents.replicates)} replicates"
    return (
        f"{several if contents.replicates > 1 else 'One replicate'}; "
        f"measured data split {study.evaluation.split.words}; learner {study.learner.name}, "
        f"descriptor {contents.manifest.descriptor}; forescale {__version__}."
    )


def _level(contents: Contents) -> str:
    return confidence(contents.level)
