"""Sub-compartments (小班): from a layer of stands to their carbon, in one lazy pass over columns.

`measure_stands` adds the measurement to each stand, `totals` adds stands up. Both are lazy and run with the streaming
engine, so ten million stands need no more memory than ten thousand. The formulas stand in `tree.py`, `bamboo.py`,
`mean_tree.py`, `ground.py`, `area_density.py` and `carbon.py`; which of them a stand gets stands in
`parameters/method_rules.yaml`.
Cases: `tests/measurement/`.
"""

from collections.abc import Sequence

import polars as pl

from senhui.measurement.area_density import stock_tc
from senhui.measurement.bamboo import biomass_by_culms_t_ha
from senhui.measurement.book import COEFFICIENTS, N_SURVEYS, MethodBook
from senhui.measurement.calibration import (
    NOT_CALIBRATED,
    SCATTERED_DOMAIN,
    CalibrationFactors,
    calibrated_stock_tc,
    factor_of_domain,
    sum_of_known,
)
from senhui.measurement.carbon import carbon_tc_ha
from senhui.measurement.choice import CULM_LAND, MEAN_TREES, SCATTERED_VOLUMES
from senhui.measurement.ground import GROUND_POOLS, dead_wood_by_ratio_tc_ha
from senhui.measurement.mean_tree import TERMS, mean_tree_tc_ha
from senhui.measurement.tree import (
    above_ground_t_ha,
    biomass_by_expansion_t_ha,
    biomass_by_volume_line_t_ha,
    biomass_on_volume_ramp_t_ha,
)

HECTARE_POOLS = ("bamboo", "shrub", "economic")
MEASURED_COLUMNS = (
    "method",
    "derivation_id",
    "no_estimate_reason",
    "tree_above_tc_ha",
    "tree_below_tc_ha",
    "bamboo_tc_ha",
    "shrub_tc_ha",
    "economic_tc_ha",
    "main_tc",
    "scattered_derivation_id",
    "scattered_no_estimate_reason",
    "scattered_tc_ha",
    "scattered_tc",
    "stock_tc_ha",
    "stock_tc",
    "main_factor",
    "scattered_factor",
    "calibrated_stock_tc",
    "ground_derivation_id",
    "ground_no_estimate_reason",
    *(f"{pool}_tc_ha" for pool in GROUND_POOLS),
    *(f"{pool}_tc" for pool in GROUND_POOLS),
)
"""What `measure_stands` adds to a stand, in this order."""


class UnknownKeys(ValueError):
    """The layer holds land classes or species groups that the book does not know; they are never taken for zero."""

    def __init__(self, column: str, unknown: Sequence[str]) -> None:
        self.column = column
        self.unknown = tuple(unknown)
        super().__init__(
            f"Column {column} holds {', '.join(map(repr, unknown))}, which no method knows. "
            "Add the missing codes to the crosswalk tables of `senhui.parameters`, or correct the layer."
        )


def refuse_unknown_keys(stands: pl.LazyFrame, *, book: MethodBook) -> None:
    """Look through a layer for land classes and species groups that the book does not know.

    `measure_stands` refuses them too, but as a lazy plan it can do so only while it runs and with the words of the
    engine. Call this at the door, where a person has to be told.

    Raises
    ------
    UnknownKeys
        Naming the column and every unknown value in it.
    """
    known = {
        "land_class": book.land_classes,
        "species_group": book.species_groups,
        "scattered_species_group": book.species_groups,
    }
    for column, allowed in known.items():
        found = stands.select(pl.col(column).drop_nulls().unique()).collect(engine="streaming")[column]
        unknown = sorted(set(found) - set(allowed))
        if unknown:
            raise UnknownKeys(column, unknown)


