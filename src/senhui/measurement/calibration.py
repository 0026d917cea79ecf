"""Calibration of measured stands to the totals of a sample survey (抽样总体控制).

A sub-compartment layer knows where the carbon stands; a design-based inventory knows how much there is. Each domain of
the inventory gets one factor, kept beside the stands as a value: what was measured stays as it was. Which land class
lies in which domain is said in `parameters/method_rules.yaml`. Cases: `tests/measurement/test_calibration.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import polars as pl

from senhui.measurement.choice import method_rules

SCATTERED_DOMAIN = "other"
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


class UnknownDomain(ValueError):
    """A design total names a domain that no land class lies in."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        super().__init__(f"No calibration domain {domain!r}; use one of {', '.join(domains())}.")


class NothingToCalibrate(ValueError):
    """A domain has a design total, but no stand of the layer has an estimate in it: no factor can make one of zero."""

    def __init__(self, domain: str, design_tc: float) -> None:
        self.domain = domain
        self.design_tc = design_tc
        super().__init__(
            f"The survey puts {design_tc:,.0f} tC into domain {domain!r}, where the layer measures none. "
            "Leave this total out, or check the land classes of the layer."
        )


@dataclass(frozen=True)
class DesignTotal:
    """The total of a sample survey in one domain, tC, with its source and the reason to calibrate to it.

    `standard_error_frac` is the relative standard error of the total with its own source and mark; None is not set.
    Totals of one `survey` err together (a published city total divided among domains by its shares); a total that
    names no survey errs alone.
    """

    domain: str
    total_tc: float
    source: str
    reason_zh: str
    reason_en: str
    standard_error_frac: float | None = None
    error_source: str = ""
    error_mark: str = ""
    survey: str = ""

    def __post_init__(self) -> None:
        assert self.standard_error_frac is None or (self.standard_error_frac >= 0.0 and self.error_source)


@dataclass(frozen=True)
class CalibrationFactor:
    """What one domain is multiplied by: the survey's total over the measured one. The error is the survey's."""

    domain: str
    factor: float
    measured_tc: float
    design_tc: float
    source: str
    reason_zh: str
    reason_en: str
    standard_error_frac: float | None = None
    error_source: str = ""
    error_mark: str = ""
    survey: str = ""

    @property
    def error_group(self) -> str:
        """The word under which domains share the error of the survey."""
        return self.survey or f"domain {self.domain}"


@dataclass(frozen=True)
class CalibrationFactors:
    """The factors of a layer; a domain that is not among them is not calibrated."""

    factors: tuple[CalibrationFactor, ...]

    def of(self, domain: str | None) -> float:
        """Return the factor of a domain, 1 where there is none."""
        return next((entry.factor for entry in self.factors if entry.domain == domain), 1.0)


NOT_CALIBRATED = CalibrationFactors(())


def domains() -> tuple[str, ...]:
    """Return the calibration domains in the order of the rule file."""
    return tuple(dict.fromkeys(method_rules().domain_of.values()))


@dataclass(frozen=True)
class DesignError:
    """The relative standard error of a survey's total, with the source and mark of the error itself."""

    standard_error_frac: float
    source: str
    mark: str
    survey: str


def design_totals_from_shares(
    total_tc: float,
    *,
    shares_frac: Mapping[str, float],
    source: str,
    reason_zh: str,
    reason_en: str,
    error: DesignError | None = None,
) -> tuple[DesignTotal, ...]:
    """Divide a published city total among the domains by their published shares.

    Parameters
    ----------
    total_tc : float, [tC]
        Stock of all domains together.
    shares_frac : domain -> [-], 0-1
        Shares of the total. They need not add up to one: what is not given is not calibrated.
    error
        Of the total. The errors of single domains are not published, so every domain gets the relative error of the
        total and all err together; the error of the shares is not set.

    Examples
    --------
    >>> why = {"source": "Du Hao 2023", "reason_zh": "抽样总体", "reason_en": "design-based"}
    >>> design_totals_from_shares(66_549_700.0, shares_frac={"bamboo": 0.0798}, **why)[0].total_tc
    5310666.06
    """
    with_error = (error.standard_error_frac, error.source, error.mark, error.survey) if error else ()
    return tuple(
        DesignTotal(domain, total_tc * share, source, reason_zh, reason_en, *with_error)
        for domain, share in shares_frac.items()
    )


