"""What other rooms may know of drafts, releases and administrative units. Nothing here writes."""

from senhui.inventory.queries.drafts import DraftInfo, NoSuchDraft, draft, drafts, findings
from senhui.inventory.queries.releases import (
    NoSuchRelease,
    NoSuchStand,
    ReleaseInfo,
    area_filter,
    derivation,
    derivations,
    find_stands,
    release,
    release_path,
    releases,
    scan,
    stand,
)
from senhui.inventory.queries.units import Unit, administrative_units, find_units, unit_names

__all__ = [
    "DraftInfo",
    "NoSuchDraft",
    "NoSuchRelease",
    "NoSuchStand",
    "ReleaseInfo",
    "Unit",
    "administrative_units",
    "area_filter",
    "derivation",
    "derivations",
    "draft",
    "drafts",
    "find_stands",
    "find_units",
    "findings",
    "release",
    "release_path",
    "releases",
    "scan",
    "stand",
    "unit_names",
]
