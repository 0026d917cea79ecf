"""The API of a selection: the public reads single dimensions of large places, filters and shapes need a role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
ALL = "origin,species_group,age_group,land_class,method,protection,ownership,village"


def ask(client: Client, release_id: str, query: str) -> Any:
    return client.get(f"/api/v1/releases/{release_id}/answer?{query}")


def test_whole_and_parts_for_who_sees_the_land(release_id: str, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("wu", viewer=LONGQUAN))
    found = ask(client, release_id, f"within={LONGQUAN}&by={ALL}").json()
    total = found["total"]
    assert total["n"] == 12
    assert total["lower_tc"] < total["calibrated_stock_tc"] < total["upper_tc"]
    assert (found["n_outside_reach"], found["rule"], found["is_sample"]) == (0, None, True)
    for dimension in ALL.split(","):
        parts = found["by"][dimension]
        assert sum(part["n"] for part in parts) == 12, dimension
        assert sum(part["stock_tc"] or 0 for part in parts) == pytest.approx(total["stock_tc"])
        assert all(part["name_zh"] and part["name_en"] for part in parts)
    (village,) = found["by"]["village"]
    assert village["value"].startswith(f"{LONGQUAN}103")


def test_a_filter_narrows_the_whole_and_the_other_dimensions(release_id: str, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("wu", viewer="3311"))
    whole = ask(client, release_id, "by=age_group").json()
    parts = {part["value"]: part for part in whole["by"]["age_group"]}
    age = next(iter(parts))
    narrowed = ask(client, release_id, f"by=age_group,origin&where=age_group:{age if age is not None else '-'}").json()
    assert narrowed["total"]["n"] == parts[age]["n"]
    assert {part["value"] for part in narrowed["by"]["age_group"]} == set(parts)
    assert sum(part["n"] for part in narrowed["by"]["origin"]) == parts[age]["n"]
    assert narrowed["selection"] == {"within": None, "where": {"age_group": [age]}, "has_shape": False}
    assert narrowed["total"]["lower_tc"] is not None


def test_a_shape_says_by_which_rule_it_chose(release_id: str, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("wu", viewer="3311"))
    everywhere = "118,27;121,27;121,29.5;118,29.5"
    found = ask(client, release_id, f"shape={everywhere}").json()
    whole = ask(client, release_id, "").json()
    assert (found["rule"], found["selection"]["has_shape"]) == ("inner_point", True)
    assert found["total"] == pytest.approx(whole["total"])
    assert ask(client, release_id, "shape=118,27;118.1,27;118.1,27.1").json()["total"]["n"] == 0


@pytest.mark.parametrize(
    ("query", "who", "status", "error"),
    [
        ("where=origin:planted", None, 403, "TooFine"),
        ("shape=118,27;121,27;121,29", None, 403, "TooFine"),
        (f"within={LONGQUAN}103201", None, 403, "TooFine"),
        ("where=colour:red", "3311", 400, "UnknownDimension"),
        ("where=age_group:old", "3311", 400, "UnknownValue"),
        ("shape=118,27;121,29;121,27;118,29", "3311", 400, "ShapeWrong"),
        ("shape=b5", "3311", 400, "ShapeWrong"),
        ("by=colour", "3311", 400, "UnknownDimension"),
        ("within=331199", "3311", 404, "NoSuchPlace"),
        ("measure=guessed", "3311", 422, "NotValid"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_refusals(
    release_id: str, browse: Browse, person: Person, language: str, query: str, who: str | None, status: int, error: str
) -> None:
    answer = ask(browse(language, as_user=person("wu", viewer=who) if who else None), release_id, query)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert all(answer.json().values())


def test_the_public_reads_what_the_statistics_show_it(release_id: str, browse: Browse) -> None:
    client = browse("en")
    found = ask(client, release_id, f"by={ALL}").json()
    assert found["total"]["n"] == 12
    assert found["by"]["method"] is found["by"]["protection"] is found["by"]["village"] is None
    shown = client.get(f"/api/v1/releases/{release_id}/statistics?by=species_group").json()
    assert [(part["value"], part["n"]) for part in found["by"]["species_group"]] == [
        (row["species_group"], row["n"]) for row in shown
    ]
    of_township = ask(client, release_id, f"within={LONGQUAN}103&by=origin").json()
    assert of_township["by"] == {"origin": None}


def test_history_is_the_releases_that_have_land_there(release_id: str, browse: Browse) -> None:
    client = browse("en")
    (year,) = client.get(f"/api/v1/places/{LONGQUAN}/history").json()
    total = ask(client, release_id, f"within={LONGQUAN}").json()["total"]
    assert (year["release"], year["reference_year"]) == (release_id, 2021)
    assert year["stock_tc"] == pytest.approx(total["calibrated_stock_tc"])
    assert (year["lower_tc"], year["upper_tc"]) == pytest.approx((total["lower_tc"], total["upper_tc"]))
    measured = client.get(f"/api/v1/places/{LONGQUAN}103/history?measure=measured").json()
    assert measured[0]["stock_tc"] == pytest.approx(total["stock_tc"])
    assert client.get("/api/v1/places/331199/history").status_code == 404


def test_the_panel_tells_a_selection_with_its_error_and_its_rule(
    release_id: str, browse: Browse, person: Person
) -> None:
    wu = person("wu", viewer=LONGQUAN)
    query = f"/map/panel/?release={release_id}&place={LONGQUAN}&where=origin:planted,natural,-&where=protection:-,011"
    page = browse("en", as_user=wu).get(f"{query}&shape=118,27;121,27;121,29.5;118,29.5").content.decode()
    total = ask(browse("en", as_user=wu), release_id, f"within={LONGQUAN}&where=protection:-,011").json()["total"]
    assert total["n"] > 0
    assert "± " in page
    assert "whose inner point lies inside" in page
    assert "planted, natural, not recorded" in page
    assert "Key public-benefit forest" in page
    assert "小班" in browse("zh", as_user=wu).get(query).content.decode()
    assert (
        "No sub-compartment fits"
        in browse("en", as_user=wu)
        .get(f"/map/panel/?release={release_id}&place={LONGQUAN}&where=method:expansion")
        .content.decode()
    )


def test_the_panel_refuses_the_public_a_selection(release_id: str, browse: Browse) -> None:
    answer = browse("en").get(f"/map/panel/?release={release_id}&place={LONGQUAN}&where=origin:planted")
    assert answer.status_code == 403


def test_a_cross_table_goes_down_to_villages_and_owners_for_who_sees_them(
    release_id: str, browse: Browse, person: Person
) -> None:
    address = (
        f"/api/v1/releases/{release_id}/cross-table?within={LONGQUAN}&by=village,protection,ownership,species_group"
    )
    client = browse("en", as_user=person("wu", viewer=LONGQUAN))
    found = client.get(address).json()
    assert found["n_rows"] == len(found["rows"]) > 0
    assert sum(row["n"] for row in found["rows"]) == 12
    assert found["rows"][0].keys() >= {"village", "protection", "ownership", "species_group", "stock_tc"}
    assert client.get(f"{address}&limit=0").json()["rows"] == []
    assert browse("en").get(address).status_code == 403
    assert client.get(address.replace(f"within={LONGQUAN}&", "")).status_code == 403
