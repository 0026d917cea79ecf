"""From a species code in a layer to the group whose factors and models apply.

Numbers and judgements: `tables/species_codes.csv` and `tables/species_groups.csv`. A code system is a property
of the import profile, never guessed from one code: 121 is Chinese fir in one system and nothing in the other.
"""

from senhui.parameters.book import UnknownRow, value


class UnknownSpeciesCode(LookupError):
    """A species code that its code system does not have; it is never taken for a default, never for zero."""

    def __init__(self, code: str, system: str) -> None:
        super().__init__(
            f"Species code {code!r} is unknown in code system {system!r}. "
            "Check the code system of the import profile, or correct the code in the layer."
        )
        self.code, self.system = code, system


def species_group(code: str, system: str) -> str:
    """Return the id of the species group (树种组) of a species code.

    Parameters
    ----------
    code
        The code as the layer holds it, such as ``"310"``.
    system
        ``"nfi"`` (national inventory) or ``"gx"`` (the provincial variant of Guangxi).

    Raises
    ------
    UnknownSpeciesCode
        If the system does not have the code; show the row to the person who imports.

    Examples
    --------
    >>> species_group("310", "nfi"), species_group("121", "gx")
    ('chinese_fir', 'chinese_fir')
    """
    try:
        return str(value("species_codes", f"{system}/{code}", "species_group").value)
    except UnknownRow as error:
        raise UnknownSpeciesCode(code, system) from error
