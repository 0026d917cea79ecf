"""The method book: the rules and the published numbers worked out for every kind of stand there can be.

Land class, species group, and which of volume, culms and mean tree were surveyed are all that the choice looks at, so
there are only a few thousand kinds of stand. The book lists them once as a small table, which the pipeline of
`sub_compartment.py` joins to millions of rows, and keeps one derivation for each way a number comes about.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

import polars as pl

from senhui import parameters
from senhui.measurement.carbon import carbon_tc_ha
from senhui.measurement.choice import (
    BOOKS,
    CULM_SURVEYS,
    SCATTERED_VOLUMES,
    TREE_SURVEYS,
    UNRECORDED,
    BookName,
    LandKind,
    Method,
    MethodRules,
    ParameterReference,
    Rule,
    SurveyKind,
    first_fit,
    method_rules,
    surveys_of,
)
from senhui.measurement.declarations import NOTHING_DECLARED, Declarations
from senhui.measurement.derivation import Derivation, ParameterUse, RuleNote
from senhui.measurement.mean_tree import FOLDS, TERMS
from senhui.parameters import ParameterValue

COEFFICIENTS = (
    "slope_t_m3",
    "intercept_t_ha",
    "ramp_end_m3_ha",
    "density_t_m3",
    "expansion_ratio",
    "root_ratio",
    "carbon_frac",
    "culm_mass_kg",
    "density_tc_ha",
    *TERMS,
)
GROUND_COEFFICIENTS = (
    "understory_tc_ha",
    "litter_tc_ha",
    "soil_100cm_tc_ha",
    "soil_30cm_tc_ha",
    "dead_wood_tc_ha",
    "dead_wood_ratio",
)
POOLS = ("tree", "bamboo", "shrub", "economic", "scattered", "ground")
ROW_NUMBERS = (*COEFFICIENTS, *GROUND_COEFFICIENTS, "biomass_t_ha")
N_SURVEYS = max(len(TREE_SURVEYS), len(CULM_SURVEYS))
"""Every land class has this many rows per species group, so that a row is found by arithmetic."""
CROSSWALK_COLUMNS = ("zhejiang_row", "arcm_row", "zhejiang_d2h_row", "li_lei_row", "zhejiang_type_row")


@dataclass(frozen=True)
class MethodBook:
    """What is done with each kind of stand.

    `main` has one row per land class × species group × survey, `scattered` one per species group × volume, each under
    the number that the pipeline gives it. A coefficient that a method does not use is null, so a formula that is not
    meant for a row yields null there. `ramp_end_m3_ha` and `small_tree_below_cm` are where one kind of survey ends and
    the next begins.
    """

    id: str
    prefer: BookName
    land_classes: tuple[str, ...]
    species_groups: tuple[str, ...]
    derivations: list[Derivation]
    main: pl.DataFrame
    scattered: pl.DataFrame
    ramp_end_m3_ha: float
    small_tree_below_cm: float
    declarations: Declarations


def _species(group: str, crosswalk: Mapping[str, dict[str, str | None]]) -> tuple[str, frozenset[str]]:
    """Return the kind of a species group and the crosswalk columns that are filled for it."""
    if group == UNRECORDED:
        return UNRECORDED, frozenset()
    row = crosswalk[group]
    return str(row["kind"]), frozenset(column for column in CROSSWALK_COLUMNS if row[column] is not None)


def _uses(
    method: Method, group: str | None, crosswalk: Mapping[str, dict[str, str | None]], declarations: Declarations
) -> dict[str, ParameterUse]:
    """Fetch the numbers of a method for a species group; the rows and declarations it went through are parameters too.

    What is not declared is left out.
    """
    uses: dict[str, ParameterUse] = {}
    for argument, reference in method.parameters.items():
        declared = reference.declared or reference.row_declared
        if declared is not None and declared not in declarations.made:
            continue
        if reference.row_of is not None:
            assert group is not None
            way = parameters.value("species_groups", group, reference.row_of)
            uses[reference.row_of] = ParameterUse(reference.row_of, way)
        if reference.row_declared is not None:
            uses[reference.row_declared] = ParameterUse(
                reference.row_declared, declarations.value(reference.row_declared)
            )
        value = _value(reference, group, crosswalk, declarations)
        uses[argument] = ParameterUse(reference.symbol, value)
    return uses


def _value(
    reference: ParameterReference,
    group: str | None,
    crosswalk: Mapping[str, dict[str, str | None]],
    declarations: Declarations,
) -> ParameterValue:
    if reference.scalar is not None:
        return parameters.scalar(reference.scalar)
    if reference.declared is not None:
        return declarations.value(reference.declared)
    row = reference.row
    if reference.row_of is not None:
        assert group is not None
        row = crosswalk[group][reference.row_of]
    if reference.row_declared is not None:
        row = str(declarations.value(reference.row_declared).value)
    assert reference.table is not None
    assert reference.column is not None
    assert row is not None
    return parameters.value(reference.table, row, reference.column)


class _Derivations:
    """Number the derivations while the book is written: one per rule, and per species group where it matters."""

    def __init__(
        self, rules: MethodRules, crosswalk: Mapping[str, dict[str, str | None]], declarations: Declarations
    ) -> None:
        self.rules = rules
        self.crosswalk = crosswalk
        self.declarations = declarations
        self.made: dict[tuple[str, str | None], tuple[Derivation, dict[str, float]]] = {}

    def of(self, rule: Rule, group: str) -> Derivation:
        """Return the derivation of a rule for a species group."""
        method = self.rules.methods[rule.method]
        of_species = any(reference.row_of for reference in method.parameters.values())
        key = (rule.id, group if of_species else None)
        if key not in self.made:
            uses = _uses(method, key[1], self.crosswalk, self.declarations)
            derivation = Derivation(
                id=len(self.made),
                kind=rule.of,
                method=method.id,
                name_zh=method.name_zh,
                name_en=method.name_en,
                equation=method.equation,
                species_group=key[1],
                inputs=tuple(self.rules.columns[column] for column in method.inputs),
                parameters=tuple(uses.values()),
                rule=RuleNote(rule.id, rule.reason_zh, rule.reason_en),
            )
            numbers = {name: float(uses[name].value.value) for name in method.parameters if name in uses}
            self.made[key] = derivation, numbers
        return self.made[key][0]

    def rows(self) -> pl.DataFrame:
        """Return one row per derivation, in order, with what the pipeline needs of it."""
        return _frame([self._row(*made) for made in self.made.values()])

    def _row(self, derivation: Derivation, numbers: dict[str, float]) -> dict[str, object]:
        method = self.rules.methods[derivation.method]
        known = FOLDS[method.id](numbers) if method.id in FOLDS else numbers
        return {
            "method": method.id,
            "derivation_id": derivation.id,
            "no_estimate_reason": derivation.rule.id if method.id == "no_estimate" else None,
            "pool": method.pool,
            **dict.fromkeys(ROW_NUMBERS),
            **known,
            **({"density_tc_ha": 0.0} if method.id == "declared_zero" else {}),
        }


def _frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Make a table of coefficients, and turn mean biomass into mean carbon with the same formula as everywhere."""
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "method": pl.String,
        "derivation_id": pl.Int32,
        "no_estimate_reason": pl.String,
        "pool": pl.Enum(POOLS),
        **dict.fromkeys(ROW_NUMBERS, pl.Float64),
    }
    frame = pl.DataFrame(rows, schema=schema)
    by_biomass = carbon_tc_ha(frame["biomass_t_ha"], carbon_frac=frame["carbon_frac"])
    return frame.with_columns(pl.coalesce(pl.col("density_tc_ha"), by_biomass).alias("density_tc_ha")).drop(
        "biomass_t_ha"
    )


