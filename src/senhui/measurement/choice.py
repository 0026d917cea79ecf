"""The declared choice of a method: which rule decides for which stand.

The rules are data, in `parameters/method_rules.yaml`; this file reads them strictly and finds the one that fits.
Cases: `tests/measurement/test_choice.py`.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml

from senhui.measurement.derivation import DerivationInput

UNRECORDED = "unrecorded"
VOLUMES = ("none", "zero", "positive")
CULMS = ("none", "positive")
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
    """Where a method finds one of its numbers: a scalar, or a cell of a table."""

    symbol: str
    scalar: str | None = None
    table: str | None = None
    column: str | None = None
    row_of: str | None = None  # the column of `species_groups` that names the row

    def __post_init__(self) -> None:
        is_scalar = self.scalar is not None
        assert is_scalar != (self.table is not None)
        assert is_scalar == (self.column is None)
        assert is_scalar == (self.row_of is None)


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
    books: tuple[str, ...] = BOOKS
    requires: tuple[str, ...] = ()

    def fits(self, stand: "StandKind", *, book: BookName) -> bool:
        """Whether all conditions of the rule hold."""
        return (
            book in self.books
            and (not self.land_classes or stand.land_class in self.land_classes)
            and (not self.kinds or stand.kind in self.kinds)
            and (not self.groups or stand.species_group in self.groups)
            and (not self.volume or stand.volume in self.volume)
            and (not self.culms or stand.culms in self.culms)
            and stand.rows >= set(self.requires)
        )


@dataclass(frozen=True)
class StandKind:
    """All that the choice may look at. `rows` are the crosswalk columns filled for the species group."""

    land_class: str
    species_group: str
    kind: str
    volume: str
    culms: str
    rows: frozenset[str]


@dataclass(frozen=True)
class MethodRules:
    """The rule file as a value."""

    columns: dict[str, DerivationInput]
    methods: dict[str, Method]
    rules: tuple[Rule, ...]
    domain_of: dict[str, str]  # land class -> calibration domain

    def choose(self, stand: StandKind, *, of: str, book: BookName) -> Rule:
        """Return the first rule that fits; the file must have one for every stand."""
        for rule in self.rules:
            if rule.of == of and rule.fits(stand, book=book):
                return rule
        raise RuleFileWrong("rules", f"no rule of the {of} pool fits {stand}")


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
        if rule.of not in ("main", "scattered"):
            raise RuleFileWrong(f"rule {rule.id}", "`of` must be main or scattered")
        if not (set(rule.volume) <= set(VOLUMES) and set(rule.culms) <= set(CULMS) and set(rule.books) <= set(BOOKS)):
            raise RuleFileWrong(f"rule {rule.id}", "unknown word in volume, culms or books")
    if len({rule.id for rule in rules}) != len(rules):
        raise RuleFileWrong("rules", "two rules have one id")
    domains = document["calibration_domains"]
    domain_of = {land_class: domain for domain, classes in domains.items() for land_class in classes}
    return MethodRules(columns, methods, rules, domain_of)


@cache
def method_rules() -> MethodRules:
    """Return the rules of this program."""
    file = resources.files("senhui.measurement") / "parameters" / "method_rules.yaml"
    return parse_rules(file.read_text(encoding="utf-8"))
