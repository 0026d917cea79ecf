"""The error of a total (误差传播): first order, with every correlation written down.

Stands that share a source of error (a species' factor, a county's survey) err together: their errors add up as they
are and do not shrink with the number of stands. Errors that each stand has for itself add up as squares and do. The
sources lie in `error_book.py`, what is known of the stands in the sums of `sensitivity.py`, so the error of any union
of townships takes milliseconds. Hand-computed cases: `tests/measurement/test_uncertainty.py`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from scipy.special import stdtrit

from senhui.measurement.calibration import CalibrationFactors
from senhui.measurement.error_book import ErrorBook, ErrorSource
from senhui.measurement.sensitivity import KEYS, sum_columns

VEGETATION = ("main", "scattered")
"""The pools that make `stock_tc`."""
DESIGN = "design_total"
DESIGN_SHARES = "design_shares"
INDEPENDENT = "stand"
COUNTY_DIGITS = 6
NORMAL_FROM = 1e4
"""Degrees of freedom from which Student's distribution is the normal one to four digits."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source of error adds to an interval; the shares of all sources add up to one."""

    source: str
    name_zh: str
    name_en: str
    kind: str
    shared_by: str
    n_groups: int
    standard_error_tc: float
    share_frac: float
    mark: str


@dataclass(frozen=True, slots=True)
class NotSet:
    """A source of error that touches the total and has no value; `touched_tc` is the stock that it touches."""

    source: str
    name_zh: str
    name_en: str
    kind: str
    touched_tc: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A total with its standard error, the interval about it, and what the error consists of.

    `degrees_of_freedom` is None where the interval is a normal one; else it is Student's with that many (Welch and
    Satterthwaite). `not_set` names what the interval leaves out because nobody published it.
    """

    total_tc: float
    standard_error_tc: float
    lower_tc: float
    upper_tc: float
    confidence_frac: float
    degrees_of_freedom: float | None
    is_calibrated: bool
    contributions: tuple[Contribution, ...]
    not_set: tuple[NotSet, ...]

    @property
    def half_width_tc(self) -> float:
        """Half of the interval, tC."""
        return self.upper_tc - self.total_tc

    @property
    def relative_half_width_frac(self) -> float | None:
        """Half of the interval over the total; None of nothing."""
        return self.half_width_tc / self.total_tc if self.total_tc else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain lists and dictionaries with the half-widths beside them."""
        return asdict(self) | {
            "half_width_tc": self.half_width_tc,
            "relative_half_width_frac": self.relative_half_width_frac,
        }


def interval(
    error_sums: pl.DataFrame,
    *,
    book: ErrorBook,
    calibration: CalibrationFactors | None = None,
    within: str = "",
    pools: Sequence[str] = VEGETATION,
    confidence_frac: float = 0.95,
) -> Interval:
    """Compute the interval of one place; see `intervals`."""
    return intervals(
        error_sums,
        book=book,
        calibration=calibration,
        within=[within],
        pools=pools,
        confidence_frac=confidence_frac,
    )[within]


def intervals(
    error_sums: pl.DataFrame,
    *,
    book: ErrorBook,
    calibration: CalibrationFactors | None = None,
    within: Iterable[str],
    pools: Sequence[str] = VEGETATION,
    confidence_frac: float = 0.95,
) -> dict[str, Interval]:
    """Compute the error of the totals of places, analytically.

    Parameters
    ----------
    error_sums
        From `sensitivity.error_sums`, of the whole layer: a calibrated place rests on the stands outside it too.
    book
        From `error_book`, for the derivations of the same release.
    calibration
        Factors of the domains with the errors of their design totals; None: totals as measured.
    within
        Beginnings of township codes; an empty one is everything.
    pools
        What the total consists of. Only the pools of vegetation are calibrated.
    confidence_frac
        Two-sided confidence of the interval, 0-1.

    Returns
    -------
    dict of Interval by place
        Contributions add up to one wherever there is any error.

    Notes
    -----
    Per source k and group g of stands that share it, with s_i = dC_i/d(ln x) and relative standard error u:
    Var = sum_kg u² (sum_i s_i)² for shared errors, sum_k u² sum_i s_i² for errors of single stands.
    Source: JCGM 100:2008, Guide to the expression of uncertainty in measurement, equations (13) and (16); IPCC 2006
    Guidelines, volume 1, chapter 3.

    A calibrated total is D_d M_d(U) / M_d summed over domains d, so that its logarithm moves with
    d(ln D_d) + d(ln M_d(U)) - d(ln M_d): an error that all stands of the domain share alike cancels, and what is left
    is the survey's own error and the place's difference in composition (delta method, Cochran 1977, Sampling
    Techniques, 3rd edition, section 6.4).
    """
    assert 0.0 < confidence_frac < 1.0
    sums = error_sums.filter(pl.col("pool").is_in(list(pools)))
    terms = _terms(sums, book)
    factors = calibration if calibration is not None and set(pools) <= set(VEGETATION) else None
    return {
        place: _interval(
            pl.col("township_code").str.starts_with(place),
            sums,
            terms,
            book=book,
            factors=factors,
            confidence_frac=confidence_frac,
        )
        for place in within
    }


