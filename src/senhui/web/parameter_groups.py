"""What a parameter is about: the headings of the list of all parameters, and the search in it.

The id of a parameter says what it is; the first pattern that fits gives its group, and what fits none stands under the
last heading. Cases: tests/web/test_parameter_pages.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senhui.parameters import ParameterSummary

GROUPS: Final[tuple[tuple[str, Promise, tuple[str, ...]], ...]] = (
    ("codes", _("Codes and classes"), ("species_*", "land_class*", "lishui_admin", "age_groups_*")),
    ("place", _("Totals, targets and surveys of places"),
     ("lishui_*", "longquan_*", "qingyuan_*", "songyang_*", "suichang_*", "target_*", "zhejiang_*_density_*tc_ha",
      "zhejiang_semivariogram_*")),
    ("fire", _("Fire, events and gases"), ("fire_*", "global_warming_*", "event_*")),
    ("products", _("Wood products"), ("hwp_*", "wood_waste_*", "bamboo_plank_*")),
    ("ground", _("Dead wood, litter and soil"),
     ("dead*", "litter_*", "soil_*", "zhejiang_soc_*", "cf_litter", "zhejiang_carbon_density_*")),
    ("bamboo", _("Bamboo, shrub and economic forest"),
     ("bamboo_*", "*moso*", "shrub_*", "*_shrub_*", "economic_forest_*")),
    ("errors", _("Errors"), ("error_*",)),
    ("growth", _("Growth and volume"), ("growth_*", "stand_volume_*", "volume_*")),
    ("trees", _("Trees: biomass, density and carbon fraction"),
     ("arcm_*", "bef_*", "biomass_*", "cf_*", "general_*", "forest_above_*", "jiulongshan_*", "low_volume_*",
      "lyt2264_*", "root_*", "wood_density*", "zhejiang_tree_*")),
)  # fmt: skip
OTHER: Final = ("other", _("Others"))


@dataclass(frozen=True)
class Group:
    """A heading of the list with its parameters, in the order of their ids."""

    key: str
    label: Promise
    entries: list[ParameterSummary]


def key_of(parameter_id: str) -> str:
    """Return the key of the group that a parameter belongs to.

    Examples
    --------
    >>> key_of("cf_moso_mean"), key_of("cf_default"), key_of("never_heard_of")
    ('bamboo', 'trees', 'other')
    """
    for key, _label, patterns in GROUPS:
        if any(fnmatchcase(parameter_id, pattern) for pattern in patterns):
            return key
    return OTHER[0]


def grouped(entries: Iterable[ParameterSummary], *, sought: str) -> list[Group]:
    """Return parameters under their headings, those whose name or id holds every word that is sought."""
    words = sought.casefold().split()
    found: dict[str, list[ParameterSummary]] = {}
    for entry in entries:
        text = f"{entry.id} {entry.name_zh} {entry.name_en}".casefold()
        if all(word in text for word in words):
            found.setdefault(key_of(entry.id), []).append(entry)
    headings = [*((key, label) for key, label, _patterns in GROUPS), OTHER]
    return [Group(key, label, found[key]) for key, label in headings if key in found]