def measure_stands(
    stands: pl.LazyFrame, *, book: MethodBook, factors: CalibrationFactors | None = None
) -> pl.LazyFrame:
    """Give every stand its carbon pools, the derivation of each, or the reason why it has none.

    A stand's result follows from its own row alone, and the rows keep their order.

    Parameters
    ----------
    stands
        Canonical stands; read are land_class, species_group, volume_m3_ha, stems_ha, dbh_cm, height_m, area_ha,
        scattered_volume_m3 and scattered_species_group.
    book
        From `default_book`.
    factors
        From `calibrate`; None leaves every factor at 1.

    Returns
    -------
    the stands with the columns
        method, derivation_id, no_estimate_reason (the id of the rule; null where there is an estimate),
        tree_above_tc_ha, tree_below_tc_ha, bamboo_tc_ha, shrub_tc_ha, economic_tc_ha [tC/ha] (null without an
        estimate, 0 in pools that the stand does not have) and their sum times the area, main_tc [tC];
        scattered_derivation_id, scattered_no_estimate_reason, scattered_tc_ha, scattered_tc (all null where no
        scattered volume is recorded); stock_tc_ha, stock_tc (null where neither pool has an estimate);
        main_factor, scattered_factor, calibrated_stock_tc; and beside the stock, never in it, the ground:
        ground_derivation_id, ground_no_estimate_reason, and understory, dead_wood, litter, soil_100cm, soil_30cm per
        hectare (_tc_ha) and in all (_tc), null without a basis.

    Raises
    ------
    polars.exceptions.InvalidOperationError
        When the plan runs, for an unknown land class or species group, naming it. See `refuse_unknown_keys`.
    """
    factors = factors or NOT_CALIBRATED
    with_main = _with_main(stands, book=book, factors=factors)
    measured = _with_scattered(with_main, book=book, factors=factors).with_columns(
        sum_of_known(pl.col("main_tc_ha"), pl.col("scattered_tc_ha")).alias("stock_tc_ha"),
        sum_of_known(pl.col("main_tc"), pl.col("scattered_tc")).alias("stock_tc"),
        calibrated_stock_tc().alias("calibrated_stock_tc"),
    )
    return measured.select(pl.exclude("main_tc_ha", *MEASURED_COLUMNS), *MEASURED_COLUMNS)


def totals(measured: pl.LazyFrame, *, by: Sequence[str]) -> pl.LazyFrame:
    """Add measured stands up, and print beside every sum the area that is not in it.

    Parameters
    ----------
    measured
        From `measure_stands`.
    by
        Columns to group by; none gives one row.

    Returns
    -------
    one row per group with n, area_ha, area_without_estimate_ha (stands whose main pool has no estimate), volume_m3,
    scattered_volume_without_estimate_m3, main_tc, scattered_tc, stock_tc, calibrated_stock_tc,
    understory_tc, dead_wood_tc, litter_tc, soil_100cm_tc, soil_30cm_tc, and for each of these five the area that is not
    in it (understory_without_estimate_ha, …). Groups add up; the sum of what is nowhere known is zero, beside the whole
    area without an estimate.
    """
    measures = [
        pl.len().alias("n"),
        pl.col("area_ha").sum(),
        _where_null("main_tc", pl.col("area_ha")).sum().alias("area_without_estimate_ha"),
        pl.col("volume_m3").sum(),
        _where_null("scattered_tc", pl.col("scattered_volume_m3")).sum().alias("scattered_volume_without_estimate_m3"),
        pl.col("main_tc", "scattered_tc", "stock_tc", "calibrated_stock_tc").sum(),
        pl.col(*(f"{pool}_tc" for pool in GROUND_POOLS)).sum(),
        *(
            _where_null(f"{pool}_tc", pl.col("area_ha")).sum().alias(f"{pool}_without_estimate_ha")
            for pool in GROUND_POOLS
        ),
    ]
    return measured.group_by(by).agg(measures) if by else measured.select(measures)


def _where_null(pool: str, measure: pl.Expr) -> pl.Expr:
    """Keep a measure where a pool has no estimate. A filter inside the sum would make the engine read thrice."""
    return pl.when(pl.col(pool).is_null()).then(measure)


