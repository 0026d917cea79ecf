"""The error by which places are coloured is the error that their panel tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN
from tests.web.conftest import browse, draft_id, release_id  # noqa: F401

from senhui.atlas import place_errors
from senhui.atlas.uncertainty import errors_of
from senhui.inventory.queries import ReleaseInfo

pytestmark = [pytest.mark.database, pytest.mark.django_db]
TOWNSHIP = f"{LONGQUAN}103"


@pytest.mark.parametrize("is_calibrated", [True, False])
def test_it_is_the_relative_half_width_of_each_place(release_id: str, is_calibrated: bool) -> None:  # noqa: F811
    for level, code in (("county", LONGQUAN), ("township", TOWNSHIP)):
        found = place_errors.place_errors(release_id, level=level, is_calibrated=is_calibrated)  # type: ignore[arg-type]
        expected = errors_of(release_id, [code], is_calibrated=is_calibrated)
        assert expected is not None
        assert found == {code: pytest.approx(expected[code].relative_half_width_frac)}


def test_a_release_without_sums_of_error_has_none(release: ReleaseInfo) -> None:
    found = place_errors.place_errors(release.id, level="county", is_calibrated=True)
    assert found == {"331126": None, "331181": None}


def test_the_api_tells_it_in_percent(release_id: str, browse: Callable[..., Client]) -> None:  # noqa: F811
    address = f"/api/v1/releases/{release_id}/choropleth/township?layer=error"
    found: dict[str, Any] = browse("en").get(address).json()
    (error_frac,) = place_errors.place_errors(release_id, level="township", is_calibrated=True).values()
    assert error_frac is not None
    assert (found["measure"], found["unit"]) == ("error", "%")
    assert found["values"] == {TOWNSHIP: pytest.approx(100 * error_frac)}
