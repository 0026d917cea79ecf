"""Precision of a systematic sample (系统抽样精度): what a grid of plots promises before it is measured.

Cases: `tests/measurement/cases/sample_precision.yaml`. The error of a measured layer is in `uncertainty.py`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class SamplePrecision:
    """The precision of the mean of a sample.

    Attributes
    ----------
    half_width_frac
        Half of the confidence interval over the mean [-].
    precision_frac
        What Chinese inventories print as 精度: 1 - half-width [-]; negative if the half-width exceeds the mean.
    """

    half_width_frac: float
    precision_frac: float


def precision_of_sample(cv_frac: float, *, n_plots: int, confidence_frac: float) -> SamplePrecision:
    """Work out the precision of the mean over `n_plots` plots of which the spread is known.

    A systematic grid is treated as a simple random sample, which overstates its error where neighbours are alike; that
    is the practice of the national inventory.

    Parameters
    ----------
    cv_frac : float, [-], >= 0
        Standard deviation over the mean between plots (变动系数).
    n_plots : int, >= 2
        Number of plots.
    confidence_frac : float, [-], 0-1
        Probability that the interval covers the mean, two-sided.

    Notes
    -----
    u = t(n - 1) CV / √n. Source: Cochran 1977, Sampling Techniques, 3rd edition, chapter 2; CDM AR-TOOL14 v04.2 uses
    the same t.

    Examples
    --------
    >>> round(precision_of_sample(0.7369, n_plots=716, confidence_frac=0.95).half_width_frac, 4)
    0.0541
    """
    assert n_plots >= 2
    assert 0.0 < confidence_frac < 1.0
    t = float(stdtrit(n_plots - 1, 0.5 + confidence_frac / 2.0))
    half_width_frac = t * cv_frac / float(np.sqrt(n_plots))
    return SamplePrecision(half_width_frac, 1.0 - half_width_frac)
