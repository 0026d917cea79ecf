"""Growth (生长): curves over age, and what they say of the next year of a stand whose stock is known.

The curves' coefficients lie in `senhui.parameters`, table `growth_models`. Those of another county and those fitted to
a cross-section may not issue a credit: what follows from them is a model estimate, shown beside the difference of two
surveys and never in its place. Cases: tests/projection/test_growth.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Form = Literal["richards", "schumacher", "logistic", "poly2"]


class TooYoungForTheCurve(ValueError):
    """An age lies before the youngest one of the curve; there it says nothing."""

    def __init__(self, model_id: str, youngest_yr: float, valid_from_yr: float) -> None:
        self.model_id = model_id
        self.youngest_yr = youngest_yr
        self.valid_from_yr = valid_from_yr
        super().__init__(
            f"Growth model {model_id} holds from {valid_from_yr:g} years on, not at {youngest_yr:g}. "
            "Leave the stand out, or use a curve for young stands."
        )


def richards(age_yr: Floats, *, a: float, b: float, c: float) -> Floats:
    """Compute y = a (1 − exp(−b t))^c, which rises from zero to `a`.

    Parameters
    ----------
    age_yr : (n,) float, [yr], >= 0
    a, b, c : float
        Asymptote in the unit of y, rate [1/yr], shape [-].

    Notes
    -----
    Source: F. J. Richards, Journal of Experimental Botany 10 (1959) (mark B).

    Examples
    --------
    >>> richards(np.array([20.0]), a=34.4388, b=0.0893, c=1.4157).round(2)
    array([26.56])
    """
    return np.asarray(a * (1.0 - np.exp(-b * age_yr)) ** c)


def schumacher(age_yr: Floats, *, a: float, b: float) -> Floats:
    """Compute y = a exp(−b / t); zero at age zero.

    Parameters
    ----------
    age_yr : (n,) float, [yr], >= 0
    a, b : float
        Asymptote in the unit of y, and b [yr].

    Notes
    -----
    Source: F. X. Schumacher, Journal of Forestry 37 (1939) (mark B).

    Examples
    --------
    >>> schumacher(np.array([10.0]), a=123.38506, b=8.52159).round(2)
    array([52.62])
    """
    with np.errstate(divide="ignore"):
        return np.asarray(a * np.exp(-b / np.asarray(age_yr)))


def logistic(age_yr: Floats, *, a: float, b: float, c: float) -> Floats:
    """Compute y = a / (1 + b exp(−c t)); not zero at age zero.

    Parameters
    ----------
    age_yr : (n,) float, [yr], >= 0
    a, b, c : float
        Asymptote in the unit of y, b [-], rate [1/yr].

    Notes
    -----
    Source: P.-F. Verhulst, Correspondance mathématique et physique 10 (1838) (mark B).

    Examples
    --------
    >>> logistic(np.array([20.0]), a=65.0, b=8.2822, c=0.0644).round(2)
    array([19.79])
    """
    return np.asarray(a / (1.0 + b * np.exp(-c * age_yr)))


def poly2(age_yr: Floats, *, a: float, b: float, c: float) -> Floats:
    """Compute y = a + b t + c t²; with c < 0 it falls after t = −b / 2c, where no stand does.

    Parameters
    ----------
    age_yr : (n,) float, [yr], >= 0
    a, b, c : float
        In the unit of y, per year, per year squared.

    Notes
    -----
    Source: the table of the model.

    Examples
    --------
    >>> poly2(np.array([20.0]), a=1.19575, b=3.05656, c=-0.02154).round(2)
    array([53.71])
    """
    return np.asarray(a + b * age_yr + c * age_yr**2)


@dataclass(frozen=True)
class GrowthModel:
    """One row of `growth_models`: a curve of one quantity over age."""

    id: str
    form: Form
    a: float
    b: float
    c: float | None
    valid_from_yr: float

    def __post_init__(self) -> None:
        assert (self.c is None) == (self.form == "schumacher"), "schumacher has two coefficients, the others three"

    def at(self, age_yr: Floats) -> Floats:
        """Return the curve at ages [yr].

        Raises
        ------
        TooYoungForTheCurve
            Leave younger stands out.
        """
        ages = np.asarray(age_yr, dtype=np.float64)
        if ages.size and ages.min() < self.valid_from_yr:
            raise TooYoungForTheCurve(self.id, float(ages.min()), self.valid_from_yr)
        return self._curve(ages)

    def _curve(self, ages: Floats) -> Floats:
        if self.c is None:
            return schumacher(ages, a=self.a, b=self.b)
        return _FORMS[self.form](ages, a=self.a, b=self.b, c=self.c)


_FORMS: Final[dict[str, Callable[..., Floats]]] = {"richards": richards, "logistic": logistic, "poly2": poly2}


def pressler_increment(stock: Floats, *, now: Floats, next_: Floats) -> Floats:
    """Scale the growth percentage of a curve to the stock that is there.

    Parameters
    ----------
    stock : (n,) float, >= 0
        What the survey found, in any unit of stock.
    now, next_ : (n,) float, > 0
        The curve at the stand's age and a year later.

    Returns
    -------
    (n,) float
        Growth within the year, in the unit of the stock; zero for no stock.

    Notes
    -----
    ΔV = V · 2 (V(t) − V(t−1)) / (V(t) + V(t−1)). Source: M. R. Pressler 1860, as used in the growth update of a
    working provincial system (github zhangzikai/forestmanager @1675c139; facts only).

    Examples
    --------
    >>> pressler_increment(np.array([100.0]), now=np.array([50.0]), next_=np.array([55.0])).round(3)
    array([9.524])
    """
    return np.asarray(stock * 2.0 * (next_ - now) / (next_ + now))


def stock_after(stock: Floats, *, age_yr: Floats, model: GrowthModel, n_years: int) -> Floats:
    """Bring stocks forward year by year along the growth percentage of a curve.

    Parameters
    ----------
    stock : (n,) float, >= 0
        At `age_yr`.
    age_yr : (n,) float, [yr]
        At least `model.valid_from_yr`.
    n_years : int, >= 0

    Returns
    -------
    (n,) float
        Proportional to the stock: half the stock grows half as much.

    Raises
    ------
    TooYoungForTheCurve
    """
    grown = np.asarray(stock, dtype=np.float64)
    for year in range(n_years):
        ages = np.asarray(age_yr, dtype=np.float64) + year
        grown = grown + pressler_increment(grown, now=model.at(ages), next_=model.at(ages + 1.0))
    return grown


def growth_rate_per_yr(increment_tc_yr: float, *, stock_tc: float) -> float:
    """Return the yearly growth of a stock as a share of it.

    Notes
    -----
    p = Z / C. Lishui's forest vegetation: 290.32 of 6654.97 (10⁴ tC).

    Examples
    --------
    >>> round(growth_rate_per_yr(290.32, stock_tc=6654.97), 4)
    0.0436
    """
    assert stock_tc > 0
    return increment_tc_yr / stock_tc
