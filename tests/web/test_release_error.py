"""The page of a release's error: interval, what it consists of, what nobody published, and a release without sums."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from senhui.atlas.uncertainty import draws_of, errors_of
from senhui.inventory import queries

pytestmark = pytest.mark.database


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["What the error consists of", "Model error of the line over volume", "Carbon fraction", "seed 20261122"],
        ),
        ("zh", ["误差构成", "蓄积换算线的模型误差", "含碳率", "20261122"]),
    ],
)
def test_the_page_says_what_is_known_and_what_is_not(
    release_id: str, browse: Callable[..., Client], language: str, words: list[str]
) -> None:
    page = browse(language).get(f"/releases/{release_id}/error/")
    assert page.status_code == 200
    text = page.content.decode()
    assert [word for word in words if word not in text] == []


def test_a_county_lists_its_townships(release_id: str, browse: Callable[..., Client]) -> None:
    page = browse("en").get(f"/releases/{release_id}/error/?within=331181")
    assert page.status_code == 200
    assert "331181103" in page.content.decode()


@pytest.mark.parametrize("within", ["331181103", "33", "x", "331102"])
def test_a_place_that_is_no_county_of_the_release_has_no_interval(
    release_id: str, browse: Callable[..., Client], within: str
) -> None:
    page = browse("en").get(f"/releases/{release_id}/error/?within={within}")
    assert page.status_code == 404


def test_a_release_without_sums_says_that_no_error_is_known(release_id: str, browse: Callable[..., Client]) -> None:
    (queries.release(release_id).directory / "error_sums.parquet").unlink()
    text = browse("en").get(f"/releases/{release_id}/error/").content.decode()
    assert "No error is known of this release" in text
    assert browse("en").get(f"/api/v1/releases/{release_id}/error/draws").status_code == 404


def test_the_release_links_to_its_error(release_id: str, browse: Callable[..., Client]) -> None:
    assert f"/releases/{release_id}/error/" in browse("en").get(f"/releases/{release_id}/").content.decode()


def test_draws_of_the_api_agree_with_the_analytic_error(release_id: str, browse: Callable[..., Client]) -> None:
    answer = browse("en").get(f"/api/v1/releases/{release_id}/error/draws?within=331181&measure=measured").json()
    found = errors_of(release_id, ["331181"], is_calibrated=False)
    assert found is not None
    # Four times the error of the draws, and the second order of two factors of 0.17 and 0.08.
    tolerance = 4 * answer["error_of_standard_error_frac"] + 0.02
    assert answer["standard_error_tc"] == pytest.approx(found["331181"].standard_error_tc, rel=tolerance)
    assert answer["seed"] == 20261122
    again = draws_of(release_id, ["331181"], is_calibrated=False)["331181"]
    assert again.lower_tc == answer["lower_tc"]
