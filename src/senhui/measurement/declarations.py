"""What an installation declares because no survey records it and no document says it: age of culms, kind of soil.

Nothing is declared to begin with, and then the methods that need it do not exist: no estimate rests on a guess. What is
declared stands in every derivation that uses it, with who said so, and never issues a credit. What may be declared, and
in which range, is `declarable.py`. Cases: `tests/measurement/test_ground.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senhui.parameters import ParameterValue
from senhui.parameters.values import Mark

UNITS = {"culm_age_du": "度", "soil": "-"}
"""The assumptions that a method can rest on, each with its unit."""
MARK: Mark = "C"
"""The mark of whatever is declared: nobody outside the installation has checked it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared value, with who declares it and from what, and the ISO day."""

    value: float | str
    source: str
    declared_on: str

    def __post_init__(self) -> None:
        assert self.source
        assert self.declared_on


@dataclass(frozen=True, slots=True)
class Declarations:
    """The assumptions of an installation; None is not set.

    Attributes
    ----------
    culm_age_du
        Mean age of moso culms (立竹平均龄级), 度, for stands of which culms and diameter are known but not ages.
    soil
        Climate and clay of the area's soils, a row of `soil_default_artool16` as
        ``warm_temperate_moist/low_activity``.
    """

    culm_age_du: Declared | None = None
    soil: Declared | None = None

    @property
    def made(self) -> frozenset[str]:
        """The names of what is declared."""
        return frozenset(name for name in UNITS if getattr(self, name) is not None)

    def value(self, name: str) -> ParameterValue:
        """Return a declaration as the parameter that it stands in for."""
        assert name in self.made
        declared: Declared = getattr(self, name)
        return ParameterValue(
            id=f"declared.{name}",
            edition=declared.declared_on,
            value=declared.value,
            unit=UNITS[name],
            mark=MARK,
            source=declared.source,
            where="declared in this installation",
            region="this installation",
            range="where nothing was surveyed",
            may_issue=False,
        )


NOTHING_DECLARED = Declarations()


def declarations_from_dict(stored: Mapping[str, Any]) -> Declarations:
    """Return the declarations that a release kept; the first releases kept one source and day for all of them."""
    found = {}
    for name in UNITS:
        kept = stored.get(name)
        if kept is not None and not isinstance(kept, Mapping):
            kept = {"value": kept, "source": stored["source"], "declared_on": stored["declared_on"]}
        found[name] = None if kept is None else Declared(**kept)
    return Declarations(**found)
