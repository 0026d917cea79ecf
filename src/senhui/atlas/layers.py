"""How a map is coloured, as values that the browser's map and the legend are both drawn from.

Colours are told apart by people with any of the three kinds of colour blindness, and sequences grow steadily
darker; ``tests/atlas/test_layers.py`` checks both by simulation. What the colours stand for is said in words by the
catalogues of ``web``, under the ids given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from senhui import parameters
from senhui.atlas import difference_tiles
from senhui.atlas.cube import SUMS
from senhui.atlas.difference import CAUSES
from senhui.atlas.statistics import RATIOS, statistics
from senhui.atlas.tile_writer import DISTURBANCES, NO_ERROR, ORIGINS, PROTECTIONS
from senhui.measurement.choice import method_rules

Level = Literal["county", "township", "stand"]

STEADY = ("#f3f0c8", "#cfe0a3", "#a0cc8c", "#6fb383", "#44957d", "#247474", "#13535f", "#0b3546")
"""From little to much."""

TWO_WAYS = (
    "#6b3a05", "#b5742a", "#e6c48b", "#f1efe8", "#c9deec", "#93bfdb", "#5a9ac6", "#2c70a8", "#12426f",
)  # fmt: skip
"""From loss over hardly any change, at `NEUTRAL`, to gain."""
NEUTRAL = 3

DISTINCT = ("#009e73", "#e69f00", "#56b4e9", "#0072b2", "#d55e00", "#cc79a7", "#f0e442", "#4d3319")
"""Kinds without order. Source: Okabe and Ito 2008, Color Universal Design; brown here in place of black."""

NO_VALUE = "#bdbdbd"
"""Where there is no estimate, no such attribute, or a kind that is not listed."""


@dataclass(frozen=True)
class Step:
    """Values from ``lower`` up to the next step's have this colour."""

    lower: float
    colour: str


@dataclass(frozen=True)
class Kind:
    """Attribute values that share a colour; ``id`` is what the legend names."""

    id: str
    colour: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class MapLayer:
    """A layer of the map: what a colour means, near and far.

    Attributes
    ----------
    id : str
    levels : tuple of Level
        What can show it: the outlines of counties and townships, the tiles of stands.
    steps, kinds : tuples
        One of them is empty: a layer shows how much or of what kind.
    value : str or None
        Attribute of the tiles of stands; None where there is none.
    value_measured : str or None
        The same before calibration, where the two differ.
    table : str
        List in the tiles' metadata into which the attribute points; empty where it is a number or a code itself.
    none : int or None
        Number of the attribute that stands for no value; where there is none, the attribute ``estimate`` tells.
    unit : str or None
        SI unit of the steps.
    source : what carries the attribute: the tiles of a release, or those of a comparison that ends with it
    zero, per_unit : int
        The attribute is zero + per_unit times the value in the unit of the steps.
    """

    id: str
    levels: tuple[Level, ...]
    steps: tuple[Step, ...] = ()
    kinds: tuple[Kind, ...] = ()
    value: str | None = None
    value_measured: str | None = None
    table: str = ""
    none: int | None = None
    unit: str | None = None
    no_value: str = NO_VALUE
    source: Literal["sub_compartments", "changes"] = "sub_compartments"
    zero: int = 0
    per_unit: int = 1

    @property
    def needs_role(self) -> bool:
        """Whether nothing of it is public: single stands are shown to people with a role for their land."""
        return self.levels == ("stand",)


def _steps(*lower: float, colours: tuple[str, ...] = STEADY) -> tuple[Step, ...]:
    return tuple(Step(value, colour) for value, colour in zip(lower, colours, strict=True))


def _kinds(members: Mapping[str, tuple[str, ...]], colours: tuple[str, ...] = DISTINCT) -> tuple[Kind, ...]:
    return tuple(Kind(name, colour, codes) for (name, codes), colour in zip(members.items(), colours, strict=False))


LAND_KINDS = {
    "tree": ("tree_forest",),
    "bamboo": ("bamboo_forest",),
    "sparse": ("sparse_forest",),
    "young": ("young_plantation", "young_closure"),
    "economic": ("economic_forest",),
    "shrub": ("special_shrub", "general_shrub", "shrub"),
    "non_forest": ("non_forest",),
    "without_trees": (
        "nursery", "cutover", "burned", "unstocked", "plantable", "auxiliary", "other_forest_land",
    ),
}  # fmt: skip

SPECIES_KINDS = {
    "broadleaf": (
        "oak", "evergreen_oak", "chinquapin", "schima", "sweetgum", "camphor", "phoebe", "birch", "elm",
        "hard_broadleaf", "soft_broadleaf", "sassafras", "poplar", "willow", "paulownia", "chinaberry",
        "eucalypt", "acacia", "casuarina", "miscellaneous_broadleaf", "mixed_broadleaf", "mangrove",
    ),
    "bamboo": ("moso_bamboo", "other_bamboo"),
    "other_conifer": (
        "hemlock", "spruce_true_fir", "larch", "other_conifer", "cypress", "mixed_conifer",
    ),
    "fir": ("chinese_fir", "cryptomeria", "metasequoia", "pond_cypress", "other_taxodiaceae"),
    "pine": (
        "masson_pine", "yunnan_pine", "huangshan_pine", "slash_pine", "loblolly_pine", "exotic_pine",
        "black_pine", "armand_pine", "chinese_red_pine", "mongolian_pine", "other_pine",
    ),
    "mixed_conifer_broadleaf": ("mixed_conifer_broadleaf",),
    "shrub_herb": ("shrub", "herb"),
    "economic": (
        "chestnut", "bayberry", "tung", "ginkgo", "economic_tree", "oil_tea", "tea", "economic_shrub",
    ),
}  # fmt: skip

