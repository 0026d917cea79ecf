"""What a whole column tells of itself: units and code systems. One value never decides.

Cases: ``tests/intake/test_recognition.py``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from senhui.intake.levels import LEVELS
from senhui.intake.profile import AreaUnit, CanopyUnit, LandClassGeneration, SpeciesCodeSystem
from senhui.intake.refusal import MappingNeeded
from senhui.parameters import table
from senhui.quantities import MU_PER_HA

_EXAMPLES = 10


@dataclass(eq=False)
class AreaUnitUnclear(MappingNeeded):
    """The areas are neither in hectares nor in mu."""

    what: ClassVar[str] = "The unit of the area (MIAN_JI) was not recognised."
    why: ClassVar[str] = "The middle ratio of area entered to area of outline is {ratio:.3f}; 1 means ha, 15 means mu."
    remedy: ClassVar[str] = "Check the coordinate system and the outlines, or choose the unit by hand."
    ratio: float


@dataclass(eq=False)
class AreasWithoutNumber(MappingNeeded):
    """Of the areas that were entered none is a number."""

    what: ClassVar[str] = "No area (MIAN_JI) is a number."
    why: ClassVar[str] = "The column holds for example: {examples}."
    remedy: ClassVar[str] = (
        "Choose another column, or enter plain numbers there: with a decimal point, without a unit and separators."
    )
    examples: tuple[str, ...]


@dataclass(eq=False)
class CanopyUnitUnclear(MappingNeeded):
    """The canopy may be in tenths or in percent."""

    what: ClassVar[str] = "The unit of the canopy (YU_BI_DU) was not recognised."
    why: ClassVar[str] = "Most values are above 1 and none is above {largest}: they may be tenths or percent."
    remedy: ClassVar[str] = "Choose percent by hand if that is right; tenths must be converted to shares first."
    largest: float


@dataclass(eq=False)
class LandClassGenerationUnclear(MappingNeeded):
    """The land-class codes belong to no generation, or to several."""

    what: ClassVar[str] = "The generation of the land-class codes (DI_LEI) was not recognised."
    why: ClassVar[str] = "Rows by generation: {rows}. Codes in no list: {unknown}."
    remedy: ClassVar[str] = "Choose the generation by hand, or hand in the parts of a merged layer one by one."
    rows: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(eq=False)
class SpeciesCodeSystemUnclear(MappingNeeded):
    """The species codes fit both code systems, or partly one and partly the other."""

    what: ClassVar[str] = "The code system of the species (YOU_SHI_SZ) was not recognised."
    why: ClassVar[str] = (
        "The same number means different trees. Only the national list explains: {only_nfi}; only the Guangxi list: "
        "{only_gx}; both: {both}; neither: {neither}."
    )
    remedy: ClassVar[str] = "Choose the code system by hand; ask who made the layer."
    only_nfi: tuple[str, ...]
    only_gx: tuple[str, ...]
    both: tuple[str, ...]
    neither: tuple[str, ...]


@dataclass(eq=False)
class CodesUnknown(MappingNeeded):
    """Codes that no list explains, on too many rows to be slips."""

    what: ClassVar[str] = "Codes of {field} are not in the code list of this layer: {codes}."
    why: ClassVar[str] = (
        "{n_rows} rows carry them. Without their meaning these stands get no land class or species; none is guessed."
    )
    remedy: ClassVar[str] = "Say which code of the list each of them means, or choose another code list for the layer."
    field: str
    codes: tuple[str, ...]
    n_rows: int


def refuse_unknown_codes(codes: pl.Series, known: Collection[str]) -> None:
    """Ask about the codes that a list lacks, unless they are slips on single rows, which row checks report.

    Parameters
    ----------
    codes : polars.Series of str
        A whole column; its name is the field.
    known : collection of str
        The code list.

    Raises
    ------
    CodesUnknown
        Codes outside the list stand on more rows than slips do, or there are more of them than slips would make.
        They are named as ``code × rows``, the most frequent first.
    """
    unknown = codes.drop_nulls().filter(~codes.drop_nulls().is_in(list(known)))
    counts = unknown.value_counts(name="n_rows").sort(["n_rows", codes.name], descending=[True, False])
    most_rows = max(LEVELS["slip_rows"], LEVELS["slip_frac"] * codes.len())
    if unknown.len() > most_rows or counts.height >= LEVELS["slip_codes"]:
        named = tuple(f"{code} × {n_rows}" for code, n_rows in counts.iter_rows())
        raise CodesUnknown(codes.name, named, unknown.len())


def refuse_areas_without_number(entered: pl.Series, raw: pl.Series) -> None:
    """Ask about a column of areas in which something stands, but no number.

    Raises
    ------
    AreasWithoutNumber
        See there.
    """
    if entered.null_count() == entered.len() and raw.null_count() < raw.len():
        raise AreasWithoutNumber(_examples(raw.drop_nulls().cast(pl.String)))


def area_unit(entered: pl.Series, geometry_area_ha: pl.Series) -> AreaUnit:
    """Recognise the unit of the areas from their middle ratio to the areas of the outlines.

    Examples
    --------
    >>> area_unit(pl.Series([15.1, 29.9, 45.0]), pl.Series([1.0, 2.0, 3.0]))
    'mu'
    """
    ratio = (entered / geometry_area_ha).filter((entered > 0) & (geometry_area_ha > 0)).median()
    middle = float(ratio) if isinstance(ratio, float) else float("nan")
    tolerance = LEVELS["area_unit_tolerance"]
    if abs(middle - 1) <= tolerance:
        return "ha"
    if abs(middle / MU_PER_HA - 1) <= tolerance:
        return "mu"
    raise AreaUnitUnclear(middle)


def canopy_unit(canopy: pl.Series) -> CanopyUnit:
    """Recognise whether canopy is a share or a percentage.

    Examples
    --------
    >>> canopy_unit(pl.Series([0.7, 0.2, 0.0])), canopy_unit(pl.Series([70.0, 20.0, 0.0]))
    ('frac', 'percent')
    """
    positive = canopy.filter(canopy > 0)
    if positive.len() == 0:
        return "frac"
    n_above = positive.filter(positive > 1).len()
    if n_above < LEVELS["canopy_percent_frac"] * positive.len():
        return "frac"
    largest = float(positive.max())  # type: ignore[arg-type]
    if largest <= LEVELS["canopy_tenths_max"]:
        raise CanopyUnitUnclear(largest)
    return "percent"


def land_class_generation(codes: pl.Series) -> LandClassGeneration:
    """Recognise the generation of the land-class codes as the one that explains the column.

    Examples
    --------
    >>> land_class_generation(pl.Series(["1111", "1130", "2500"]))
    'G1'
    """
    counts = codes.drop_nulls().value_counts(name="n_rows").rename({codes.name: "code"})
    known = counts.join(table("land_class_codes").frame.select("code", "generation"), on="code")
    by_generation = known.group_by("generation").agg(pl.col("n_rows").sum()).sort("n_rows", descending=True)
    rows = by_generation.rows()
    n_stray = sum(n_rows for _, n_rows in rows[1:])
    if not rows or n_stray > LEVELS["stray_generation_frac"] * (rows[0][1] + n_stray):
        unknown = counts.join(known, on="code", how="anti")["code"].sort()
        raise LandClassGenerationUnclear(
            tuple(f"{generation} {n_rows}" for generation, n_rows in rows), tuple(unknown[:_EXAMPLES])
        )
    generation: LandClassGeneration = rows[0][0]
    return generation


def species_code_system(species: pl.DataFrame) -> SpeciesCodeSystem | None:
    """Recognise the species code system from codes and land classes together.

    A system explains a code on a land class when it has the code and, on tree and bamboo forest, when the code
    means a tree or a bamboo there. The system is taken when something speaks for it and, but for slips on single
    rows, nothing for the other.

    Parameters
    ----------
    species : polars.DataFrame
        ``code`` and ``land_class`` of each stand.

    Returns
    -------
    {'nfi', 'gx'} or None
        None when no stand has a species code.
    """
    pairs = species.drop_nulls("code").group_by("code", "land_class").len("n_rows").sort("code", "land_class")
    if pairs.height == 0:
        return None
    explained = pairs.select(
        "code", "n_rows", *(_is_explained(pairs, system).alias(system) for system in ("nfi", "gx"))
    )
    only_nfi = explained.filter(pl.col("nfi") & ~pl.col("gx"))
    only_gx = explained.filter(pl.col("gx") & ~pl.col("nfi"))
    n_nfi, n_gx = int(only_nfi["n_rows"].sum()), int(only_gx["n_rows"].sum())
    n_stray = LEVELS["stray_species_frac"] * (n_nfi + n_gx)
    if n_gx <= n_stray < n_nfi:
        return "nfi"
    if n_nfi <= n_stray < n_gx:
        return "gx"
    raise SpeciesCodeSystemUnclear(
        _examples(only_nfi["code"]),
        _examples(only_gx["code"]),
        _examples(explained.filter(pl.col("gx") & pl.col("nfi"))["code"]),
        _examples(explained.filter(~pl.col("gx") & ~pl.col("nfi"))["code"]),
    )


def _is_explained(pairs: pl.DataFrame, system: str) -> pl.Series:
    kind = pairs["code"].replace_strict(kinds_of_codes(system), default=None, return_dtype=pl.String)
    return pairs.select(
        pl.when(pl.col("land_class") == "tree_forest")
        .then(kind == "tree")
        .when(pl.col("land_class") == "bamboo_forest")
        .then(kind == "bamboo")
        .otherwise(kind.is_not_null())
        .fill_null(value=False)
    ).to_series()


def kinds_of_codes(system: str) -> dict[str, str]:
    """Give the kind (tree, bamboo, shrub, economic, herb) each species code of a system means."""
    groups = table("species_groups").frame.select(pl.col("id").alias("species_group"), "kind")
    codes = table("species_codes").frame.filter(pl.col("code_system") == system)
    return dict(codes.join(groups, on="species_group").select("code", "kind").iter_rows())


def groups_of_codes(system: str) -> dict[str, str]:
    """Give the species group each species code of a system belongs to."""
    codes = table("species_codes").frame.filter(pl.col("code_system") == system)
    return dict(codes.select("code", "species_group").iter_rows())


def classes_of_codes(generation: str) -> dict[str, str]:
    """Give the land class each land-class code of a generation means."""
    codes = table("land_class_codes").frame.filter(pl.col("generation") == generation)
    return dict(codes.select("code", "land_class").iter_rows())


def _examples(codes: pl.Series) -> tuple[str, ...]:
    return tuple(codes.unique().sort()[:_EXAMPLES])
