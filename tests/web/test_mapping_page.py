"""The mapping page: the open question, its answer, codes with a meaning, a mapping saved and loaded again."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.inventory.test_map_draft import LIFE_ZONES, carpathians
from tests.small_layer import LONGQUAN, QINGYUAN, quiet
from tests.web.flawed import N_ROWS, SPECIES, import_flawed

from senhui.inventory import queries
from senhui.inventory.actions.import_layer import import_layer
from senhui.inventory.actions.measure_draft import measure_draft

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]
ODD = ["A1", "A2", "A3"]


@pytest.fixture
def lin(person: Person) -> Any:
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def draft(lin: Any, tmp_path: Path, now: dt.datetime) -> queries.DraftInfo:
    """Forty stands whose species lie in a column TREE, in codes of the county's own."""
    species = (ODD * N_ROWS)[:N_ROWS]
    return import_flawed(lin, tmp_path, now=now, YOU_SHI_SZ=[None] * N_ROWS, TREE=species)


def form_of(page: str) -> dict[str, str]:
    """Return what the form would send: the chosen options and typed values."""
    form = page.split('<form method="post" id="mapping">', 1)[1].split("</form>", 1)[0]
    sent = dict(re.findall(r'<input type="text" name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: translate="no")?(?: value="([^"]*)")? selected>([^<]*)', options)
        sent[name] = (chosen[1] if chosen[1] is not None else chosen[2]) if chosen else ""
    return sent


@pytest.mark.parametrize(("language", "said"), [("zh", "待回答的问题"), ("en", "The open question")])
def test_the_question_and_the_field_it_is_about_stand_first(
    draft: queries.DraftInfo, browse: Browse, lin: Any, language: str, said: str
) -> None:
    assert draft.state == "unmapped"
    client = browse(language, as_user=lin)
    page = client.get(f"/imports/{draft.id}/mapping/").content.decode()
    asked = page.split(said, 1)[1].split("</section>", 1)[0]
    assert "YOU_SHI_SZ" in asked
    assert 'name="column:YOU_SHI_SZ"' in asked
    assert page.count('name="column:YOU_SHI_SZ"') == 1
    assert f"/imports/{draft.id}/mapping/" in client.get(f"/imports/{draft.id}/").content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", page)


def test_a_person_answers_column_then_codes_and_the_rows_are_checked(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("zh", as_user=lin)
    address = f"/imports/{draft.id}/mapping/"
    answer = form_of(client.get(address).content.decode()) | {"column:YOU_SHI_SZ": "TREE", "species_code_system": "nfi"}
    response = client.post(address, answer)
    assert response.status_code == 302
    assert response["Location"] == address, "the codes are the next question"
    page = client.get(address).content.decode()
    asked = page.split('class="plate asked"', 1)[1].split("</section>", 1)[0]
    assert re.findall(r'name="code:YOU_SHI_SZ:(\w+)"', asked) == ODD
    assert re.search(r'<option value="310">杉木 \(310\)', asked), "in Chinese the name stands before the code"
    meaning = {f"code:YOU_SHI_SZ:{odd}": code for odd, code in zip(ODD, SPECIES, strict=True)}
    done = client.post(address, form_of(page) | meaning)
    assert done["Location"] == f"/imports/{draft.id}/"
    after = queries.draft(lin, draft.id, on=today)
    assert after.state == "imported"
    assert after.profile["code_map"] == {"YOU_SHI_SZ": dict(zip(ODD, SPECIES, strict=True))}
    assert "species_unknown" not in queries.draft_errors(lin, draft.id, on=today).n_by_reason


def test_a_saved_mapping_answers_the_next_layer_at_once(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date
) -> None:
    client = browse("en", as_user=lin)
    address = f"/imports/{draft.id}/mapping/"
    answer = form_of(client.get(address).content.decode()) | {"column:YOU_SHI_SZ": "TREE", "species_code_system": "nfi"}
    answer |= {f"code:YOU_SHI_SZ:{odd}": code for odd, code in zip(ODD, SPECIES, strict=True)}
    saved = client.post(f"{address}save/", answer)
    assert saved["Content-Disposition"].startswith("attachment")
    assert json.loads(saved.content)["field_names"]["YOU_SHI_SZ"] == "TREE"
    assert queries.draft(lin, draft.id, on=today).state == "unmapped", "saving applies nothing"
    file = SimpleUploadedFile("mapping.json", saved.content)
    assert client.post(f"{address}load/", {"mapping_file": file})["Location"] == f"/imports/{draft.id}/"
    assert queries.draft(lin, draft.id, on=today).state == "imported"


def test_codes_have_an_english_name_beside_their_own_on_an_english_page(
    draft: queries.DraftInfo, browse: Browse, lin: Any
) -> None:
    shown = {
        language: browse(language, as_user=lin).get(f"/imports/{draft.id}/mapping/").content.decode()
        for language in ("zh", "en")
    }
    for english in ("310 杉木 · Chinese fir", "1111 纯林地 · Tree forest", "1 幼龄林 · young"):
        assert f">{english}</option>" in shown["en"]
    for chinese in ("杉木 (310)", "纯林地 (1111)", "幼龄林 (1)"):
        assert f">{chinese}</option>" in shown["zh"]


@pytest.mark.parametrize(("content", "status"), [(b"{}", 422), (b"\x00", 422), (None, 400)])
def test_a_file_that_is_no_mapping_is_refused_beside_its_field(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, content: bytes | None, status: int
) -> None:
    given = {} if content is None else {"mapping_file": SimpleUploadedFile("m.json", content)}
    response = browse("en", as_user=lin).post(f"/imports/{draft.id}/mapping/load/", given)
    assert response.status_code == status
    assert 'class="field wrong"' in response.content.decode()
    assert queries.draft(lin, draft.id, on=today).state == "unmapped"


def test_a_mapping_that_leads_to_another_question_keeps_what_was_typed(
    browse: Browse, lin: Any, tmp_path: Path, now: dt.datetime, today: dt.date
) -> None:
    mapped = import_flawed(lin, tmp_path, now=now, TREE=(ODD * N_ROWS)[:N_ROWS])
    client = browse("en", as_user=lin)
    address = f"/imports/{mapped.id}/mapping/"
    response = client.post(address, form_of(client.get(address).content.decode()) | {"column:YOU_SHI_SZ": "TREE"})
    page = response.content.decode()
    assert response.status_code == 422
    assert re.findall(r'name="code:YOU_SHI_SZ:(\w+)"', page) == ODD
    assert form_of(page)["column:YOU_SHI_SZ"] == "TREE"
    assert queries.draft(lin, mapped.id, on=today).profile == mapped.profile


def test_who_may_not_import_here_changes_no_mapping(draft: queries.DraftInfo, browse: Browse, person: Person) -> None:
    client = browse("en", as_user=person("wu", technician=QINGYUAN))
    assert client.get(f"/imports/{draft.id}/mapping/").status_code == 404
    assert client.post(f"/imports/{draft.id}/mapping/", {}).status_code == 404


LOADED: dict[str, tuple[dict[str, Any], str]] = {
    "constants for fields that have a column": (
        {"constants": {"XIAN": "331126", "XIANG": "331126001"}}, "several columns stand for the field XIAN"),
    "a constant for the land class": ({"constants": {"DI_LEI": "1111"}}, "several columns stand for the field DI_LEI"),
    "a column that the layer lacks": ({"field_names": {"DI_LEI": "NOPE"}}, "has no column “NOPE” to be read as DI_LEI"),
    "saved from another layer": (
        {"field_names": {"DI_LEI": "CLASS", "YOU_SHI_SZ": "SPECIES"}, "area_unit": "mu", "land_class_generation": "G2",
         "code_map": {"YOU_SHI_SZ": {"A1": "310"}}}, "has no column “CLASS” to be read as DI_LEI"),
}  # fmt: skip
"""Mappings that do not fit the layer, and what is said of each."""


@pytest.mark.parametrize("case", LOADED)
def test_a_mapping_that_does_not_fit_is_the_next_question_of_an_unmapped_draft(
    draft: queries.DraftInfo, browse: Browse, lin: Any, today: dt.date, case: str
) -> None:
    stated, said = LOADED[case]
    client = browse("en", as_user=lin)
    address = f"/imports/{draft.id}/mapping/"
    response = client.post(f"{address}load/", {"mapping_file": mapping_file(stated)})
    assert (response.status_code, response["Location"]) == (302, address)
    after = queries.draft(lin, draft.id, on=today)
    assert after.state == "unmapped"
    assert after.profile["constants"] == stated.get("constants", {})
    shown = client.get(address)
    assert shown.status_code == 200
    assert said in shown.content.decode()


@pytest.mark.parametrize("case", LOADED)
def test_a_mapping_that_does_not_fit_leaves_a_mapped_draft_as_it_was(
    browse: Browse, lin: Any, tmp_path: Path, now: dt.datetime, today: dt.date, case: str
) -> None:
    stated, said = LOADED[case]
    mapped = import_flawed(lin, tmp_path, now=now)
    assert mapped.state == "imported"
    response = browse("en", as_user=lin).post(
        f"/imports/{mapped.id}/mapping/load/", {"mapping_file": mapping_file(stated)}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert form_of(page).get("constant:DI_LEI", "") == stated.get("constants", {}).get("DI_LEI", "")
    after = queries.draft(lin, mapped.id, on=today)
    assert (after.state, after.profile, after.mapping_no) == ("imported", mapped.profile, mapped.mapping_no)


def mapping_file(stated: dict[str, Any]) -> SimpleUploadedFile:
    return SimpleUploadedFile("m.json", json.dumps({"senhui_mapping": 1, **stated}).encode())


@pytest.mark.parametrize(("language", "said"), [("zh", "等另外"), ("en", "more.")])
def test_the_question_names_the_missing_field_and_folds_the_columns(
    draft: queries.DraftInfo, browse: Browse, lin: Any, language: str, said: str
) -> None:
    page = browse(language, as_user=lin).get(f"/imports/{draft.id}/mapping/").content.decode()
    asked = page.split('class="plate asked"', 1)[1].split("</section>", 1)[0]
    missing = asked.split('id="missing-fields"', 1)[1].split("</ul>", 1)[0]
    assert "优势树种" in missing
    assert "dominant species" in missing
    alert = asked.split('role="alert"', 1)[1].split("</div>", 1)[0]
    assert said in alert
    folded = asked.split('<details id="asked-columns">', 1)[1].split("</details>", 1)[0]
    assert "<code>TREE</code>" in folded
    assert "TREE" not in alert


def test_a_layer_without_any_area_is_mapped_on_the_page_to_no_estimate(
    browse: Browse, lin: Any, now: dt.datetime, today: dt.date
) -> None:
    draft = import_layer(
        lin, path=carpathians(), original_name="inventory.shp", reference_year=2021, now=now, progress=quiet
    )
    client = browse("en", as_user=lin)
    address = f"/imports/{draft.id}/mapping/"
    page = client.get(address).content.decode()
    assert "that of each outline is taken" in page
    answer = form_of(page) | {
        "land_class_generation": "G1", "column:DI_LEI": "LifeZone", "column:XIAO_BAN": "FID",
        "constant:XIAN": LONGQUAN, "constant:XIANG": "001", "constant:CUN": "001", "constant:LIN_BAN": "1",
        "constant:YOU_SHI_SZ": "not-recorded", "constant:MIAN_JI": "not-recorded", "place": "own",
    }  # fmt: skip
    asked = client.post(address, answer)
    assert asked["Location"] == address, "the classes of the layer are the next question"
    page = client.get(address).content.decode()
    assert form_of(page)["constant:MIAN_JI"] == "not-recorded"
    assert "the area of the outline is taken" in page
    meant = {f"code:DI_LEI:{zone}": code for zone, code in LIFE_ZONES.items()}
    done = client.post(address, form_of(page) | meant | {"place": "own"})
    assert done.status_code == 302, done.content.decode()
    mapped = queries.draft(lin, draft.id, on=today)
    assert (mapped.state, mapped.profile["area_unit"], mapped.n_open_errors) == ("imported", "outline", 0)
    measured = measure_draft(lin, draft_id=draft.id, now=now, progress=quiet)
    assert measured.measurement is not None
    stands = pl.read_parquet(measured.directory / "measured.parquet")
    forest = stands.filter(pl.col("land_class") == "tree_forest")
    assert set(forest["no_estimate_reason"]) == {"volume_not_recorded"}
    assert forest["stock_tc"].null_count() == forest.height > 0