def interval_of_part(
    error_sums: pl.DataFrame,
    part: pl.DataFrame,
    *,
    book: ErrorBook,
    calibration: CalibrationFactors | None = None,
    confidence_frac: float = 0.95,
) -> Interval:
    """Compute the interval of any choice of stands, of vegetation.

    Parameters
    ----------
    error_sums
        From `sensitivity.error_sums`, of the whole layer.
    part
        township_code, domain, pool, derivation_id, and of the stands chosen: sum_tc [tC], sum_tc2 [tC²]. What is not
        named has no stand chosen.
    book, calibration, confidence_frac
        As `intervals`.

    Notes
    -----
    Within a cell of the sums, slopes are taken to be shared out as the stock is, and their squares as its squares:
    exact where a cell is chosen whole or not at all, or each stand's stock moves with a column in one proportion.
    """
    sums = error_sums.filter(pl.col("pool").is_in(list(VEGETATION)))
    chosen = part.rename({"sum_tc": "part_tc", "sum_tc2": "part_tc2"})
    cells = sums.join(chosen, on=list(KEYS), how="left", nulls_equal=True, maintain_order="left")
    share = (pl.col("part_tc").fill_null(0.0) / pl.col("sum_tc")).fill_nan(0.0)
    square_share = (pl.col("part_tc2").fill_null(0.0) / pl.col("sum_tc2")).fill_nan(0.0)
    linear = [name for name in sums.columns if name.endswith("_tc")]
    squares = [name for name in sums.columns if name.endswith("_tc2")]
    here = cells.select(
        *KEYS, pl.lit(value=True).alias("is_here"), pl.col(linear) * share, pl.col(squares) * square_share
    )
    elsewhere = cells.select(
        *KEYS,
        pl.lit(value=False).alias("is_here"),
        pl.col(linear) * (1.0 - share),
        pl.col(squares) * (1.0 - square_share),
    )
    both = pl.concat([here, elsewhere])
    return _interval(
        pl.col("is_here"),
        both,
        _terms(both, book),
        book=book,
        factors=calibration,
        confidence_frac=confidence_frac,
    )


def _terms(sums: pl.DataFrame, book: ErrorBook) -> pl.DataFrame:
    """Return what each source does in each cell: its shared error [tC] and its independent variance [tC²]."""
    joined = sums.join(book.effects, on=["derivation_id", "pool"], how="inner")
    marks = [name for name in ("is_here",) if name in sums.columns]
    parts = []
    for (basis,), rows in joined.group_by("basis", maintain_order=True):
        slope, square = sum_columns(str(basis))
        gain = pl.col("error_frac") * pl.col("elasticity")
        alone = pl.col("shared_by") == INDEPENDENT
        group = pl.when(pl.col("shared_by") == "county").then(pl.col("township_code").str.head(COUNTY_DIGITS))
        parts.append(
            rows.select(
                *marks,
                "township_code",
                "domain",
                "source",
                group.otherwise(pl.col("group")).alias("group"),
                "shared_by",
                "degrees_of_freedom",
                pl.when(~alone).then(gain * pl.col(slope)).otherwise(0.0).alias("shared_tc"),
                pl.when(alone).then(gain**2 * pl.col(square)).otherwise(0.0).alias("alone_tc2"),
            )
        )
    if not parts:
        return pl.DataFrame(schema=_TERM_SCHEMA | dict.fromkeys(marks, pl.Boolean))
    keys = [*marks, *(name for name in _TERM_SCHEMA if not name.endswith(("_tc", "_tc2")))]
    return pl.concat(parts).group_by(keys).agg(pl.col("shared_tc", "alone_tc2").sum()).sort(keys, nulls_last=True)


_TERM_SCHEMA: dict[str, type[pl.DataType]] = {
    "township_code": pl.String, "domain": pl.String, "source": pl.String, "group": pl.String, "shared_by": pl.String,
    "degrees_of_freedom": pl.Float64, "shared_tc": pl.Float64, "alone_tc2": pl.Float64,
}  # fmt: skip


