"""Pages, files and API of a comparison: the table closes as it is printed, and each reader finds his own lines."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.inventory.surveys import two_releases
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet

from senhui.atlas.cube import build_cube
from senhui.inventory import changes
from senhui.inventory.actions.compare_releases import compare_releases
from senhui.inventory.actions.record_event import Statement, record_event
from senhui.jobs.models import Job

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
TOWN = f"{LONGQUAN}103"


@pytest.fixture
def wang(person: Person) -> Any:
    return person("wang", technician=LONGQUAN)


@pytest.fixture
def compared(person: Person, tmp_path: Path, wang: Any) -> changes.ChangeInfo:
    """Two surveys of twelve stands in one township of Longquan, of which one was cut."""
    before, after = two_releases(person, tmp_path)
    for release in (before, after):
        build_cube(release.id)
    record_event(
        wang, kind="harvest", release_id=before.id, row=11, happened_on=dt.date(2018, 6, 1), area_ha=2.0,
        statement=Statement(taken_frac=1.0, product_frac=0.5), now=NOW,
    )  # fmt: skip
    return compare_releases(wang, before_id=before.id, after_id=after.id, now=NOW, progress=quiet)


def printed_lines(page: str) -> dict[str, list[float]]:
    """Return the first table of a page: name of each line → its printed numbers."""
    body = re.search(r"<tbody>(.*?)</tbody>", page, re.S)
    assert body is not None
    rows = {}
    for row in re.findall(r"<tr.*?</tr>", body.group(1), re.S):
        name, *cells = (re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S))
        rows[name] = [float(cell.replace(",", "")) for cell in cells]
    return rows


def assert_closes(lines: dict[str, list[float]], before: str, after: str) -> None:
    for column, end in enumerate(lines[after]):
        moved = sum(values[column] for name, values in lines.items() if name not in (before, after))
        assert lines[before][column] + moved == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize(
    ("language", "before", "after", "removal", "harvest"),
    [("zh", "期初碳储量", "期末碳储量", "碳汇量", "采伐"), ("en", "Stock before", "Stock after", "Removal", "Harvest")],
)
def test_the_printed_table_closes_and_tells_the_public_no_harvest(
    compared: changes.ChangeInfo, browse: Browse, wang: Any, language: str, before: str, after: str, removal: str,
    harvest: str,
) -> None:  # fmt: skip
    visitor, technician = browse(language), browse(language, as_user=wang)
    for address in ("/changes/", f"/changes/{compared.id}/", f"/changes/{compared.id}/?within={LONGQUAN}",
                    f"/changes/{compared.id}/?within={TOWN}"):  # fmt: skip
        page = visitor.get(address)
        assert page.status_code == 200, address
        lines = printed_lines(page.content.decode())
        assert_closes(lines, before, after)
        assert harvest not in lines
        assert removal in lines
    lines = printed_lines(technician.get(f"/changes/{compared.id}/?within={TOWN}").content.decode())
    assert_closes(lines, before, after)
    assert lines[harvest][0] < 0


def test_no_english_is_left_on_a_chinese_page(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    for address in (f"/changes/{compared.id}/", f"/changes/{compared.id}/?within={LONGQUAN}", "/changes/"):
        page = browse("zh", as_user=wang).get(address).content.decode()
        text = re.sub(r"<[^>]+>", " ", page)
        assert "t C" not in text
        assert not re.search(r"\b(Removal|Stock|Growth|Harvest|Events?|hectare|Together)\b", text)


def test_of_the_models_the_public_reads_the_city_alone(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    address = f"/changes/{compared.id}/"
    heading = "Model estimates beside it"
    assert heading in browse("en").get(address).content.decode()
    assert heading not in browse("en").get(f"{address}?within={LONGQUAN}").content.decode()
    page = browse("en", as_user=wang).get(f"{address}?within={LONGQUAN}").content.decode()
    assert heading in page
    assert "4.36" in page
    assert "growth_models" in page


def test_the_files_hold_what_their_reader_sees(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    address = f"/changes/{compared.id}/closing.csv?within={LONGQUAN}"
    public, full = browse("en").get(address), browse("en", as_user=wang).get(address)
    assert ("harvest" in public.content.decode(), "harvest" in full.content.decode()) == (False, True)
    assert compared.id in full["Content-Disposition"]
    xlsx = browse("zh").get(f"/changes/{compared.id}/closing.xlsx")
    assert xlsx.content[:2] == b"PK"


def test_what_is_not_there_is_not_found(compared: changes.ChangeInfo, browse: Browse) -> None:
    client = browse("en")
    for address in ("/changes/no-such/", f"/changes/{compared.id}/?within=abc",
                    f"/changes/{compared.id}/?within={QINGYUAN}", f"/changes/{compared.id}/closing.pdf"):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert client.get("/api/v1/changes/no-such").status_code == 404
    for within in (QINGYUAN, "331199", "33118", "abc"):
        for address in (f"/api/v1/changes/{compared.id}", f"/api/v1/changes/{compared.id}/closing"):
            answer = client.get(f"{address}?within={within}")
            assert (answer.status_code, answer.json()["error"]) == (404, "NoSuchPlace"), address
        page = client.get(f"/changes/{compared.id}/closing.csv?within={within}")
        assert page.status_code == 404
        assert "No place with the code" in page.content.decode()
    assert client.get(f"/api/v1/changes/{compared.id}/closing?within=3311").json()["places"] == [LONGQUAN]


def test_a_comparison_says_that_events_came_since(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    said = "Events were recorded or taken back since."
    assert said not in browse("en").get(f"/changes/{compared.id}/").content.decode()
    record_event(
        wang, kind="fire", release_id=compared.before.id, row=3, happened_on=dt.date(2019, 6, 1), area_ha=1.0,
        statement=Statement(), now=NOW,
    )  # fmt: skip
    assert said in browse("en").get(f"/changes/{compared.id}/").content.decode()
    (one,) = browse("en").get("/api/v1/changes").json()
    assert one["is_overtaken"]


def test_the_api_tells_the_same_lines(compared: changes.ChangeInfo, browse: Browse, wang: Any) -> None:
    public, technician = browse("en"), browse("en", as_user=wang)
    one = public.get(f"/api/v1/changes/{compared.id}?within={LONGQUAN}").json()
    assert one["change_tc_yr_per_forest_ha"] == pytest.approx(one["removal"]["change_tc_yr"] / one["forest_area_ha"])
    assert one["change_tc_yr_per_land_ha"] == pytest.approx(one["removal"]["change_tc_yr"] / one["land_area_ha"])
    assert one["land_source"] == "layer"
    closing = f"/api/v1/changes/{compared.id}/closing?within={LONGQUAN}"
    told, full = public.get(closing).json(), technician.get(closing).json()
    assert "harvest" not in told["lines"]
    assert full["lines"]["harvest"][0] < 0
    for answer in (told, full):
        moved = sum(values[0] for line, values in answer["lines"].items() if not line.startswith("stock_"))
        assert answer["lines"]["stock_before"][0] + moved == pytest.approx(answer["lines"]["stock_after"][0])


def test_who_sees_no_stand_compares_nothing(compared: changes.ChangeInfo, browse: Browse, person: Person) -> None:
    choice = {"before": compared.before.id, "after": compared.after.id}
    assert browse("en").post("/changes/", choice).status_code == 302, "a visitor signs in first"
    nobody = browse("en", as_user=person("nobody"))
    assert '<form class="choose" method="post">' not in nobody.get("/changes/").content.decode()
    assert nobody.post("/changes/", choice).status_code == 403
    assert not Job.objects.exists()


def test_a_choice_that_is_no_release_is_told_at_its_field(
    compared: changes.ChangeInfo, browse: Browse, wang: Any
) -> None:
    answer = browse("en", as_user=wang).post("/changes/", {"before": "1999-1", "after": compared.after.id})
    assert answer.status_code == 400
    assert "wrong-text" in answer.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("damage", ["{", "[]", '{"before": "2016-1"}', None])
def test_a_comparison_that_cannot_be_read_is_named_and_hides_no_other(
    compared: changes.ChangeInfo, browse: Browse, wang: Any, person: Person, damage: str | None
) -> None:
    """Nor does the public read an older one instead: from the two it could take what was recorded between them."""
    record_event(
        wang, kind="fire", release_id=compared.before.id, row=3, happened_on=dt.date(2019, 6, 1), area_ha=1.0,
        statement=Statement(), now=NOW,
    )  # fmt: skip
    later = NOW + dt.timedelta(minutes=1)
    newer = compare_releases(wang, before_id=compared.before.id, after_id=compared.after.id, now=later, progress=quiet)
    if damage is None:
        (newer.directory / "movements.parquet").write_bytes(b"x")
    else:
        (newer.directory / changes.MANIFEST).write_text(damage)
    cannot = {"id": newer.id, "cannot_be_read": True}
    assert browse("en").get("/api/v1/changes").json() == [cannot]
    everything = browse("en", as_user=person("all", viewer="3311"))
    assert [one["id"] for one in everything.get("/api/v1/changes").json()] == [compared.id, newer.id]
    assert everything.get("/changes/").status_code == 200
    answer = everything.get(f"/changes/{newer.id}/")
    assert answer.status_code == 409
    assert "was changed after it was written" in answer.content.decode()
    if damage is not None:
        for language, said in (("zh", "无法读取"), ("en", "cannot be read")):
            page = browse(language).get("/changes/").content.decode()
            assert said in page
            assert newer.id in page


def test_what_was_left_out_stands_beside_every_answer(
    compared: changes.ChangeInfo, browse: Browse, wang: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"row": 1, "sub_compartment_id": f"{LONGQUAN}103201-0001-0009", "area_ha": 2.5}]
    real = changes.change

    def with_land_left_out(change_id: str) -> changes.ChangeInfo:
        info = real(change_id)
        kept = {**info.after.manifest, "excluded": {"rows": rows, "n_rows": 1, "area_ha": 2.5}}
        return replace(info, after=replace(info.after, manifest=kept, excluded_area_ha=2.5, n_excluded=1))

    monkeypatch.setattr(changes, "change", with_land_left_out)
    client = browse("en")
    for address in (f"/api/v1/changes/{compared.id}", f"/api/v1/changes/{compared.id}/closing"):
        told = client.get(f"{address}?within={LONGQUAN}").json()
        assert (told["before_excluded_area_ha"], told["after_excluded_area_ha"], told["is_sample"]) == (0.0, 2.5, False)
    heads, first, *_ = client.get(f"/changes/{compared.id}/closing.csv").content.decode("utf-8-sig").splitlines()
    cells = dict(zip(heads.split(","), first.split(","), strict=True))
    assert cells["Whole table: area left out of the earlier release (ha)"] == "0.0"
    assert cells["Whole table: area left out of the later release (ha)"] == "2.5"
    assert "2.50" in client.get(f"/changes/{compared.id}/").content.decode()