def _digest(derivations: list[Derivation]) -> str:
    """Name a book by what stands in it: equal derivations, equal name."""
    content = json.dumps([derivation.as_dict() for derivation in derivations], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def write_book(rules: MethodRules, *, prefer: BookName, declarations: Declarations = NOTHING_DECLARED) -> MethodBook:
    """Apply the rules to every kind of stand.

    Raises
    ------
    RuleFileWrong
        Some kind of stand has no rule. Add one: a stand without an estimate needs a reason too.
    """
    assert prefer in BOOKS
    crosswalk = {str(row["id"]): row for row in parameters.table("species_groups").frame.iter_rows(named=True)}
    land_classes = (*parameters.table("land_classes").frame["id"], UNRECORDED)
    groups = (*crosswalk, UNRECORDED)
    derivations = _Derivations(rules, crosswalk, declarations)
    main: list[tuple[int, int]] = []
    domains: list[str | None] = []
    for land_class, group in product(land_classes, groups):
        land = LandKind(land_class, group, *_species(group, crosswalk))
        fitting, below = (
            rules.fitting(land, of=of, book=prefer, declared=declarations.made) for of in ("main", "ground")
        )
        ground = derivations.of(first_fit(below, SurveyKind(), of=land), group).id
        surveys = surveys_of(land_class)
        for survey in (*surveys, *[surveys[-1]] * (N_SURVEYS - len(surveys))):
            main.append((derivations.of(first_fit(fitting, survey, of=land), group).id, ground))
            domains.append(rules.domain_of.get(land_class))
    scattered: list[int] = []
    for group, volume in product(groups, SCATTERED_VOLUMES):
        land = LandKind(UNRECORDED, group, *_species(group, crosswalk))
        fitting = rules.fitting(land, of="scattered", book=prefer, declared=declarations.made)
        scattered.append(derivations.of(first_fit(fitting, SurveyKind(volume=volume), of=land), group).id)
    made = [derivation for derivation, _ in derivations.made.values()]
    rows = derivations.rows()
    return MethodBook(
        id=f"{prefer}-{_digest(made)}",
        prefer=prefer,
        land_classes=land_classes,
        species_groups=groups,
        derivations=made,
        main=_main(rows, main).with_columns(pl.Series("domain", domains, dtype=pl.String)),
        scattered=_numbered(rows.drop(*GROUND_COEFFICIENTS, *TERMS)[scattered]),
        ramp_end_m3_ha=float(parameters.scalar("low_volume_ramp_end_m3_ha").value),
        small_tree_below_cm=float(parameters.value("lyt2264_cunninghamia", "rsr_below_5_cm", "dbh_to_cm").value),
        declarations=declarations,
    )


def _main(rows: pl.DataFrame, chosen: list[tuple[int, int]]) -> pl.DataFrame:
    """Put the coefficients of the stand and those of the ground under it side by side."""
    own = rows.drop(GROUND_COEFFICIENTS)[[stand for stand, _ in chosen]]
    below = rows[[ground for _, ground in chosen]].select(
        pl.col("derivation_id").alias("ground_derivation_id"),
        pl.col("no_estimate_reason").alias("ground_no_estimate_reason"),
        *GROUND_COEFFICIENTS,
    )
    return _numbered(pl.concat([own, below], how="horizontal"))


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index("key")


@cache
def default_book(*, prefer: BookName = "volume_line", declarations: Declarations = NOTHING_DECLARED) -> MethodBook:
    """Return the book with the rules and parameter editions of this program.

    Parameters
    ----------
    prefer
        Which method a tree stand with volume gets: `volume_line`, the line over volume used for the inventory of
        Zhejiang, or `expansion`, the national expansion factors. Both exist for every tree species group.
    declarations
        What this installation declares of culms and soils; by default nothing, and no estimate rests on it.
    """
    return write_book(method_rules(), prefer=prefer, declarations=declarations)
