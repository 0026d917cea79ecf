"""Lists of trees (单木清单): the equations of `tree_biomass.py` with the published coefficients, part by part.

Each set of equations is a table of `senhui.parameters`; a tree says which row of it applies (`species_groups` leads
there from a species group). The parts are shown as they are computed, and the whole is above plus below ground: where a
document prints another whole, its own number stays what it printed. Cases: `tests/measurement/cases/tree_biomass.yaml`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from senhui import parameters
from senhui.measurement.tree_biomass import (
    above_ground_by_density_kg,
    component_by_d2h_kg,
    component_by_diameter_and_height_kg,
    component_by_diameter_kg,
    conversion_factor_t_m3,
    root_shoot_ratio,
)

EquationName = Literal["zhejiang_2009", "li_lei", "anhui_d2h", "zhejiang_d2h", "lyt2264", "general"]
Outside = Literal["refuse", "flag"]

COMPONENTS = ("stem_kg", "branch_kg", "leaf_kg", "crown_kg", "root_kg")
TREE_COLUMNS = (*COMPONENTS, "above_kg", "below_kg", "whole_kg", "is_outside_range")
"""What `measure_trees` adds to a tree; null where the set does not tell that part apart."""

D, H, CROWN = pl.col("dbh_cm"), pl.col("height_m"), pl.col("crown_length_m")


class OutsideFittedRange(ValueError):
    """Trees are thicker or thinner than those on which the equation was fitted, and the caller asked to refuse them."""

    def __init__(self, equation: str, n_trees: int, example: str) -> None:
        self.equation, self.n_trees, self.example = equation, n_trees, example
        super().__init__(
            f"{n_trees} trees lie outside the diameters on which {equation} was fitted, the first: {example}. "
            "Choose another set of equations for them, or ask for them to be flagged."
        )


class UnknownEquationRow(ValueError):
    """Trees name rows that the set of equations does not have."""

    def __init__(self, equation: str, unknown: Sequence[str]) -> None:
        self.equation, self.unknown = equation, tuple(unknown)
        super().__init__(
            f"{equation} has no row {', '.join(map(repr, unknown))}. Use the rows of its table, or lead there from the "
            "species group with `species_groups`."
        )


@dataclass(frozen=True, slots=True)
class EquationSet:
    """A table of coefficients with the columns that its trees must have and the parts that it gives.

    `range_columns` name the fitted range in the table; None means that no document read says it, so that no tree can
    be said to lie inside or outside (`is_outside_range` is null).
    """

    table: str
    needs: tuple[str, ...]
    parts: Callable[[], dict[str, pl.Expr]]
    range_columns: tuple[str, str] | None = None


def _c(name: str) -> pl.Expr:
    return pl.col(f"coefficient_{name}")


def _zhejiang_2009() -> dict[str, pl.Expr]:
    stem, root = (
        component_by_diameter_and_height_kg(D, H, a=_c(f"{part}_a"), b=_c(f"{part}_d"), c=_c(f"{part}_h"))
        for part in ("stem", "root")
    )
    crown = component_by_diameter_and_height_kg(D, CROWN, a=_c("crown_a"), b=_c("crown_d"), c=_c("crown_l"))
    return {"stem_kg": stem, "crown_kg": crown, "root_kg": root, "above_kg": stem + crown, "below_kg": root}


def _li_lei() -> dict[str, pl.Expr]:
    return _stem_to_root(
        component_by_diameter_kg(D, a=_c(f"{part}_a"), b=_c(f"{part}_b")) for part in ("stem", "branch", "leaf", "root")
    )


def _anhui_d2h() -> dict[str, pl.Expr]:
    return _stem_to_root(
        component_by_d2h_kg(D, H, a=_c(f"{part}_a"), b=_c(f"{part}_b")) for part in ("stem", "branch", "leaf", "root")
    )


def _stem_to_root(parts: Iterable[pl.Expr]) -> dict[str, pl.Expr]:
    stem, branch, leaf, root = parts
    return {
        "stem_kg": stem,
        "branch_kg": branch,
        "leaf_kg": leaf,
        "crown_kg": branch + leaf,
        "root_kg": root,
        "above_kg": stem + branch + leaf,
        "below_kg": root,
    }


def _zhejiang_d2h() -> dict[str, pl.Expr]:
    return {"above_kg": component_by_d2h_kg(D, H, a=_c("a"), b=_c("b"))}


def _general() -> dict[str, pl.Expr]:
    factor = float(parameters.scalar("general_above_biomass_factor").value)
    return {"above_kg": above_ground_by_density_kg(D, a=factor, density_t_m3=_c("density_t_m3"))}


def _lyt2264() -> dict[str, pl.Expr]:
    above, root = (
        _by_diameter_class(quantity, component_by_diameter_and_height_kg)
        for quantity in ("above_ground", "below_ground")
    )
    return {"root_kg": root, "above_kg": above, "below_kg": root}


EQUATIONS: dict[EquationName, EquationSet] = {
    "zhejiang_2009": EquationSet(
        "biomass_zhejiang_component_2009", ("dbh_cm", "height_m", "crown_length_m"), _zhejiang_2009
    ),
    "li_lei": EquationSet("biomass_li_lei_dbh", ("dbh_cm",), _li_lei),
    "anhui_d2h": EquationSet("biomass_anhui_d2h", ("dbh_cm", "height_m"), _anhui_d2h, ("dbh_min_cm", "dbh_max_cm")),
    "zhejiang_d2h": EquationSet("biomass_zhejiang_agb_d2h", ("dbh_cm", "height_m"), _zhejiang_d2h),
    "lyt2264": EquationSet("lyt2264_cunninghamia", ("dbh_cm", "height_m"), _lyt2264),
    "general": EquationSet("wood_density", ("dbh_cm",), _general),
}
"""Which named functions and which table make a set. `lyt2264` is for Chinese fir alone and reads no row."""


def measure_trees(trees: pl.DataFrame, *, equation: EquationName, outside: Outside) -> pl.DataFrame:
    """Give each tree the dry mass of its components.

    Parameters
    ----------
    trees
        `row` (the row of the set's table; not for `lyt2264`), dbh_cm [cm] and, as the set needs them, height_m [m] and
        crown_length_m [m].
    equation
        A set of `EQUATIONS`.
    outside
        What to do with trees outside the fitted diameters: `refuse` the list, or `flag` them in is_outside_range.
        Where no document says the range, the flag is null and nothing is refused.

    Returns
    -------
    the trees with `TREE_COLUMNS` [kg dry mass]; whole_kg is above_kg + below_kg, null where the set gives no roots.

    Raises
    ------
    UnknownEquationRow, OutsideFittedRange
        See there.
    """
    chosen = EQUATIONS[equation]
    assert {*chosen.needs} <= {*trees.columns}
    joined = trees if equation == "lyt2264" else _with_coefficients(trees, equation)
    flagged = joined.with_columns(_is_outside(chosen).alias("is_outside_range"))
    if outside == "refuse" and flagged["is_outside_range"].any():
        first = flagged.filter("is_outside_range").row(0, named=True)
        n_trees = int(flagged["is_outside_range"].sum())
        raise OutsideFittedRange(equation, n_trees, f"{first['row']}, {first['dbh_cm']:g} cm")
    parts = chosen.parts()
    return (
        flagged.with_columns(parts.get(name, pl.lit(None, pl.Float64)).alias(name) for name in TREE_COLUMNS[:-2])
        .with_columns((pl.col("above_kg") + pl.col("below_kg")).alias("whole_kg"))
        .select(*trees.columns, *TREE_COLUMNS)
    )


def chinese_fir_factors(trees: pl.DataFrame) -> pl.DataFrame:
    """Give each Chinese fir (杉木) the two factors of LY/T 2264 that lead from its volume to its biomass.

    Parameters
    ----------
    trees
        dbh_cm [cm] and height_m [m].

    Returns
    -------
    the trees with conversion_factor_t_m3 (BCF) and root_shoot_ratio (RSR).
    """
    return trees.with_columns(
        _by_diameter_class("bcf", conversion_factor_t_m3).alias("conversion_factor_t_m3"),
        _by_diameter_class("rsr", root_shoot_ratio).alias("root_shoot_ratio"),
    )


def chinese_fir_carbon_kg(measured: pl.DataFrame) -> pl.DataFrame:
    """Take the carbon out of Chinese fir measured with `lyt2264`, each part with the fraction printed for it.

    Parameters
    ----------
    measured
        From `measure_trees`.

    Returns
    -------
    the trees with above_kgc, below_kgc and their sum whole_kgc [kgC].

    Notes
    -----
    The standard also prints 0.499 for whole trees; it is for masses of which the parts are not known.
    """
    fractions = {
        part: float(parameters.value("lyt2264_cunninghamia", f"{part}_ground_from_5_cm", "carbon_frac").value)
        for part in ("above", "below")
    }
    return measured.with_columns(
        (pl.col(f"{part}_kg") * fraction).alias(f"{part}_kgc") for part, fraction in fractions.items()
    ).with_columns((pl.col("above_kgc") + pl.col("below_kgc")).alias("whole_kgc"))


def _by_diameter_class(quantity: str, formula: Callable[..., pl.Expr]) -> pl.Expr:
    """Apply a formula of LY/T 2264 with the coefficients of the diameter class, lower end inclusive."""
    rows = parameters.table("lyt2264_cunninghamia").frame.filter(pl.col("quantity") == quantity)
    small, large = rows.sort("dbh_from_cm").iter_rows(named=True)
    by_class = [formula(D, H, **{name: row[name] for name in "abc"}) for row in (small, large)]
    return pl.when(pl.col("dbh_cm") >= large["dbh_from_cm"]).then(by_class[1]).otherwise(by_class[0])


def _with_coefficients(trees: pl.DataFrame, equation: EquationName) -> pl.DataFrame:
    frame = parameters.table(EQUATIONS[equation].table).frame
    unknown = sorted(set(trees["row"]) - set(frame["id"]))
    if unknown:
        raise UnknownEquationRow(equation, unknown)
    numbers = frame.select(
        pl.col("id").alias("row"),
        *[pl.col(name).alias(f"coefficient_{name}") for name, kind in frame.schema.items() if kind == pl.Float64],
    )
    return trees.join(numbers, on="row", how="left", maintain_order="left")


def _is_outside(chosen: EquationSet) -> pl.Expr:
    if chosen.range_columns is None:
        return pl.lit(None, pl.Boolean)
    smallest, largest = map(_c, chosen.range_columns)
    return (smallest > D) | (largest < D)