def _interval(
    here: pl.Expr,
    sums: pl.DataFrame,
    terms: pl.DataFrame,
    *,
    book: ErrorBook,
    factors: CalibrationFactors | None,
    confidence_frac: float,
) -> Interval:
    by_domain = (
        sums.group_by("domain")
        .agg(pl.col("sum_tc").filter(here).sum().alias("here_tc"), pl.col("sum_tc").sum().alias("all_tc"))
        .join(_factor_table(factors), on="domain", how="left", nulls_equal=True)
        .with_columns(
            pl.col("factor").fill_null(1.0),
            # The part of the domain that lies here, where it is calibrated: so much of the domain's error cancels.
            pl.when(pl.col("factor").is_not_null() & (pl.col("all_tc") > 0.0))
            .then(pl.col("here_tc") / pl.col("all_tc"))
            .otherwise(0.0)
            .alias("part_frac"),
        )
    )
    total_tc = float((by_domain["here_tc"] * by_domain["factor"]).sum())
    variances = pl.concat([_survey_variances(by_domain), _stand_variances(terms, by_domain, here)])
    variances = variances.filter(pl.col("variance_tc2") > 0.0)
    variance_tc2 = float(variances["variance_tc2"].sum())
    degrees = _welch_satterthwaite(variances, variance_tc2)
    error_tc = math.sqrt(variance_tc2)
    half_tc = _quantile(confidence_frac, degrees) * error_tc
    return Interval(
        total_tc=total_tc,
        standard_error_tc=error_tc,
        lower_tc=total_tc - half_tc,
        upper_tc=total_tc + half_tc,
        confidence_frac=confidence_frac,
        degrees_of_freedom=degrees,
        is_calibrated=factors is not None,
        contributions=_contributions(variances, variance_tc2, book.sources),
        not_set=_not_set(sums.filter(here), by_domain, book=book, is_calibrated=factors is not None),
    )


