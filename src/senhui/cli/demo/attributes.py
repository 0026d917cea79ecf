"""From sample stands to the 144 fields of the official schema, codes from its dictionary.

What no source gives (tenure, soil depth, forest function …) was chosen for the sample and only has to be plausible;
no number here enters a carbon total. Field names and codes: `senhui.intake.schema`. Cases:
tests/cli/demo/test_layers.py.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from senhui.cli.demo.growth import sample_table
from senhui.cli.demo.mosaic import Floats, Ints
from senhui.cli.demo.places import CITY_CODE, Places
from senhui.cli.demo.terrain import Terrain
from senhui.intake.schema import FIELDS

REMARK = "示例数据 sample data"
MIXED_SPECIES = ("610", "620", "630")
STOCKED = ("tree_forest", "sparse_forest", "bamboo_forest", "economic_forest", "special_shrub", "general_shrub")
ORIGIN_CODES = {"natural": ("11", "12", "13"), "planted": ("21", "22", "31")}
CHANGE_CODES = {
    "felled": "21",
    "regenerated": "12",
    "planted": "11",
    "burned": "71",
    "grown_up": "82",
    "closed": "81",
}
CELLS_PER_COMPARTMENT = 30
# Field of the earlier survey: field it repeats.
EARLIER = {
    "Q_LD_QS": "LD_QS",
    "Q_DI_LEI": "DI_LEI",
    "Q_SEN_LB": "SEN_LIN_LB",
    "Q_LIN_ZHONG": "LIN_ZHONG",
    "Q_SQ_D": "SHI_QUAN_D",
    "Q_MJ": "MIAN_JI",
    "Q_SZ": "YOU_SHI_SZ",
    "Q_YBD": "YU_BI_DU",
    "Q_PJNL": "PINGJUN_NL",
    "Q_PJXJ": "PINGJUN_XJ",
    "Q_PJSG": "PINGJUN_SG",
    "Q_PJDM": "PINGJUN_DM",
    "Q_ZXJ": "ZXJ",
    "Q_YSSZXJ": "YSSZXJ",
    "Q_SSXJ": "SSXJ",
}

Texts = NDArray[np.str_]


def number_rows(places: Places, rows: Ints, centre_km: Floats) -> pl.DataFrame:
    """Number compartments and sub-compartments within each village, from north to south and west to east.

    Returns
    -------
    polars.DataFrame, a row for each of `rows`, with the fields of place
    """
    village = np.array(places.village_codes)[places.village[rows]]
    frame = pl.DataFrame({"CUN": village, "east": centre_km[rows, 0], "south": -centre_km[rows, 1]})
    compartment = (pl.col("south").rank("ordinal").over("CUN") - 1) // CELLS_PER_COMPARTMENT + 1
    frame = frame.with_columns(LIN_BAN=compartment)
    frame = frame.with_columns(XIAO_BAN=(pl.col("east") + pl.col("south")).rank("ordinal").over("CUN", "LIN_BAN"))
    frame = frame.with_columns(pl.col("LIN_BAN", "XIAO_BAN").cast(pl.String).str.zfill(4))
    return frame.select(
        SHENG=pl.lit(CITY_CODE[:2]),
        SHI=pl.lit(CITY_CODE),
        XIAN=pl.col("CUN").str.head(6),
        XIANG=pl.col("CUN").str.head(9),
        CUN="CUN",
        LIN_BAN="LIN_BAN",
        XIAO_BAN="XIAO_BAN",
        XBID=pl.concat_str("CUN", "LIN_BAN", "XIAO_BAN", separator="-"),
    )


def land_fields(terrain: Terrain, centre_km: Floats, area_ha: Floats, *, rng: np.random.Generator) -> pl.DataFrame:
    """Return the fields that the ground decides and both surveys share."""
    n_rows = len(area_ha)
    height, slope = terrain.elevation_m.at(centre_km), terrain.slope_deg.at(centre_km)
    up_valley, aspect = terrain.valley.at(centre_km), terrain.aspect_deg.at(centre_km)
    flat = slope < 5
    position = np.digitize(up_valley, np.quantile(up_valley, [0.12, 0.4, 0.75, 0.92]))
    tenure = rng.choice(["10", "21", "22", "23"], n_rows, p=[0.07, 0.55, 0.08, 0.30])
    user = pl.Series(tenure).replace_strict({"10": "1", "21": "6", "22": "4", "23": "2"})
    area = np.round(area_ha, 2)
    return pl.DataFrame(
        {
            "MIAN_JI": area,
            "YXMJ": area,
            "V_TMMJ": area,
            "LD_QS": tenure,
            "TDJYQ": user,
            "LMSYQ": user,
            "LMJYQ": user,
            "HBG": np.rint(height).astype(np.int64),
            "DI_MAO": np.select([height >= 1000, height >= 500, ~flat | (height >= 200)], ["3", "4", "5"], "6"),
            "PO_XIANG": np.where(flat, "9", _digits((aspect + 22.5) % 360 // 45 + 1)),
            "PO_WEI": np.where(flat, "6", _digits(5 - position)),
            "PO_DU": _digits(np.digitize(slope, [5, 15, 25, 35, 45]) + 1),
            "TU_RANG_LX": np.select([flat & (height < 200), height < 600, height < 800], ["109", "103", "105"], "104"),
            "TU_CENG_HD": rng.integers(6, 21, n_rows) * 5,
            "FZCH": rng.integers(3, 26, n_rows),
            "KZLYH": rng.integers(1, 8, n_rows),
            "SLHL": rng.integers(1, 9, n_rows) * 5,
            "KE_JI_DU": _digits(np.clip(position + rng.integers(0, 2, n_rows), 1, 5)),
            "QSLX": ["1"] * n_rows,
            "QSCD": _digits(rng.choice([1, 1, 1, 1, 2], n_rows)),
        }
    )


def official_fields(
    place: pl.DataFrame,
    land: pl.DataFrame,
    stands: pl.DataFrame,
    *,
    year: int,
    earlier: pl.DataFrame | None,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Fill the 144 fields for one survey; a field that the sample has nothing for is null.

    Parameters
    ----------
    place, land, stands : the same n rows, from `number_rows`, `land_fields` and `stands.survey`
    earlier : the official fields of the survey before, or None
    rng : the same state for each year, so that what does not change stays
    """
    # Each part draws its own chances first, so that a stand that changed does not shift another's.
    chance = {name: rng.random(len(place)) for name in ("origin", "function", "level", "health", "land", "year")}
    filled = pl.concat(
        [place, land, _stand_fields(stands, land, chance, year), _function_fields(stands, land, chance)],
        how="horizontal",
    )
    filled = filled.with_columns(GXSJ=pl.lit(f"{year}1231"), DT_SRC=pl.lit("示例数据"), Remarks=pl.lit(REMARK))
    if earlier is not None:
        filled = pl.concat([filled, _change_fields(stands, chance, year), earlier.select(**EARLIER)], how="horizontal")
    kinds = {"string": pl.String, "int": pl.Int32, "double": pl.Float64}
    columns = set(filled.columns)
    return filled.select(
        (pl.col(field.name) if field.name in columns else pl.lit(None)).cast(kinds[field.type]).alias(field.name)
        for field in FIELDS
    )


