"""Whatever the API or the tiles refuse, the answer has one shape: error, what, now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("address", "status", "error"),
    [
        ("/api/v1/releases/1999-1", 404, "NoSuchRelease"),
        ("/api/v1/boundaries/planet.geojson", 422, "NotValid"),
        ("/api/v1/releases/{release}/sub-compartments/first", 422, "NotValid"),
        ("/api/v1/places", 422, "NotValid"),
        ("/api/v1/jobs", 401, "NotSignedIn"),
        ("/api/v1/releases/{release}/sub-compartments/9999999999999999999999", 404, "NotFound"),
        ("/api/v1/releases/{release}/sub-compartments/0", 403, "PermissionRefused"),
        ("/api/v1/releases/{release}/statistics?by=soil", 400, "UnknownDimension"),
        ("/api/v1/releases/{release}/statistics?within=331199", 404, "NoSuchPlace"),
        ("/api/v1/releases/{release}/parameters?within=331199", 404, "NoSuchPlace"),
        ("/api/v1/releases/{release}/error?within=331199", 404, "NoSuchPlace"),
        ("/api/v1/releases/{release}/error?within=x", 404, "NoSuchPlace"),
        ("/api/v1/releases/{release}/error/draws?within=331199", 404, "NoSuchPlace"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_refusal_of_the_api_has_one_shape(
    release_id: str, browse: Callable[..., Client], language: str, address: str, status: int, error: str
) -> None:
    response = browse(language).get(address.format(release=release_id))
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["error"]) == (status, error)
    assert body.keys() == {"error", "what", "now"}
    assert all(body.values())


@pytest.mark.parametrize(
    "address",
    [
        "/map/panel/?release={release}&place=331199",
        "/map/panel/?release={release}&place=x",
        "/statistics/?release={release}&within=331199",
        "/releases/{release}/error/?within=331199",
    ],
)
@pytest.mark.parametrize(("language", "said"), [("zh", "此处没有代码为"), ("en", "No place with the code")])
def test_a_page_says_which_place_there_is_not(
    release_id: str, browse: Callable[..., Client], language: str, said: str, address: str
) -> None:
    answer = browse(language).get(address.format(release=release_id))
    assert answer.status_code == 404
    assert said in answer.content.decode()