def _with_main(stands: pl.LazyFrame, *, book: MethodBook, factors: CalibrationFactors) -> pl.LazyFrame:
    """Add the pools of the stand itself, per hectare and in all."""
    volume_m3_ha, area_ha = pl.col("volume_m3_ha"), pl.col("area_ha")
    coefficient = {name: pl.col(name) for name in COEFFICIENTS}
    line = {name: coefficient[name] for name in ("slope_t_m3", "intercept_t_ha")}
    biomass_t_ha = pl.coalesce(
        biomass_on_volume_ramp_t_ha(volume_m3_ha, **line, ramp_end_m3_ha=coefficient["ramp_end_m3_ha"]),
        biomass_by_volume_line_t_ha(volume_m3_ha, **line),
        biomass_by_expansion_t_ha(
            volume_m3_ha,
            density_t_m3=coefficient["density_t_m3"],
            expansion_ratio=coefficient["expansion_ratio"],
            root_ratio=coefficient["root_ratio"],
        ),
        biomass_by_culms_t_ha(pl.col("stems_ha"), culm_mass_kg=coefficient["culm_mass_kg"]),
    )
    mean_above_tc_ha, mean_below_tc_ha = mean_tree_tc_ha()
    main_tc_ha = pl.coalesce(
        carbon_tc_ha(biomass_t_ha, carbon_frac=coefficient["carbon_frac"]),
        coefficient["density_tc_ha"],
        mean_above_tc_ha + mean_below_tc_ha,
    )
    pool, density_tc_ha = pl.col("pool"), pl.col("main_tc_ha")
    above_tc_ha = pl.coalesce(mean_above_tc_ha, above_ground_t_ha(density_tc_ha, root_ratio=coefficient["root_ratio"]))
    # The factors join the small table: looking them up in the large one would take it out of the stream.
    main_factor = factor_of_domain(pl.col("domain"), factors=factors).alias("main_factor")
    table = book.main.with_columns(main_factor).drop("domain")
    return (
        stands.with_columns(_main_key(book).alias("key"))
        .join(table.lazy(), on="key", how="left", maintain_order="left")
        .with_columns(main_tc_ha.alias("main_tc_ha"))
        .with_columns(
            _pool(pool == "tree", above_tc_ha).alias("tree_above_tc_ha"),
            _pool(pool == "tree", density_tc_ha - above_tc_ha).alias("tree_below_tc_ha"),
            *[_pool(pool == name, density_tc_ha).alias(f"{name}_tc_ha") for name in HECTARE_POOLS],
            stock_tc(area_ha, density_tc_ha=density_tc_ha).alias("main_tc"),
        )
        .with_columns(_dead_wood_tc_ha())
        .with_columns(
            stock_tc(area_ha, density_tc_ha=pl.col(f"{name}_tc_ha")).alias(f"{name}_tc") for name in GROUND_POOLS
        )
        .drop("key", "pool", "dead_wood_ratio", *COEFFICIENTS)
    )


def _dead_wood_tc_ha() -> pl.Expr:
    """Return dead wood by density or by its ratio to the trees; the rule of the ground filled one of the two."""
    tree_tc_ha = pl.col("tree_above_tc_ha") + pl.col("tree_below_tc_ha")
    by_ratio_tc_ha = dead_wood_by_ratio_tc_ha(tree_tc_ha, dead_wood_ratio=pl.col("dead_wood_ratio"))
    return pl.coalesce(pl.col("dead_wood_tc_ha"), by_ratio_tc_ha).alias("dead_wood_tc_ha")