ORIGIN_KINDS = {"natural": ("natural",), "planted": ("planted",), "coppice": ("coppice",)}

AGE_KINDS = {"young": ("1",), "middle_aged": ("2",), "near_mature": ("3",), "mature": ("4",), "over_mature": ("5",)}

METHOD_KINDS = {
    "volume": ("volume_line", "volume_ramp"),
    "expansion": ("expansion",),
    "culms": ("culms", "culms_by_diameter"),
    "mean_tree": ("mean_tree_fir", "mean_tree_small_fir", "mean_tree_d2h", "mean_tree_diameter"),
    "bamboo_density": ("bamboo_area_density",),
    "shrub_density": ("shrub_area_density",),
    "economic_density": ("economic_area_density",),
    "zero": ("declared_zero",),
}

PROTECTION_KINDS = {
    "key_public_benefit": ("011",),
    "public_benefit": ("012",),
    "key_commercial": ("021",),
    "commercial": ("022",),
}

DISTURBANCE_KINDS = {
    "planting": ("planting",),
    "harvest": ("harvest",),
    "weather": ("31", "32", "33", "34"),
    "insects": ("12",),
    "fire": ("fire", "20"),
    "conversion": ("conversion",),
    "disease": ("pine_wilt", "11"),
    "other": ("40",),
}

CAUSE_KINDS = {cause: (cause,) for cause in CAUSES}

CAUSE_COLOURS = ("#009e73", "#56b4e9", "#d55e00", "#cc79a7", "#f0e442", "#4d3319")
"""Of `DISTINCT`, so that a loss is warm and what the land took up is cool, as in the layer of removal."""

LAYERS: dict[str, MapLayer] = {
    layer.id: layer
    for layer in (
        MapLayer(
            "density",
            ("county", "township", "stand"),
            _steps(0, 10, 20, 30, 40, 50, 60, 80),
            value="calibrated",
            value_measured="stock",
            unit="tC/ha",
        ),
        MapLayer("species", ("stand",), kinds=_kinds(SPECIES_KINDS), value="species", table="species_groups"),
        MapLayer("origin", ("stand",), kinds=_kinds(ORIGIN_KINDS), value="origin", table="origins"),
        # Age has an order, and its colours have the same one.
        MapLayer("age_group", ("stand",), kinds=_kinds(AGE_KINDS, (*STEADY[::2], STEADY[-1])), value="age_group"),
        MapLayer("land_class", ("stand",), kinds=_kinds(LAND_KINDS), value="land_class", table="land_classes"),
        MapLayer("method", ("stand",), kinds=_kinds(METHOD_KINDS), value="method", table="methods"),
        MapLayer("protection", ("stand",), kinds=_kinds(PROTECTION_KINDS), value="protection", table="protections"),
        MapLayer("disturbance", ("stand",), kinds=_kinds(DISTURBANCE_KINDS), value="disturbance", table="disturbances"),
        MapLayer(
            "error",
            ("county", "township", "stand"),
            _steps(0, 5, 10, 15, 20, 30, 50, 80),
            value="error",
            none=NO_ERROR,
            unit="%",
        ),
        MapLayer(
            "removal",
            ("county", "township", "stand"),
            # Below -1 there is no end; what changed by less than a tenth of a tonne hardly changed.
            _steps(-1000, -1, -0.3, -0.1, 0.1, 0.5, 1, 1.5, 2.5, colours=TWO_WAYS),
            value="change",
            value_measured="change_measured",
            none=difference_tiles.NOTHING_COMPARED,
            unit="tC/ha/yr",
            source="changes",
            zero=difference_tiles.ZERO,
            per_unit=difference_tiles.PER_UNIT,
        ),
        MapLayer(
            "cause",
            ("stand",),
            kinds=_kinds(CAUSE_KINDS, CAUSE_COLOURS),
            value="cause",
            table="causes",
            source="changes",
        ),
    )
}


def numbers_of(layer: MapLayer, kind: Kind) -> tuple[int, ...]:
    """Return the attribute numbers in the tiles that a kind of a layer stands for."""
    if not layer.table:
        return tuple(int(code) for code in kind.codes)
    number = {code: nth for nth, code in enumerate(list_of(layer.table))}
    return tuple(number[code] for code in kind.codes)


def list_of(table: str) -> tuple[str | None, ...]:
    """Return the values into which an attribute of the tiles points, in the order of its numbers."""
    closed = {
        "origins": ORIGINS,
        "protections": PROTECTIONS,
        "disturbances": DISTURBANCES,
        "causes": difference_tiles.LISTED_CAUSES,
    }
    if table in closed:
        return closed[table]
    return tuple(method_rules().methods) if table == "methods" else tuple(parameters.table(table).frame["id"])


def stand_densities_tc_ha(stand: Mapping[str, Any]) -> dict[str, float | None]:
    """Return what the two density layers of the stands show, before rounding; None without an estimate.

    Parameters
    ----------
    stand : row of a release
        With stock_tc_ha, calibrated_stock_tc [tC] and area_ha [ha].
    """
    calibrated_stock_tc = stand["calibrated_stock_tc"]
    return {
        "measured": stand["stock_tc_ha"],
        "calibrated": None if calibrated_stock_tc is None else calibrated_stock_tc / stand["area_ha"],
    }


def choropleth(release_id: str, *, level: Literal["county", "township"], measure: str) -> dict[str, float | None]:
    """Return a measure of each county or township by code; null where nothing is known.

    Raises
    ------
    NoSuchRelease
        There is no such release.
    """
    assert level in ("county", "township"), level
    assert measure in (*SUMS, *RATIOS), measure
    frame = statistics(release_id, within=None, by=(level,), where={})
    return dict(frame.select(level, measure).iter_rows())