def _stand_fields(stands: pl.DataFrame, land: pl.DataFrame, chance: dict[str, Floats], year: int) -> pl.DataFrame:
    """Return land class, species, age and measurements."""
    codes = {row["land_class"]: row["code"] for row in sample_table("land_shares").iter_rows(named=True) if row["code"]}
    tree = pl.col("land_class") == "tree_forest"
    bamboo = pl.col("land_class") == "bamboo_forest"
    with_trees = pl.col("land_class").is_in(["tree_forest", "sparse_forest"])
    volume = pl.when(bamboo).then(0.0).otherwise(pl.col("volume_m3_ha").round(2))
    stock_m3 = (pl.col("HUO_LMGQXJ") * pl.col("MIAN_JI")).round()
    stems = pl.col("basal_area_m2_ha") / (np.pi / 4 * (pl.col("dbh_cm") / 100) ** 2)
    origins = [ORIGIN_CODES[origin] for origin in stands["origin"]]
    origin = [
        codes_of[int(np.searchsorted([0.75, 0.92], x))] for codes_of, x in zip(origins, chance["origin"], strict=True)
    ]
    frame = stands.with_columns(
        land["MIAN_JI"],
        is_built=pl.Series(chance["land"] < 0.4),
        origin_code=pl.Series(origin),
    )
    land_code = (
        pl.when(tree & pl.col("species_code").is_in(MIXED_SPECIES))
        .then(pl.lit("1112"))
        .when(tree)
        .then(pl.lit("1111"))
        .when(pl.col("land_class") == "non_forest")
        .then(pl.when("is_built").then(pl.lit("2500")).otherwise(pl.lit("2110")))
        .otherwise(pl.col("land_class").replace_strict(codes, default=None, return_dtype=pl.String))
    )
    grouped = pl.when(with_trees).then(pl.col("age_group"))
    standing = pl.col("land_class").is_in([*STOCKED, "young_plantation", "young_closure"])
    return frame.with_columns(HUO_LMGQXJ=volume).select(
        DI_LEI=land_code,
        YOU_SHI_SZ="species_code",
        QI_YUAN=pl.when(standing).then("origin_code"),
        PINGJUN_NL="age_yr",
        LING_ZU=grouped.cast(pl.Int64).cast(pl.String),
        ZLND=pl.when(pl.col("origin_code").is_in(["21", "22"])).then(year - pl.col("age_yr")),
        PINGJUN_XJ=pl.col("dbh_cm").round(1),
        PINGJUN_SG=pl.col("height_m").round(1),
        PINGJUN_DM=pl.col("basal_area_m2_ha").round(1),
        MEI_GQ_ZS=pl.when(bamboo).then("culms_ha").otherwise(stems.round()),
        YU_BI_DU="canopy_frac",
        HUO_LMGQXJ="HUO_LMGQXJ",
        ZXJ=stock_m3,
        SLXJ=pl.when(tree).then(stock_m3),
        YSSZXJ=pl.when(tree & ~pl.col("species_code").is_in(MIXED_SPECIES)).then(stock_m3),
        SSXJ="scattered_m3",
        SSZYSZ="scattered_species_code",
        SSLX=pl.when(pl.col("scattered_m3") > 0).then(
            pl.when(pl.col("land_class") == "non_forest").then(pl.lit("2")).otherwise(pl.lit("1"))
        ),
    )


