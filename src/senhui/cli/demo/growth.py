"""Volume, height and diameter of a sample stand from its type, origin and age.

Volume turns the published tree carbon by age group back into cubic metres with the very line that measures it
later, so that sample data and measurement agree before the city's living stock is scaled. Numbers:
`senhui.parameters` (tables `zhejiang_tree_c_by_age`, `age_groups_south`, `bef_continuous_zhejiang`) and
data/tree_shapes.csv. Cases: tests/cli/demo.
"""

from functools import cache
from importlib import resources

import numpy as np
import polars as pl

from senhui.cli.demo.mosaic import Floats, Ints
from senhui.parameters import scalar, species_group, table

AGE_GROUPS = ("young", "middle", "near_mature", "mature", "over_mature")


@cache
def sample_table(name: str) -> pl.DataFrame:
    """Return a table of data/, codes as text."""
    path = resources.files("senhui.cli.demo").joinpath(f"data/{name}.csv")
    return pl.read_csv(path.read_bytes(), schema_overrides={"species_code": pl.String, "code": pl.String})


def age_group_ends(rule: str) -> Floats:
    """Return the last year of young, middle, near-mature and mature stands: (4,) [yr]."""
    row = table("age_groups_south").frame.row(by_predicate=pl.col("id") == rule, named=True)
    return np.array([row[f"{group}_to_yr"] for group in AGE_GROUPS[:4]], dtype=float)


def age_group(age_yr: Ints, ends_yr: Floats) -> Ints:
    """Return the age group (龄组) 1 to 5; the last year of a group belongs to it."""
    group: Ints = np.searchsorted(ends_yr, age_yr, side="left") + 1
    return group


def volume_m3_ha(age_yr: Ints, *, species_code: str, density_type: str, origin: str, ends_yr: Floats) -> Floats:
    """Return the mean volume of stands of one type, origin and age [m3/ha], before scaling to the city's stock."""
    carbon_tc_ha = _carbon_by_age_group(density_type, origin)
    middles_yr = np.concatenate([[ends_yr[0] / 2], (ends_yr[1:] + ends_yr[:-1]) / 2, [ends_yr[3] * 1.2]])
    by_group = volume_of_carbon(carbon_tc_ha, species_code)
    volume: Floats = np.interp(age_yr, np.append(0.0, middles_yr), np.append(0.0, by_group))
    return volume


def height_m(age_yr: Ints, form: str) -> Floats:
    """Return the mean height at an age [m], y = a (1 - exp(-k t))^c."""
    shape = _shape(form)
    height: Floats = shape["height_a_m"] * (1 - np.exp(-shape["height_k_yr"] * age_yr)) ** shape["height_c"]
    return height


def dbh_cm(age_yr: Ints, form: str) -> Floats:
    """Return the mean breast-height diameter at an age [cm], y = a (1 - exp(-k t))^c."""
    shape = _shape(form)
    dbh: Floats = shape["dbh_a_cm"] * (1 - np.exp(-shape["dbh_k_yr"] * age_yr)) ** shape["dbh_c"]
    return dbh


def basal_area_m2_ha(volume: Floats, height: Floats, form: str) -> Floats:
    """Return the basal area that carries a volume at a height [m2/ha], from V = (p + q / (H + r)) H G."""
    shape = _shape(form)
    basal: Floats = volume / ((shape["form_p"] + shape["form_q_m"] / (height + shape["form_r_m"])) * height)
    return basal


def moso_culms_ha() -> float:
    """Return the culms per hectare that hold the mean carbon of Zhejiang's bamboo."""
    culm_tc = _number("moso_mean_culm_kg") / 1000 * _number("cf_moso_mean")
    return _number("bamboo_mean_density_tc_ha") / culm_tc


@cache
def _shape(form: str) -> dict[str, float]:
    return sample_table("tree_shapes").row(by_predicate=pl.col("form") == form, named=True)


@cache
def _carbon_by_age_group(density_type: str, origin: str) -> Floats:
    """Return tree carbon of the five age groups [tC/ha], gaps filled, never falling.

    A gap takes the mean of all types, raised or lowered as the type's known groups differ from it. The table is a cross
    section: a drop from one group to the next shows other stands, not a stand that lost wood, so it is levelled.
    """
    frame = table("zhejiang_tree_c_by_age").frame

    def read(row_id: str, row_origin: str) -> Floats:
        rows = frame.filter((pl.col("id") == row_id) & (pl.col("origin") == row_origin))
        values = rows.select(f"{group}_tc_ha" for group in AGE_GROUPS).to_numpy().astype(float)
        return values[0] if len(values) else np.full(5, np.nan)

    mean, own = read("printed_mean", origin), read(density_type, origin)
    if np.isnan(own).all():
        own = read(density_type, "planted" if origin == "natural" else "natural")
    filled = np.where(np.isnan(own), mean * np.nanmean(own / mean), own)
    rising: Floats = np.maximum.accumulate(filled)
    return rising


def volume_of_carbon(carbon_tc_ha: Floats, species_code: str) -> Floats:
    """Return the volume whose carbon is given [m3/ha], by inverting C = (a V + b min(V / V0, 1)) CF."""
    group = _row("species_groups", species_group(species_code, "nfi"))
    line = _row("bef_continuous_zhejiang", str(group["zhejiang_row"]))
    a, b = float(line["a_t_m3"]), float(line["b_t_ha"])
    ramp_end = _number("low_volume_ramp_end_m3_ha")
    biomass_t_ha = carbon_tc_ha / float(_row("arcm_species_params", str(group["arcm_row"]))["carbon_frac"])
    on_line = biomass_t_ha >= a * ramp_end + b
    volume: Floats = np.where(on_line, (biomass_t_ha - b) / a, biomass_t_ha / (a + b / ramp_end))
    return volume


def _row(table_id: str, row_id: str) -> dict[str, float]:
    return table(table_id).frame.row(by_predicate=pl.col("id") == row_id, named=True)


def _number(parameter_id: str) -> float:
    return float(scalar(parameter_id).value)