def _with_scattered(stands: pl.LazyFrame, *, book: MethodBook, factors: CalibrationFactors) -> pl.LazyFrame:
    """Add the pool of scattered trees (散生、四旁树), which any land may carry besides its stand."""
    area_ha = pl.col("area_ha")
    density_tc_ha = pl.coalesce(
        carbon_tc_ha(
            biomass_by_expansion_t_ha(
                pl.col("scattered_volume_m3") / area_ha,
                density_t_m3=pl.col("density_t_m3"),
                expansion_ratio=pl.col("expansion_ratio"),
                root_ratio=pl.col("root_ratio"),
            ),
            carbon_frac=pl.col("carbon_frac"),
        ),
        pl.col("density_tc_ha"),
    )
    names = {
        "derivation_id": "scattered_derivation_id",
        "no_estimate_reason": "scattered_no_estimate_reason",
    }
    scattered_factor = pl.lit(factors.of(SCATTERED_DOMAIN)).alias("scattered_factor")
    table = book.scattered.drop("method", "pool").rename(names)
    return (
        stands.with_columns(_scattered_key(book).alias("key"))
        .join(table.lazy(), on="key", how="left", maintain_order="left")
        .with_columns(density_tc_ha.alias("scattered_tc_ha"))
        .with_columns(
            stock_tc(area_ha, density_tc_ha=pl.col("scattered_tc_ha")).alias("scattered_tc"), scattered_factor
        )
        .drop("key", *(name for name in COEFFICIENTS if name not in TERMS))
    )


def _pool(is_pool: pl.Expr, density_tc_ha: pl.Expr) -> pl.Expr:
    """Return the density where the stand has the pool, 0 where it has another, null where it has no estimate."""
    return pl.when(is_pool).then(density_tc_ha).when(pl.col("main_tc_ha").is_not_null()).then(0.0)


def _main_key(book: MethodBook) -> pl.Expr:
    """Number the kind of stand in the order in which `write_book` lists the kinds."""
    land_class = _position("land_class", book.land_classes)
    group = _position("species_group", book.species_groups)
    has_culms = land_class == book.land_classes.index(CULM_LAND)
    survey = pl.when(has_culms).then(_culm_survey()).otherwise(_tree_survey(book))
    return (land_class * len(book.species_groups) + group) * N_SURVEYS + survey


def _scattered_key(book: MethodBook) -> pl.Expr:
    """Number the kind of scattered trees; null, and so no derivation, where no volume is recorded."""
    group = _position("scattered_species_group", book.species_groups)
    key = group * len(SCATTERED_VOLUMES) + _place(*_steps_of_volume("scattered_volume_m3"))
    return pl.when(pl.col("scattered_volume_m3").is_not_null()).then(key)


def _position(column: str, known: tuple[str, ...]) -> pl.Expr:
    """Return the place of each word in the list; null counts as the last, `unrecorded`; an unknown word raises."""
    return pl.col(column).cast(pl.Enum(known)).to_physical().cast(pl.UInt32).fill_null(len(known) - 1)


def _tree_survey(book: MethodBook) -> pl.Expr:
    """Place what was surveyed in `TREE_SURVEYS`: first by mean tree where no volume is recorded, then by volume."""
    is_recorded, is_positive = _steps_of_volume("volume_m3_ha")
    volume = _place(is_positive, pl.col("volume_m3_ha") >= book.ramp_end_m3_ha)
    mean_tree = _place(
        _is_positive("stems_ha") & _is_positive("dbh_cm"),
        _is_positive("height_m"),
        pl.col("dbh_cm") >= book.small_tree_below_cm,
    )
    return pl.when(is_recorded).then(volume + len(MEAN_TREES)).otherwise(mean_tree)


def _culm_survey() -> pl.Expr:
    """Place what was surveyed in `CULM_SURVEYS`: 0 none, 1 counted, 2 measured."""
    return _place(_is_positive("stems_ha"), _is_positive("dbh_cm"))


def _steps_of_volume(column: str) -> tuple[pl.Expr, pl.Expr]:
    """Say whether a volume is usable (not null, negative, NaN or infinite), and whether it is more than zero."""
    volume = pl.col(column)
    return (volume >= 0.0) & volume.is_finite(), volume > 0.0


def _is_positive(column: str) -> pl.Expr:
    """Say whether a number is usable; zero is not: a counted or measured zero means not counted or measured."""
    return (pl.col(column) > 0.0) & pl.col(column).is_finite()


def _place(*steps: pl.Expr) -> pl.Expr:
    """Count how many steps hold, up to the first that does not; what is not known does not hold."""
    held = pl.lit(True)
    place = pl.lit(0, pl.UInt32)
    for step in steps:
        held = held & step.fill_null(False)
        place = place + held.cast(pl.UInt32)
    return place