def _function_fields(stands: pl.DataFrame, land: pl.DataFrame, chance: dict[str, Floats]) -> pl.DataFrame:
    """Return what the forest is for, how it is protected, and its state."""
    land_class = stands["land_class"].to_numpy().astype(str)
    protected, forest = stands["is_protected"].to_numpy(), land_class != "non_forest"
    stocked = np.isin(land_class, STOCKED)
    national = protected & (chance["level"] < 0.6)
    protective = np.array(["111", "112", "127", "125", "117"])[
        np.searchsorted([0.6, 0.85, 0.93, 0.97], chance["function"])
    ]
    edible = np.where(chance["function"] < 0.6, "252", "251")
    timber = np.where((stands["origin"].to_numpy() == "planted") & (chance["function"] < 0.15), "232", "233")
    productive = np.select(
        [np.isin(land_class, ["special_shrub", "economic_forest"]), land_class == "general_shrub"],
        [edible, "240"],
        timber,
    )
    function = np.where(protected, protective, productive)
    category = np.select([national, protected, function == "232"], ["011", "012", "021"], "022")
    index = stands["site_index"].to_numpy()
    quality = _digits(5 - np.digitize(index, np.quantile(index, [0.08, 0.3, 0.65, 0.92])))
    guarded = _digits(np.select([national, protected], [np.where(chance["function"] < 0.3, 1, 2), 3], 4))
    natural = stands["origin"].to_numpy() == "natural"
    ill = stocked & (chance["health"] > 0.97)
    pests = np.where(chance["health"] > 0.99, "12", "11")
    columns = {
        "SEN_LIN_LB": (forest, category),
        "LIN_ZHONG": (stocked, function),
        "SHI_QUAN_D": (forest & protected, np.where(national, "10", "20")),
        "GJGYL_BHDJ": (
            forest & national,
            np.where(chance["function"] < 0.1, "1", np.where(chance["function"] < 0.7, "2", "3")),
        ),
        "ZL_DJ": (forest, quality),
        "BH_DJ": (forest, guarded),
        "BCLD": (forest, np.full(len(stands), "1")),
        "QYKZ": (forest, np.where(protected, "4", "3")),
        "TD_TH_LX": (forest, np.full(len(stands), "0")),
        "QLJG": (stocked, np.where(natural, np.where(chance["function"] < 0.4, "1", "2"), "3")),
        "ZRD": (stocked, np.where(natural, np.where(protected, "2", "3"), "4")),
        "JKZK": (stocked, np.where(ill, "2", "1")),
        "DISPE": (stocked, np.where(ill, pests, "00")),
        "DISASTER_C": (ill, np.full(len(stands), "1")),
        "CCLDJ": (np.isin(function, ["232", "233"]) & (land_class == "tree_forest"), np.where(index > 1, "1", "2")),
        "JJLCQ": (land_class == "economic_forest", np.where(chance["function"] < 0.8, "3", "2")),
    }
    return pl.DataFrame(
        {name: pl.Series(np.where(known, values, "")).replace("", None) for name, (known, values) in columns.items()}
    )


def _change_fields(stands: pl.DataFrame, chance: dict[str, Floats], year: int) -> pl.DataFrame:
    """Return why and when the land changed since the survey before; 99 is growth without change of class."""
    changed_in = pl.Series(year - (4.999 * chance["year"]).astype(np.int64)).cast(pl.String)
    stocked = pl.col("land_class").is_in(STOCKED)
    return stands.with_columns(changed_in=changed_in).select(
        BHYY=pl.when(pl.col("change").is_not_null())
        .then(pl.col("change").replace_strict(CHANGE_CODES, default=None, return_dtype=pl.String))
        .when(stocked)
        .then(pl.lit("99")),
        BHND=pl.when(pl.col("change").is_not_null()).then("changed_in").when(stocked).then(pl.lit(str(year))),
    )


def _digits(values: Floats | Ints) -> Texts:
    """Write whole numbers as code texts."""
    return np.asarray(values).astype(np.int64).astype(str)
