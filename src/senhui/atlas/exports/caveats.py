"""What a total does not say by itself: the area left out of its release, its error, and over which area a ratio is.

Every exported table carries these beside its numbers. The cases are in ``tests/atlas/test_statistics_file.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from senhui.atlas.exports.provenance import is_calibrated
from senhui.atlas.statistics import ErrorUnknown, error_of
from senhui.atlas.uncertainty import errors_of
from senhui.inventory.queries import ReleaseInfo
from senhui.measurement.uncertainty import Interval

Words = tuple[str, str]
"""The same in Chinese and in English."""

ERROR_UNKNOWN: dict[str, Words] = {
    "not_computed": ("该版本未计算误差", "this release was made without an error of its totals"),
    "nothing_set": ("没有任何误差来源有公布值", "no source of error has a published value here"),
    "of_a_choice": ("误差按地区给出，不按所选小班给出", "the error is told for places, not for a choice of stands"),
}

RATIO_MEANINGS: tuple[tuple[Words, Words], ...] = (
    (
        ("每公顷森林", "Per hectare of forest"),
        (
            "碳储量 ÷ 林地面积；林地含无林木的林地，也含没有估算的林地",
            "stock over forest land; forest land without trees counts, and so does land without an estimate",
        ),
    ),
    (
        ("每公顷土地", "Per hectare of land"),
        (
            "碳储量 ÷ 该地全部土地面积；土地面积来源见表中一列",
            "stock over all land of the place; a column of the table says where that area comes from",
        ),
    ),
)


@dataclass(frozen=True)
class Caveats:
    """The excluded area and the error of the total of one place.

    Attributes
    ----------
    excluded_area_ha : area of rows that named persons left out of the release in this place; rows that do not say
        where they lie count in every place
    n_excluded : rows left out of the whole release
    error : the 95 % interval, or None and ``unknown_because``
    """

    excluded_area_ha: float
    n_excluded: int
    is_calibrated: bool
    error: Interval | None
    unknown_because: Words | None

    def not_set(self, at: int) -> str:
        """Name the sources of error that the interval leaves out, in Chinese (0) or English (1)."""
        parts = self.error.not_set if self.error else ()
        return "; ".join((part.name_zh, part.name_en)[at] for part in parts)


def caveats_of(release: ReleaseInfo, *, within: str | None, is_choice: bool) -> Caveats:
    """Return what stands beside the total of a place; of a choice of its stands no error is known."""
    calibrated = is_calibrated(release)
    found = ErrorUnknown("not_computed") if is_choice else error_of(release.id, within, is_calibrated=calibrated)
    reason = "of_a_choice" if is_choice else found.reason if isinstance(found, ErrorUnknown) else None
    return Caveats(
        excluded_area_ha=release.excluded_area_within(within) if within else release.excluded_area_ha,
        n_excluded=release.n_excluded,
        is_calibrated=calibrated,
        error=None if isinstance(found, ErrorUnknown) else found,
        unknown_because=ERROR_UNKNOWN[reason] if reason else None,
    )


def half_widths_tc(release: ReleaseInfo, places: Iterable[str]) -> dict[str, float]:
    """Return half of the 95 % interval of each place's stock, tC; nothing of a release without sums of error."""
    found = errors_of(release.id, list(places), is_calibrated=is_calibrated(release)) or {}
    return {
        place: error.half_width_tc for place, error in found.items() if error.standard_error_tc > 0 or not error.not_set
    }
