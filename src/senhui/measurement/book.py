"""The method book: the rules and the published numbers worked out for every kind of stand there can be.

Land class, species group, and whether volume and culms are recorded are all that the choice looks at, so there are only
a few thousand kinds of stand. The book lists them once as a small table, which the pipeline of `sub_compartment.py`
joins to millions of rows, and keeps one derivation for each way a number comes about.
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
    CULMS,
    UNRECORDED,
    VOLUMES,
    BookName,
    Method,
    MethodRules,
    ParameterReference,
    Rule,
    StandKind,
    method_rules,
)
from senhui.measurement.derivation import Derivation, ParameterUse, RuleNote
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
)
POOLS = ("tree", "bamboo", "shrub", "economic", "scattered")
CROSSWALK_COLUMNS = ("zhejiang_row", "arcm_row")


@dataclass(frozen=True)
class MethodBook:
    """What is done with each kind of stand.

    `main` has one row per land class × species group × volume × culms, `scattered` one per species group × volume, each
    under the number that `main_key` and `scattered_key` give it. A coefficient that a method does not use is null, so
    a formula that is not meant for a row yields null there.
    """

    id: str
    prefer: BookName
    land_classes: tuple[str, ...]
    species_groups: tuple[str, ...]
    derivations: list[Derivation]
    main: pl.DataFrame
    scattered: pl.DataFrame


def _species(group: str, crosswalk: Mapping[str, dict[str, str | None]]) -> tuple[str, frozenset[str]]:
    """Return the kind of a species group and the crosswalk columns that are filled for it."""
    if group == UNRECORDED:
        return UNRECORDED, frozenset()
    row = crosswalk[group]
    return str(row["kind"]), frozenset(column for column in CROSSWALK_COLUMNS if row[column] is not None)


def _value(reference: ParameterReference, row: str | None) -> ParameterValue:
    if reference.scalar is not None:
        return parameters.scalar(reference.scalar)
    assert reference.table is not None
    assert reference.column is not None
    assert row is not None
    return parameters.value(reference.table, row, reference.column)


def _uses(method: Method, group: str | None, crosswalk: Mapping[str, dict[str, str | None]]) -> dict[str, ParameterUse]:
    """Fetch the numbers of a method for a species group; the crosswalk rows it went through are parameters too."""
    uses: dict[str, ParameterUse] = {}
    for argument, reference in method.parameters.items():
        row = None
        if reference.row_of is not None:
            assert group is not None
            row = crosswalk[group][reference.row_of]
            uses[reference.row_of] = ParameterUse(
                reference.row_of, parameters.value("species_groups", group, reference.row_of)
            )
        uses[argument] = ParameterUse(reference.symbol, _value(reference, row))
    return uses


class _Derivations:
    """Number the derivations while the book is written: one per rule, and per species group where it matters."""

    def __init__(self, rules: MethodRules, crosswalk: Mapping[str, dict[str, str | None]]) -> None:
        self.rules = rules
        self.crosswalk = crosswalk
        self.made: dict[tuple[str, str | None], tuple[Derivation, dict[str, float]]] = {}

    def of(self, rule: Rule, group: str) -> tuple[Derivation, dict[str, float]]:
        """Return the derivation and its coefficients by argument name."""
        method = self.rules.methods[rule.method]
        of_species = any(reference.row_of for reference in method.parameters.values())
        key = (rule.id, group if of_species else None)
        if key not in self.made:
            uses = _uses(method, key[1], self.crosswalk)
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
            coefficients = {name: float(uses[name].value.value) for name in method.parameters}
            self.made[key] = derivation, coefficients
        return self.made[key]


def _entry(key: int, rule: Rule, method: Method, made: tuple[Derivation, dict[str, float]]) -> dict[str, object]:
    derivation, coefficients = made
    return {
        "key": key,
        "method": method.id,
        "derivation_id": derivation.id,
        "no_estimate_reason": rule.id if method.id == "no_estimate" else None,
        "pool": method.pool,
        **dict.fromkeys((*COEFFICIENTS, "biomass_t_ha")),
        **coefficients,
        **({"density_tc_ha": 0.0} if method.id == "declared_zero" else {}),
    }


def _frame(entries: list[dict[str, object]]) -> pl.DataFrame:
    """Make the table to join, and turn mean biomass into mean carbon with the same formula as everywhere."""
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "key": pl.UInt32,
        "method": pl.String,
        "derivation_id": pl.Int32,
        "no_estimate_reason": pl.String,
        "pool": pl.Enum(POOLS),
        "domain": pl.String,
        **dict.fromkeys((*COEFFICIENTS, "biomass_t_ha"), pl.Float64),
    }
    frame = pl.DataFrame(entries, schema=schema)
    by_biomass = carbon_tc_ha(frame["biomass_t_ha"], carbon_frac=frame["carbon_frac"])
    return frame.with_columns(pl.coalesce(pl.col("density_tc_ha"), by_biomass).alias("density_tc_ha")).drop(
        "biomass_t_ha"
    )


def _digest(derivations: list[Derivation]) -> str:
    """Name a book by what stands in it: equal derivations, equal name."""
    content = json.dumps([derivation.as_dict() for derivation in derivations], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def write_book(rules: MethodRules, *, prefer: BookName) -> MethodBook:
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
    derivations = _Derivations(rules, crosswalk)
    main: list[dict[str, object]] = []
    for key, (land_class, group, volume, culms) in enumerate(product(land_classes, groups, VOLUMES, CULMS)):
        kind, rows = _species(group, crosswalk)
        rule = rules.choose(StandKind(land_class, group, kind, volume, culms, rows), of="main", book=prefer)
        entry = _entry(key, rule, rules.methods[rule.method], derivations.of(rule, group))
        main.append(entry | {"domain": rules.domain_of.get(land_class)})
    scattered: list[dict[str, object]] = []
    for key, (group, volume) in enumerate(product(groups, VOLUMES)):
        kind, rows = _species(group, crosswalk)
        stand = StandKind(UNRECORDED, group, kind, volume, "none", rows)
        rule = rules.choose(stand, of="scattered", book=prefer)
        entry = _entry(key, rule, rules.methods[rule.method], derivations.of(rule, group))
        scattered.append(entry)
    made = [derivation for derivation, _ in derivations.made.values()]
    return MethodBook(
        id=f"{prefer}-{_digest(made)}",
        prefer=prefer,
        land_classes=land_classes,
        species_groups=groups,
        derivations=made,
        main=_frame(main),
        scattered=_frame(scattered),
    )


@cache
def default_book(*, prefer: BookName = "volume_line") -> MethodBook:
    """Return the book with the rules and parameter editions of this program.

    Parameters
    ----------
    prefer
        Which method a tree stand with volume gets: `volume_line`, the line over volume used for the inventory of
        Zhejiang, or `expansion`, the national expansion factors. Both exist for every tree species group.
    """
    return write_book(method_rules(), prefer=prefer)
