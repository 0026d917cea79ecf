"""Each page for the public and for people with a role: what it shows, what it refuses, and what it never loads."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, QINGYUAN

from senhui import parameters
from senhui.access.actions.create_sign_in_link import create_sign_in_link

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]

PUBLIC = [
    "/", "/statistics/", "/statistics/?by=land_class&within=331181", "/statistics/?by=township&measure=all&sort=-n",
    "/releases/", "/releases/{release}/", "/releases/{release}/parameters/?within=331181",
    "/releases/{release}/derivations/{derivation}/", "/parameters/", "/parameters/land_classes/", "/about/",
    "/sign-in/",
    "/map/panel/?release={release}&place=331181", "/map/panel/?release={release}&place=331181103",
]  # fmt: skip


def a_derivation(client: Client, release_id: str) -> int:
    """Return the number of some derivation of a release."""
    page = client.get(f"/releases/{release_id}/").content.decode()
    found = re.search(rf"/releases/{release_id}/derivations/(\d+)/", page)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_answers_and_is_labelled(release_id: str, browse: Browse, language: str, address: str) -> None:
    client = browse(language)
    derivation = a_derivation(client, release_id) if "{derivation}" in address else 0
    response = client.get(address.format(release=release_id, derivation=derivation))
    assert response.status_code == 200
    page = response.content.decode()
    assert {"zh": "示例数据", "en": "Sample data"}[language] in page
    _no_inline_and_nothing_foreign(page)


def _no_inline_and_nothing_foreign(page: str) -> None:
    """The policy forbids inline scripts and styles; a page that has one would silently lose it."""
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert 'src="/static/' in script or 'type="application/json"' in script
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page)


def test_an_empty_house_says_what_will_be_here_and_how_to_begin(db: None, browse: Browse) -> None:
    for address in ("/", "/statistics/", "/releases/"):
        page = browse("en").get(address).content.decode()
        assert "There is no release yet" in page
        assert 'href="/imports/"' in page


def test_the_public_is_refused_sub_compartments_by_page_panel_and_api(release_id: str, browse: Browse) -> None:
    client = browse("en")
    derivation = a_derivation(client, release_id)
    for address in (
        f"/releases/{release_id}/derivations/{derivation}/?row=0",
        f"/map/panel/?release={release_id}&row=0",
        f"/releases/{release_id}/sub-compartments.gpkg",
        f"/api/v1/releases/{release_id}/sub-compartments/0",
    ):
        assert client.get(address).status_code == 403, address
    # A row that does not exist answers alike: the public learns nothing of which rows there are.
    assert client.get(f"/api/v1/releases/{release_id}/sub-compartments/999").status_code == 403
    assert client.get("/api/v1/places?q=0001-0003&release=" + release_id).json() == {"found": []}
    assert "data-row" not in client.get(f"/map/panel/?release={release_id}&place=331181103").content.decode()


def test_a_person_of_another_county_is_refused_too(release_id: str, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("wu", technician=QINGYUAN))
    assert client.get(f"/api/v1/releases/{release_id}/sub-compartments/0").status_code == 403
    assert client.get("/api/v1/places?q=0001-0003&release=" + release_id).json() == {"found": []}


def test_a_viewer_sees_a_sub_compartment_its_inputs_and_its_derivation(
    release_id: str, browse: Browse, person: Person
) -> None:
    client = browse("en", as_user=person("zhou", viewer=LONGQUAN))
    stand = client.get(f"/api/v1/releases/{release_id}/sub-compartments/3").json()
    panel = client.get(f"/map/panel/?release={release_id}&row=3").content.decode()
    assert stand["sub_compartment_id"] in panel
    page = client.get(f"/releases/{release_id}/derivations/{stand['derivation_id']}/?row=3").content.decode()
    assert str(stand["volume_m3_ha"]) in page
    derivation = client.get(f"/api/v1/releases/{release_id}/derivations/{stand['derivation_id']}").json()
    assert derivation["parameters"], "a stand with volume rests on published numbers"
    for use in derivation["parameters"]:
        assert f"<code>{use['id']}</code>" in page
    found = client.get("/api/v1/places?q=0001-0003&release=" + release_id).json()["found"]
    assert [entry["kind"] for entry in found] == ["sub_compartment"]


def test_a_row_and_a_derivation_that_do_not_belong_together_are_no_page(
    release_id: str, browse: Browse, person: Person
) -> None:
    client = browse("en", as_user=person("zhou", viewer=LONGQUAN))
    assert client.get(f"/releases/{release_id}/derivations/999/?row=3").status_code == 404


def test_the_table_and_its_csv_hold_the_same_totals(release_id: str, browse: Browse) -> None:
    client = browse("en")
    by_species = client.get(f"/api/v1/releases/{release_id}/statistics?by=species_group").json()
    whole = client.get(f"/api/v1/releases/{release_id}/statistics?by=").json()[0]
    assert sum(row["n"] for row in by_species) == whole["n"] == 12
    assert len({row["species_group"] for row in by_species}) == 3
    assert "county" not in by_species[0], "a dimension that was not asked for is not there"
    assert whole["area_ha"] == pytest.approx(48.0)  # 12 squares of 4 ha
    table = client.get(f"/statistics/table.csv?release={release_id}&by=species_group&measure=all").content.decode(
        "utf-8-sig"
    )
    assert len(table.splitlines()) == 1 + len(by_species)


@pytest.mark.parametrize(
    "address", ["/statistics/?by=soil", "/statistics/?within=xx", "/statistics/table.doc", "/map/panel/"]
)
def test_what_no_page_offers_is_answered_by_404(release_id: str, browse: Browse, address: str) -> None:
    assert browse("en").get(address).status_code == 404


def test_the_api_describes_itself_without_another_host(release_id: str, browse: Browse) -> None:
    description = browse("en").get("/api/v1/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    assert "example" in json.dumps(description)
    assert browse("en").get("/api/v1/docs").status_code == 404


def test_every_parameter_has_a_page(db: None, browse: Browse) -> None:
    client = browse("zh")
    for summary in parameters.all_parameters():
        assert client.get(f"/parameters/{summary.id}/").status_code == 200, summary.id


def test_signing_in_never_leads_to_another_host(db: None, browse: Browse, person: Person) -> None:
    user = person("lin", viewer=LONGQUAN)
    user.set_password("a long pass phrase of words")
    user.save()
    form = {"username": "lin", "password": "a long pass phrase of words", "next": "https://example.org/"}
    response = browse("en").post("/sign-in/", form)
    assert response.status_code == 302
    assert response["Location"] == "/"


def test_a_wrong_password_is_told_on_the_form(db: None, browse: Browse, person: Person) -> None:
    person("lin", viewer=LONGQUAN)
    response = browse("en").post("/sign-in/", {"username": "lin", "password": "wrong"})
    assert response.status_code == 400
    assert "do not fit" in response.content.decode()


@pytest.mark.parametrize(("language", "said"), [("zh", "密码错误次数过多"), ("en", "Too many wrong passwords")])
def test_after_too_many_wrong_passwords_our_own_page_says_how_long_to_wait(
    person: Person, language: str, said: str
) -> None:
    user = person("lin", viewer=LONGQUAN)
    user.set_password("a long pass phrase of words")
    user.save()
    # Not `browse`, which stops the clock that counts the quarter of an hour.
    client = Client(headers={"accept-language": language})
    answers = [client.post("/sign-in/", {"username": "lin", "password": "wrong"}) for _ in range(5)]
    assert [answer.status_code for answer in answers[:4]] == [400] * 4
    for password in ("wrong", "a long pass phrase of words"):
        locked = client.post("/sign-in/", {"username": "lin", "password": password})
        assert locked.status_code == 429
        assert said in locked.content.decode()
        assert "<h1>" in locked.content.decode(), "a page of ours, not the bare text of a library"


@pytest.mark.parametrize(("language", "said"), [("zh", "未作任何更改"), ("en", "Nothing was changed")])
def test_a_form_without_its_token_gets_our_own_page(db: None, browse: Browse, language: str, said: str) -> None:
    client = browse(language)
    client.handler.enforce_csrf_checks = True
    response = client.post("/sign-in/", {"username": "lin", "password": "wrong"})
    assert response.status_code == 403
    assert said in response.content.decode()


def test_each_total_links_to_the_parameters_it_rests_on(release_id: str, browse: Browse) -> None:
    client = browse("en")
    link = f"/releases/{release_id}/parameters/?within={LONGQUAN}"
    for address in (f"/map/panel/?release={release_id}&place={LONGQUAN}", f"/statistics/?within={LONGQUAN}"):
        assert link in client.get(address).content.decode()
    used = client.get(f"/api/v1/releases/{release_id}/parameters?within={LONGQUAN}").json()
    page = client.get(link).content.decode()
    assert used
    assert all(f"<code>{value['id']}</code>" in page for value in used)


def test_the_table_sorts_by_the_column_that_is_clicked(release_id: str, browse: Browse) -> None:
    client = browse("en")
    address = f"/statistics/?within={LONGQUAN}&sort="
    up, down = (client.get(address + sort).content.decode() for sort in ("stock_tc", "-stock_tc"))
    rows = [re.findall(r'<th scope="row">([^<]+)</th>', page.split("<tfoot>")[0]) for page in (up, down)]
    assert rows[0] == rows[1][::-1]
    assert len(rows[0]) == 3
    assert 'aria-sort="ascending"' in up


@pytest.mark.parametrize("row", [str(2**31), str(2**63), "9" * 400, "9" * 5000])
def test_a_row_beyond_every_release_is_not_found(release_id: str, browse: Browse, person: Person, row: str) -> None:
    client = browse("en", as_user=person("zhou", viewer=LONGQUAN))
    number = client.get(f"/api/v1/releases/{release_id}/sub-compartments/3").json()["derivation_id"]
    for address in (
        f"/map/panel/?release={release_id}&row={row}",
        f"/releases/{release_id}/derivations/{number}/?row={row}",
        f"/api/v1/releases/{release_id}/sub-compartments/{row}",
    ):
        # The API calls a number of thousands of digits no number at all.
        assert client.get(address).status_code in ({404, 422} if len(row) > 4000 else {404}), address[:80]


@pytest.mark.parametrize(("language", "said"), [("zh", "未校准"), ("en", "not calibrated")])
def test_a_release_without_calibration_calls_nothing_calibrated(
    release_id: str, browse: Browse, language: str, said: str
) -> None:
    client = browse(language)
    for address in (
        f"/map/panel/?release={release_id}&place={LONGQUAN}",
        f"/statistics/?release={release_id}",
        f"/statistics/?release={release_id}&within={LONGQUAN}",
        f"/releases/{release_id}/",
        "/releases/",
        "/",
    ):
        page = client.get(address).content.decode()
        if address == "/":
            assert release_id in page.split("not_calibrated", 1)[1].split("]", 1)[0]
            continue
        assert said in page, address
        assert "calibrated_stock_tc" not in page, address
        assert "Carbon stock, calibrated" not in page, address


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "覆盖 2 个乡镇（街道）中的 1 个"), ("en", "covers 1 of 2 townships")]
)
def test_a_release_of_a_part_says_how_much_it_covers(
    release_id: str, browse: Browse, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    addresses = (
        f"/map/panel/?release={release_id}&place={LONGQUAN}",
        f"/statistics/?release={release_id}",
        f"/releases/{release_id}/",
        "/releases/",
    )
    names = {LONGQUAN: "龙泉市", f"{LONGQUAN}103": "甲乡", f"{LONGQUAN}104": "乙乡"}
    for known, is_said in ((names, True), ({f"{LONGQUAN}103": "甲乡"}, False)):
        monkeypatch.setattr("senhui.inventory.queries.unit_names", lambda known=known: known)
        for address in addresses:
            assert (said in browse(language).get(address).content.decode()) == is_said, address


@pytest.mark.parametrize(("language", "said"), [("zh", "已使用过"), ("en", "was used before")])
def test_a_used_sign_in_link_says_so_when_it_is_opened(
    db: None, browse: Browse, person: Person, now: dt.datetime, language: str, said: str
) -> None:
    token = create_sign_in_link(person("lin"), now=now, valid_for=dt.timedelta(hours=1))
    client = browse(language)
    assert client.get(f"/sign-in/{token}/").status_code == 200, "opening it uses nothing up"
    assert client.post(f"/sign-in/{token}/").status_code == 302
    again = client.get(f"/sign-in/{token}/")
    assert again.status_code == 403
    assert said in again.content.decode()


def test_units_regions_and_rows_of_parameters_are_written_for_people(release_id: str, browse: Browse) -> None:
    client = browse("zh")
    listed = client.get(f"/releases/{release_id}/").content.decode()
    addresses = sorted(set(re.findall(rf"/releases/{release_id}/derivations/\d+/", listed)))
    page = "".join(client.get(address).content.decode() for address in addresses)
    assert "t/m³" in page
    assert "t/m3" not in page
    assert "浙江" in page
    assert "<code>zhejiang_row</code>" not in page
    assert "表中对应的行" in page
