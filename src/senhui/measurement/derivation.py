"""Derivations: how a number came about, as a value that is stored with a release and never recomputed.

One derivation serves every stand that was measured alike; a stand points to it by number. Page, export and issuance
read it: method, equation, inputs, each parameter with its source and mark, and the rule that chose the method.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from senhui.parameters import ParameterValue

# Weakest last. D is derived by this program from values that are themselves listed, so it ranks below what was read
# (A) and above what was taken on trust (B) or is unsure (C).
MARKS_BY_STRENGTH = ("A", "D", "B", "C")


@dataclass(frozen=True)
class DerivationInput:
    """A column that the equation reads."""

    column: str
    unit: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class ParameterUse:
    """A published number in the place that it takes in the equation."""

    symbol: str
    value: ParameterValue

    def as_dict(self) -> dict[str, Any]:
        """Return the symbol and the fields of the value side by side."""
        return {"symbol": self.symbol, **{f.name: getattr(self.value, f.name) for f in fields(ParameterValue)}}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "ParameterUse":
        """Read back what `as_dict` wrote."""
        return cls(stored["symbol"], ParameterValue(**{k: v for k, v in stored.items() if k != "symbol"}))


@dataclass(frozen=True)
class RuleNote:
    """The rule that chose the method, and why."""

    id: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True)
class Derivation:
    """How one kind of stand got its number, or why it got none.

    `kind` is `main` (the stand), `scattered` (散生四旁树) or `ground` (understory, dead wood, litter, soil: one
    derivation for the five). `species_group` is null where the number does not depend on the species.
    """

    id: int
    kind: str
    method: str
    name_zh: str
    name_en: str
    equation: str
    species_group: str | None
    inputs: tuple[DerivationInput, ...]
    parameters: tuple[ParameterUse, ...]
    rule: RuleNote

    @property
    def weakest_mark(self) -> str | None:
        """The weakest confidence mark among the parameters; null where no parameter is used."""
        marks = {use.value.mark for use in self.parameters}
        return max(marks, key=MARKS_BY_STRENGTH.index, default=None)

    @property
    def may_issue(self) -> bool:
        """Whether every parameter may issue a credit. A number that does not exist may not."""
        return self.method != "no_estimate" and all(use.value.may_issue for use in self.parameters)

    def as_dict(self) -> dict[str, Any]:
        """Return plain lists and dictionaries, ready for a file or a page."""
        plain = asdict(self)
        plain["inputs"] = list(plain["inputs"])
        plain["parameters"] = [use.as_dict() for use in self.parameters]
        return plain | {"weakest_mark": self.weakest_mark, "may_issue": self.may_issue}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Derivation":
        """Read back what `as_dict` wrote."""
        own = {f.name: stored[f.name] for f in fields(cls)}
        return cls(
            **own
            | {
                "inputs": tuple(DerivationInput(**column) for column in stored["inputs"]),
                "parameters": tuple(ParameterUse.from_dict(use) for use in stored["parameters"]),
                "rule": RuleNote(**stored["rule"]),
            }
        )


def parameters_used(
    derivation_ids: Iterable[int | None], derivations: Iterable[Derivation]
) -> tuple[ParameterValue, ...]:
    """List every parameter that a total rests on, each once, in the order of its id.

    Parameters
    ----------
    derivation_ids
        Numbers found in `derivation_id`, `scattered_derivation_id` and `ground_derivation_id` of the summed stands;
        nulls are passed over.
    derivations
        The derivations of the release (or `book.derivations`).

    Raises
    ------
    KeyError
        A number has no derivation: the stands and the derivations are not of one release.
    """
    by_id = {derivation.id: derivation for derivation in derivations}
    used = {
        (use.value.id, use.value.edition): use.value
        for n in set(derivation_ids)
        if n is not None
        for use in by_id[n].parameters
    }
    return tuple(used[key] for key in sorted(used))
