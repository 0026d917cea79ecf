"""What an installation declares because no survey records it and no document says it: age of culms, kind of soil.

Nothing is declared to begin with, and then the methods that need it do not exist: no estimate rests on a guess. What is
declared stands in every derivation that uses it, with who said so, and never issues a credit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from senhui.parameters import ParameterValue, table

UNITS = {"culm_age_du": "度", "soil": "-"}


class DeclarationIncomplete(ValueError):
    """Something is declared without its source or its day."""

    def __init__(self) -> None:
        super().__init__("A declaration needs `source` (who declares it, from what) and `declared_on`. Add both.")


class UnknownSoil(ValueError):
    """The declared kind of soil has no reference stock."""

    def __init__(self, soil: str, known: Sequence[str]) -> None:
        self.soil, self.known = soil, tuple(known)
        super().__init__(f"No reference stock for soil {soil!r}. Declare one of {', '.join(known)}.")


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
    source, declared_on
        Who declares it and from what; ISO day.
    """

    culm_age_du: float | None = None
    soil: str | None = None
    source: str = ""
    declared_on: str = ""

    def __post_init__(self) -> None:
        assert self.culm_age_du is None or self.culm_age_du > 0.0
        if self.made and not (self.source and self.declared_on):
            raise DeclarationIncomplete
        # Nothing is read where nothing is declared: this runs on import, and the server forks after it.
        if self.soil is None:
            return
        known = ["/".join(row) for row in table("soil_default_artool16").frame.select("climate", "clay").iter_rows()]
        if self.soil not in known:
            raise UnknownSoil(self.soil, known)

    @property
    def made(self) -> frozenset[str]:
        """The names of what is declared."""
        return frozenset(name for name in UNITS if getattr(self, name) is not None)

    def value(self, name: str) -> ParameterValue:
        """Return a declaration as the parameter that it stands in for, of mark C."""
        assert name in self.made
        return ParameterValue(
            id=f"declared.{name}",
            edition=self.declared_on,
            value=getattr(self, name),
            unit=UNITS[name],
            mark="C",
            source=self.source,
            where="declared in this installation",
            region="this installation",
            range="where nothing was surveyed",
            may_issue=False,
        )


NOTHING_DECLARED = Declarations()
