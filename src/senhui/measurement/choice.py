"""The declared choice of a method: which rule decides for which stand.

The rules are data, in `parameters/method_rules.yaml`; this file reads them strictly and finds the one that fits.
Cases: `tests/measurement/test_choice.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from senhui.measurement.declarations import UNITS
from senhui.measurement.derivation import DerivationInput

UNRECORDED = "unrecorded"
VOLUMES = ("none", "zero", "on_ramp", "above_ramp")
CULMS = ("none", "counted", "measured")
MEAN_TREES = ("none", "diameter", "small_tree", "tree")
SCATTERED_VOLUMES = ("none", "zero", "positive")
POOLS_OF_RULES = ("main", "scattered", "ground")
CULM_LAND = "bamboo_forest"
"""The one land class of which culms are looked at, and not volume or mean tree; on all others it is the other way."""
BookName = Literal["volume_line", "expansion"]
BOOKS: tuple[BookName, ...] = ("volume_line", "expansion")


class RuleFileWrong(ValueError):
    """The rule file has a key that is unknown, missing or of the wrong kind."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"method_rules.yaml, {where}: {problem}. Correct the file; nothing was measured with it.")


@dataclass(frozen=True)
class ParameterReference:
    """Where a method finds one of its numbers: a scalar, a cell of a table, or what this installation declared.

    The row of a table is named by a column of `species_groups` (`row_of`), by itself (`row`), or by a declaration
    (`row_declared`); a number whose declaration is not made is left out of the method, and its pool is not estimated.
    """

    symbol: str
    scalar: str | None = None
    declared: str | None = None
    table: str | None = None
    column: str | None = None
    row_of: str | None = None
    row: str | None = None
    row_declared: str | None = None

    def __post_init__(self) -> None:
        assert [self.scalar, self.declared, self.table].count(None) == 2
        assert (self.table is None) == (self.column is None)
        assert [self.row_of, self.row, self.row_declared].count(None) == (3 if self.table is None else 2)
        assert {self.declared, self.row_declared} <= {None, *UNITS}


@dataclass(frozen=True)
class Method:
    """A way to measure, with the columns it reads and the numbers it needs by argument name."""

    id: str
    name_zh: str
    name_en: str
    equation: str
    inputs: tuple[str, ...]
    pool: str | None
    parameters: dict[str, ParameterReference]


@dataclass(frozen=True)
class Rule:
    """One line of the choice. An empty condition does not ask."""

    id: str
    of: str
    method: str
    reason_zh: str
    reason_en: str
    land_classes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    volume: tuple[str, ...] = ()
    culms: tuple[str, ...] = ()
    mean_tree: tuple[str, ...] = ()
    books: tuple[str, ...] = BOOKS
    requires: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    def fits_land(self, land: "LandKind", *, book: BookName, declared: frozenset[str]) -> bool:
        """Whether the conditions on land, species, book and declarations hold."""
        return (
            book in self.books
            and (not self.land_classes or land.land_class in self.land_classes)
            and (not self.kinds or land.kind in self.kinds)
            and (not self.groups or land.species_group in self.groups)
            and land.rows >= set(self.requires)
            and declared >= set(self.declared)
        )

    def fits_survey(self, survey: "SurveyKind") -> bool:
        """Whether the conditions on what was surveyed hold."""
        return (
            (not self.volume or survey.volume in self.volume)
            and (not self.culms or survey.culms in self.culms)
            and (not self.mean_tree or survey.mean_tree in self.mean_tree)
        )


@dataclass(frozen=True)
class LandKind:
    """What the choice may know of land and species. `rows` are the crosswalk columns filled for the species group."""

    land_class: str
    species_group: str
    kind: str
    rows: frozenset[str]


@dataclass(frozen=True)
class SurveyKind:
    """What the choice may know of the survey: which of volume, culms and mean tree are usable numbers."""

    volume: str = "none"
    culms: str = "none"
    mean_tree: str = "none"


TREE_SURVEYS = (
    *(SurveyKind(mean_tree=word) for word in MEAN_TREES),
    *(SurveyKind(volume=word) for word in VOLUMES if word != "none"),
)
"""Where a volume is recorded the mean tree is not looked at."""
CULM_SURVEYS = tuple(SurveyKind(culms=word) for word in CULMS)


def surveys_of(land_class: str) -> tuple[SurveyKind, ...]:
    """Return what is told apart on a land class."""
    return CULM_SURVEYS if land_class == CULM_LAND else TREE_SURVEYS


