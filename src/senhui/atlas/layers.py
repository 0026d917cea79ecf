"""How a map is coloured, as values that the browser's map and the legend are both drawn from.

Colours are told apart by people with any of the three kinds of colour blindness, and sequences grow steadily
darker; ``tests/atlas/test_layers.py`` checks both by simulation. What the colours stand for is said in words by the
catalogues of ``web``, under the ids given here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from senhui import parameters
from senhui.atlas.cube import SUMS
from senhui.atlas.statistics import RATIOS, statistics

Source = Literal["sub_compartments", "townships", "counties"]

STEADY = ("#f3f0c8", "#cfe0a3", "#a0cc8c", "#6fb383", "#44957d", "#247474", "#13535f", "#0b3546")
"""From little to much."""

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
    """Attribute numbers that share a colour; ``id`` is what the legend names."""

    id: str
    colour: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class MapLayer:
    """A layer of the map.

    Attributes
    ----------
    id : str
    source : Source
        Tiles of stands, or the outlines of townships or counties.
    value : str
        Attribute of the tiles, or measure of `statistics`.
    unit : str or None
        SI unit of the steps.
    steps, kinds : tuples
        One of them is empty: a layer shows how much or of what kind.
    permission : str or None
        Who may see it; None is everybody.
    """

    id: str
    source: Source
    value: str
    unit: str | None
    steps: tuple[Step, ...]
    kinds: tuple[Kind, ...]
    permission: str | None
    no_value: str = NO_VALUE

    def as_json(self) -> dict[str, Any]:
        """Return plain dictionaries and lists, for the browser."""
        return asdict(self)


def _steps(*lower: float) -> tuple[Step, ...]:
    return tuple(Step(value, colour) for value, colour in zip(lower, STEADY, strict=True))


def _kinds(members: dict[str, tuple[str, ...]]) -> tuple[Kind, ...]:
    return tuple(Kind(name, colour, codes) for (name, codes), colour in zip(members.items(), DISTINCT, strict=True))


_DENSITY = _steps(0, 10, 20, 30, 40, 50, 60, 80)

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

LAYERS: dict[str, MapLayer] = {
    layer.id: layer
    for layer in (
        MapLayer("stand_density", "sub_compartments", "stock", "tC/ha", _DENSITY, (), "view_sub_compartments"),
        MapLayer(
            "stand_calibrated_density",
            "sub_compartments",
            "calibrated",
            "tC/ha",
            _DENSITY,
            (),
            "view_sub_compartments",
        ),
        MapLayer(
            "stand_land_class",
            "sub_compartments",
            "land_class",
            None,
            (),
            _kinds(LAND_KINDS),
            "view_sub_compartments",
        ),
        MapLayer(
            "stand_species",
            "sub_compartments",
            "species",
            None,
            (),
            _kinds(SPECIES_KINDS),
            "view_sub_compartments",
        ),
        MapLayer("township_density", "townships", "calibrated_stock_tc_per_forest_ha", "tC/ha", _DENSITY, (), None),
        MapLayer("county_density", "counties", "calibrated_stock_tc_per_forest_ha", "tC/ha", _DENSITY, (), None),
        MapLayer(
            "township_stock",
            "townships",
            "calibrated_stock_tc",
            "tC",
            _steps(0, 5e4, 1e5, 2e5, 3e5, 4.5e5, 6e5, 9e5),
            (),
            None,
        ),
        MapLayer(
            "county_stock",
            "counties",
            "calibrated_stock_tc",
            "tC",
            _steps(0, 1e6, 2e6, 4e6, 6e6, 8e6, 1e7, 1.4e7),
            (),
            None,
        ),
    )
}


def colours_by_number(layer: MapLayer) -> dict[int, str]:
    """Return the colour of each attribute number in the tiles, for a layer of kinds."""
    table = {"land_class": "land_classes", "species": "species_groups"}[layer.value]
    number = {code: nth for nth, code in enumerate(parameters.table(table).frame["id"])}
    return {number[code]: kind.colour for kind in layer.kinds for code in kind.codes}


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