def _factor_table(factors: CalibrationFactors | None) -> pl.DataFrame:
    rows = [
        (entry.domain, entry.factor, entry.standard_error_frac, entry.error_group)
        for entry in (factors.factors if factors else ())
    ]
    schema = {"domain": pl.String, "factor": pl.Float64, "design_error_frac": pl.Float64, "survey": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _survey_variances(by_domain: pl.DataFrame) -> pl.DataFrame:
    """Return the variance from the design totals: one survey moves all its domains together."""
    moved_tc = (pl.col("design_error_frac") * pl.col("factor") * pl.col("here_tc")).sum()
    return (
        by_domain.filter(pl.col("design_error_frac").is_not_null())
        .group_by("survey")
        .agg((moved_tc**2).alias("variance_tc2"))
        .select(
            pl.lit(DESIGN).alias("source"),
            pl.col("survey").alias("group"),
            pl.lit("all").alias("shared_by"),
            pl.lit(None, pl.Float64).alias("degrees_of_freedom"),
            "variance_tc2",
        )
    )


def _stand_variances(terms: pl.DataFrame, by_domain: pl.DataFrame, here: pl.Expr) -> pl.DataFrame:
    """Return the variance of each source and group, with what calibration lets cancel taken off.

    A shared error moves the place by f (s_here - p s_all). An independent one counts (1 - p)² for stands here and p²
    for the others of the domain, together f² ((1 - 2p) q_here + p² q_all).
    """
    keys = ["source", "group", "shared_by", "degrees_of_freedom"]
    sums = terms.group_by([*keys, "domain"]).agg(
        pl.col("shared_tc", "alone_tc2").filter(here).sum().name.prefix("here_"),
        pl.col("shared_tc", "alone_tc2").sum().name.prefix("all_"),
    )
    part, factor = pl.col("part_frac"), pl.col("factor")
    shared_tc = factor * (pl.col("here_shared_tc") - part * pl.col("all_shared_tc"))
    alone_tc2 = factor**2 * ((1.0 - 2.0 * part) * pl.col("here_alone_tc2") + part**2 * pl.col("all_alone_tc2"))
    joined = sums.join(by_domain, on="domain", how="left", nulls_equal=True)
    whole = joined.group_by(keys).agg(
        shared_tc.sum().alias("shared_tc"),
        # What cancels must come out as nothing, not as the rounding of large numbers.
        (factor * pl.col("here_shared_tc").abs()).sum().alias("scale_tc"),
        alone_tc2.sum().clip(0.0).alias("alone_tc2"),
    )
    left_tc = pl.when(pl.col("shared_tc").abs() > 1e-12 * pl.col("scale_tc")).then(pl.col("shared_tc")).otherwise(0.0)
    return whole.select(*keys, (left_tc**2 + pl.col("alone_tc2")).alias("variance_tc2")).sort(keys, nulls_last=True)


def _welch_satterthwaite(variances: pl.DataFrame, variance_tc2: float) -> float | None:
    """Return the effective degrees of freedom; errors without a number of their own count as known exactly."""
    known = variances.filter(pl.col("degrees_of_freedom").is_not_null())
    spread = float((known["variance_tc2"] ** 2 / known["degrees_of_freedom"]).sum())
    degrees = variance_tc2**2 / spread if spread > 0.0 else math.inf
    return degrees if degrees < NORMAL_FROM else None


def _quantile(confidence_frac: float, degrees_of_freedom: float | None) -> float:
    """Return how many standard errors the half-width is."""
    degrees = 1e12 if degrees_of_freedom is None else degrees_of_freedom
    return float(stdtrit(degrees, 0.5 + confidence_frac / 2.0))


def _contributions(
    variances: pl.DataFrame, variance_tc2: float, sources: dict[str, ErrorSource]
) -> tuple[Contribution, ...]:
    rows = (
        variances.group_by("source", "shared_by")
        .agg(pl.col("variance_tc2").sum(), pl.col("group").n_unique().alias("n_groups"))
        .sort("variance_tc2", "source", descending=[True, False])
    )
    return tuple(
        Contribution(
            source=row["source"],
            name_zh=sources[row["source"]].name_zh,
            name_en=sources[row["source"]].name_en,
            kind=sources[row["source"]].kind,
            shared_by=row["shared_by"],
            n_groups=row["n_groups"],
            standard_error_tc=math.sqrt(row["variance_tc2"]),
            share_frac=row["variance_tc2"] / variance_tc2,
            mark=sources[row["source"]].mark,
        )
        for row in rows.iter_rows(named=True)
    )


def _not_set(
    sums: pl.DataFrame, by_domain: pl.DataFrame, *, book: ErrorBook, is_calibrated: bool
) -> tuple[NotSet, ...]:
    """List what touches the total and has no value, the most touching first.

    Where a domain is calibrated, only as much of it is touched as does not cancel: nothing of a whole domain.
    """
    scale = by_domain.select("domain", "factor", "survey", "design_error_frac", "here_tc", "part_frac")
    touched = (
        sums.join(scale, on="domain", how="left", nulls_equal=True)
        .join(book.not_set, on=["derivation_id", "pool"], how="inner")
        .group_by("source")
        .agg((pl.col("sum_tc") * pl.col("factor") * (1.0 - pl.col("part_frac"))).sum().alias("touched_tc"))
    )
    found = dict(touched.filter(pl.col("touched_tc") > 0.0).iter_rows())
    if is_calibrated:
        calibrated = scale.filter(pl.col("survey").is_not_null()).with_columns(tc=pl.col("factor") * pl.col("here_tc"))
        without = float(calibrated.filter(pl.col("design_error_frac").is_null())["tc"].sum())
        divided = float(calibrated.filter(pl.col("design_error_frac").is_not_null())["tc"].sum())
        found |= {DESIGN: without} if without > 0.0 else {}
        found |= {DESIGN_SHARES: divided} if divided > 0.0 else {}
    return tuple(
        NotSet(id, book.sources[id].name_zh, book.sources[id].name_en, book.sources[id].kind, tc)
        for id, tc in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    )


def change_half_width_frac(
    first_tc: float, second_tc: float, *, first_half_width_frac: float, second_half_width_frac: float
) -> float:
    """Return the relative half-width of the difference of two independent inventories.

    Where the two share plots or factors their errors are not independent, and this is too wide.

    Parameters
    ----------
    first_tc, second_tc : float, [tC]
        The two totals, not equal.
    first_half_width_frac, second_half_width_frac : float, [-], >= 0
        Their relative half-widths at one confidence.

    Returns
    -------
    float, [-]
        Half-width of the change over the size of the change.

    Notes
    -----
    u = sqrt((u1 C1)² + (u2 C2)²) / |C2 - C1|. Source: CDM AR-TOOL14 v04.2, equation (2).

    Examples
    --------
    >>> u = change_half_width_frac(50_000.0, 65_000.0, first_half_width_frac=0.08, second_half_width_frac=0.07)
    >>> round(u, 4)
    0.4039
    """
    assert first_tc != second_tc
    return math.hypot(first_half_width_frac * first_tc, second_half_width_frac * second_tc) / abs(second_tc - first_tc)