@dataclass(frozen=True)
class MethodRules:
    """The rule file as a value."""

    columns: dict[str, DerivationInput]
    methods: dict[str, Method]
    rules: tuple[Rule, ...]
    domain_of: dict[str, str]  # land class -> calibration domain

    def fitting(
        self, land: LandKind, *, of: str, book: BookName, declared: frozenset[str] = frozenset()
    ) -> tuple[Rule, ...]:
        """Return the rules of a pool that the survey has yet to choose from."""
        return tuple(
            rule for rule in self.rules if rule.of == of and rule.fits_land(land, book=book, declared=declared)
        )


def first_fit(rules: Sequence[Rule], survey: SurveyKind, *, of: LandKind) -> Rule:
    """Return the first rule that fits; the file must have one for every stand."""
    for rule in rules:
        if rule.fits_survey(survey):
            return rule
    raise RuleFileWrong("rules", f"no rule fits {of} with {survey}")


def _build(kind: type, where: str, entry: dict[str, Any]) -> Any:
    """Make a dataclass from a mapping; lists become tuples, an unknown or missing key is an error."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    try:
        return kind(**values)
    except (TypeError, AssertionError) as error:
        raise RuleFileWrong(where, f"wrong or missing key ({error})") from error


def parse_rules(text: str) -> MethodRules:
    """Read the rule file strictly."""
    document = yaml.safe_load(text)
    if set(document) != {"columns", "methods", "rules", "calibration_domains"}:
        raise RuleFileWrong("top level", "the keys must be columns, methods, rules, calibration_domains")
    columns = {
        name: _build(DerivationInput, f"column {name}", {"column": name, **entry})
        for name, entry in document["columns"].items()
    }
    methods: dict[str, Method] = {}
    for name, entry in document["methods"].items():
        unnamed = set(entry.get("inputs", ())) - set(columns)
        if unnamed:
            raise RuleFileWrong(f"method {name}", f"inputs {sorted(unnamed)} are not among the columns")
        references = {
            argument: _build(ParameterReference, f"method {name}, {argument}", reference)
            for argument, reference in entry.get("parameters", {}).items()
        }
        methods[name] = _build(Method, f"method {name}", {"id": name, **entry, "parameters": references})
    rules = tuple(_build(Rule, f"rule {entry.get('id')}", entry) for entry in document["rules"])
    for rule in rules:
        if rule.method not in methods:
            raise RuleFileWrong(f"rule {rule.id}", f"unknown method {rule.method}")
        _refuse_unknown_words(rule)
    if len({rule.id for rule in rules}) != len(rules):
        raise RuleFileWrong("rules", "two rules have one id")
    domains = document["calibration_domains"]
    domain_of = {land_class: domain for domain, classes in domains.items() for land_class in classes}
    return MethodRules(columns, methods, rules, domain_of)


def _refuse_unknown_words(rule: Rule) -> None:
    if rule.of not in POOLS_OF_RULES:
        raise RuleFileWrong(f"rule {rule.id}", f"`of` must be one of {', '.join(POOLS_OF_RULES)}")
    known = {
        "volume": SCATTERED_VOLUMES if rule.of == "scattered" else VOLUMES,
        "culms": CULMS,
        "mean_tree": MEAN_TREES,
        "books": BOOKS,
        "declared": tuple(UNITS),
    }
    for condition, words in known.items():
        if not set(getattr(rule, condition)) <= set(words):
            raise RuleFileWrong(f"rule {rule.id}", f"unknown word in {condition}; use {', '.join(words)}")
    asks_trees, asks_culms = rule.volume or rule.mean_tree, rule.culms
    if rule.of == "main" and asks_culms and rule.land_classes != (CULM_LAND,):
        raise RuleFileWrong(f"rule {rule.id}", f"culms are looked at on {CULM_LAND} alone")
    if rule.of == "main" and asks_trees and (not rule.land_classes or CULM_LAND in rule.land_classes):
        raise RuleFileWrong(f"rule {rule.id}", f"volume and mean tree are not looked at on {CULM_LAND}")
    if rule.of == "ground" and (asks_trees or asks_culms):
        raise RuleFileWrong(f"rule {rule.id}", "the ground is chosen by land and species alone")


@cache
def method_rules() -> MethodRules:
    """Return the rules of this program."""
    file = resources.files("senhui.measurement") / "parameters" / "method_rules.yaml"
    return parse_rules(file.read_text(encoding="utf-8"))