def calibrate(measured: pl.DataFrame | pl.LazyFrame, *, design_totals: Sequence[DesignTotal]) -> CalibrationFactors:
    """Find the factor that brings each domain of a measured layer to its survey total.

    Parameters
    ----------
    measured
        Stands with the columns of `measure_stands`; only land_class, main_tc and scattered_tc are read.
    design_totals
        At most one per domain. Stands without an estimate are part of the survey's total and not of the measured one,
        so the factor also stands in for them; the reason should say so.

    Returns
    -------
    CalibrationFactors
        Calibrated stocks of a domain add up to its design total.

    Raises
    ------
    UnknownDomain, NothingToCalibrate
        See there.

    Notes
    -----
    f = C_design / C_measured per domain: the ratio estimator for a known total, Cochran 1977, Sampling Techniques,
    3rd edition, chapter 6.
    """
    assert len({total.domain for total in design_totals}) == len(design_totals)
    sums = (
        measured.lazy()
        .group_by(domain_of_land())
        .agg(pl.col("main_tc").sum(), pl.col("scattered_tc").sum())
        .collect(engine="streaming")
    )
    measured_tc = {str(domain): float(main) for domain, main, _ in sums.iter_rows()}
    measured_tc[SCATTERED_DOMAIN] = measured_tc.get(SCATTERED_DOMAIN, 0.0) + float(sums["scattered_tc"].sum())
    factors = []
    for total in design_totals:
        if total.domain not in domains():
            raise UnknownDomain(total.domain)
        found_tc = measured_tc.get(total.domain, 0.0)
        if found_tc <= 0.0:
            raise NothingToCalibrate(total.domain, total.total_tc)
        factors.append(
            CalibrationFactor(
                domain=total.domain,
                factor=total.total_tc / found_tc,
                measured_tc=found_tc,
                design_tc=total.total_tc,
                source=total.source,
                reason_zh=total.reason_zh,
                reason_en=total.reason_en,
                standard_error_frac=total.standard_error_frac,
                error_source=total.error_source,
                error_mark=total.error_mark,
                survey=total.survey,
            )
        )
    return CalibrationFactors(tuple(factors))


def apply_factors(measured: Frame, factors: CalibrationFactors) -> Frame:
    """Write the factors beside the measured stocks, and the calibrated stock.

    Parameters
    ----------
    measured
        Stands with land_class, main_tc and scattered_tc. Factors that already stand there are replaced, not multiplied.
    factors
        From `calibrate`.

    Returns
    -------
    the same kind of frame with main_factor, scattered_factor [-] and calibrated_stock_tc [tC], null where no pool has
    an estimate.
    """
    return measured.with_columns(
        factor_of_domain(domain_of_land(), factors=factors).alias("main_factor"),
        pl.lit(factors.of(SCATTERED_DOMAIN)).alias("scattered_factor"),
    ).with_columns(calibrated_stock_tc().alias("calibrated_stock_tc"))


def factor_of_domain(domain: pl.Expr, *, factors: CalibrationFactors) -> pl.Expr:
    """Return the factor of each domain, 1 where there is none."""
    known = {entry.domain: entry.factor for entry in factors.factors}
    return domain.replace_strict(known, default=1.0, return_dtype=pl.Float64)


def calibrated_stock_tc() -> pl.Expr:
    """Multiply each pool by its factor and add them up; null where no pool has an estimate."""
    return sum_of_known(pl.col("main_tc") * pl.col("main_factor"), pl.col("scattered_tc") * pl.col("scattered_factor"))


def sum_of_known(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Add two pools; an unknown one adds nothing, two unknown ones stay unknown (null)."""
    return pl.coalesce(first + second, first, second)


def calibration_from_dict(stored: Mapping[str, Any]) -> CalibrationFactors:
    """Read back what `dataclasses.asdict` made of the factors in a manifest."""
    return CalibrationFactors(tuple(CalibrationFactor(**entry) for entry in stored["factors"]))


def domain_of_land() -> pl.Expr:
    """Return the calibration domain of each stand's land class; null where it belongs to none."""
    return pl.col("land_class").replace_strict(method_rules().domain_of, default=None, return_dtype=pl.String)
