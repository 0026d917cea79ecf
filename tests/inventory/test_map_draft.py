"""A layer whose columns nobody understands waits for a person; a mapping is changed without the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.inventory.damaged import ON, WRONG_AREA, imported, open_errors, unchanged, write_damaged
from tests.small_layer import LONGQUAN, NOW, QINGYUAN, quiet, write_layer

from senhui.access.rules import PermissionRefused
from senhui.intake import ImportProfile, MappingNeeded
from senhui.inventory import queries
from senhui.inventory.actions.correct_row import correct_row
from senhui.inventory.actions.exclude_rows import exclude_rows
from senhui.inventory.actions.import_layer import import_layer, sweep_orphans
from senhui.inventory.actions.map_draft import MappingNeedsTheFile, map_draft
from senhui.inventory.actions.measure_draft import measure_draft
from senhui.inventory.actions.reopen_row import reopen_row
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.inventory.models import Draft
from senhui.inventory.refusals import DraftNeedsMapping

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]


@pytest.fixture
def lin(person: Person) -> Any:
    """A technician of Longquan."""
    return person("lin", technician=LONGQUAN)


def write_renamed(path: Path, **overrides: Any) -> Path:
    """A layer whose county and area are in columns that no schema knows."""
    layer = write_layer(path, **overrides)
    import pyogrio

    frame = pyogrio.read_dataframe(layer).rename(columns={"XIAN": "county", "MIAN_JI": "size"})
    path.unlink()
    pyogrio.write_dataframe(frame, path, layer="xiaoban")
    return path


NAMES = {"XIAN": "county", "MIAN_JI": "size"}


def mapped(actor: Any, draft_id: int, **profile: Any) -> queries.DraftInfo:
    return map_draft(actor, draft_id=draft_id, profile=ImportProfile(**profile), now=NOW, progress=quiet)


def test_a_layer_that_is_not_understood_waits_with_its_question(lin: Any, person: Person, tmp_path: Path) -> None:
    draft = imported(lin, write_renamed(tmp_path / "renamed.gpkg"))
    assert (draft.state, draft.n_rows, draft.n_errors, draft.township_codes) == ("unmapped", 12, 0, ())
    assert draft.question is not None
    assert draft.question["class"] == "senhui.intake.fields:FieldsMissing"
    assert draft.question["fields"]["missing"] == ["XIAN", "MIAN_JI"]
    assert queries.findings(draft).is_empty()
    for action in (
        lambda: measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet),
        lambda: correct_row(lin, draft_id=draft.id, row=1, values={"size": "4"}, now=NOW),
        lambda: exclude_rows(lin, draft_id=draft.id, rows=[1], reason="x", now=NOW),
    ):
        unchanged(draft.id, action, DraftNeedsMapping)
    assert queries.drafts(person("hu", technician=LONGQUAN), on=ON) == [], "it lies nowhere yet"


def test_the_mapping_shows_columns_codes_and_the_question(lin: Any, tmp_path: Path) -> None:
    draft = imported(lin, write_renamed(tmp_path / "renamed.gpkg"))
    mapping = queries.draft_mapping(lin, draft.id, on=ON)
    county = next(column for column in mapping.columns if column.name == "county")
    assert (county.kind, county.samples, county.n_missing) == ("text", (LONGQUAN,), 0)
    assert next(column.kind for column in mapping.columns if column.name == "size") == "number"
    assert mapping.fields["XIANG"] == "XIANG"
    assert "XIAN" not in mapping.fields
    assert mapping.question == draft.question
    assert [(one.code, one.n_rows) for one in mapping.codes["YOU_SHI_SZ"]] == [("220", 4), ("310", 4), ("610", 4)]
    assert sorted(mapping.n_known["DI_LEI"].values())[-1] == 12
    assert mapping.n_known["YOU_SHI_SZ"]["nfi"] == 12


def test_an_answered_question_makes_it_a_draft_like_any_other(lin: Any, tmp_path: Path) -> None:
    draft = imported(lin, write_renamed(tmp_path / "renamed.gpkg"))
    after = mapped(lin, draft.id, field_names=NAMES, licence_note="CC BY 4.0, county bureau")
    assert (after.state, after.question, after.n_open_errors, after.area_ha) == ("imported", None, 0, 48.0)
    assert after.licence_note == "CC BY 4.0, county bureau"
    assert after.township_codes == (f"{LONGQUAN}103",)
    other = imported(lin, write_layer(tmp_path / "plain.gpkg"))
    one = measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet).measurement
    two = measure_draft(lin, draft_id=other.id, now=NOW, progress=quiet).measurement
    assert one is not None
    assert two is not None
    assert one["value_hash"] == two["value_hash"]


def test_a_partial_answer_is_kept_and_the_next_question_asked(lin: Any, tmp_path: Path) -> None:
    draft = imported(lin, write_renamed(tmp_path / "renamed.gpkg"))
    after = mapped(lin, draft.id, field_names={"XIAN": "county"})
    assert after.state == "unmapped"
    assert after.question is not None
    assert after.question["fields"]["missing"] == ["MIAN_JI"]
    assert after.profile["field_names"] == {"XIAN": "county"}


def test_a_mapping_onto_other_land_is_refused(lin: Any, tmp_path: Path) -> None:
    codes = {"XIANG": [f"{QINGYUAN}103"] * 12, "CUN": [f"{QINGYUAN}103201"] * 12}
    draft = imported(lin, write_renamed(tmp_path / "renamed.gpkg", county=QINGYUAN, **codes))
    unchanged(draft.id, lambda: mapped(lin, draft.id, field_names=NAMES), LayerOutsideYourAreas)
    assert queries.draft(lin, draft.id, on=ON).state == "unmapped"


def test_a_mapping_cannot_change_how_the_file_was_read(lin: Any, tmp_path: Path) -> None:
    draft = imported(lin, write_layer(tmp_path / "plain.gpkg"))
    problem = unchanged(draft.id, lambda: mapped(lin, draft.id, crs="EPSG:4549"), MappingNeedsTheFile)
    assert isinstance(problem, MappingNeedsTheFile)
    assert problem.names == ("crs",)


def test_a_mapped_draft_stays_when_another_mapping_does_not_fit(lin: Any, person: Person, tmp_path: Path) -> None:
    draft = imported(lin, write_layer(tmp_path / "plain.gpkg"))
    chen = person("chen", reviewer="3311")
    unchanged(draft.id, lambda: mapped(lin, draft.id, land_class_generation="G4"), MappingNeeded)
    unchanged(draft.id, lambda: mapped(chen, draft.id, area_unit="mu"), PermissionRefused)


def test_decisions_outlive_another_mapping(lin: Any, tmp_path: Path) -> None:
    """Read in another unit, a corrected row is still corrected, an excluded one still out, and can come back."""
    draft = imported(lin, write_damaged(tmp_path / "damaged.gpkg"))
    correct_row(lin, draft_id=draft.id, row=WRONG_AREA, values={"MIAN_JI": "4"}, now=NOW)
    exclude_rows(lin, draft_id=draft.id, rows=[5, 9], reason="a lake", now=NOW)
    measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    in_mu = mapped(lin, draft.id, area_unit="mu")
    assert (in_mu.state, in_mu.measurement, in_mu.mapping_no, in_mu.n_excluded) == ("imported", None, 2, 2)
    assert len({row for row, reason in open_errors(lin, draft.id) if reason == "area_impossible"}) == 10
    in_ha = mapped(lin, draft.id, area_unit="ha")
    assert (in_ha.n_open_errors, in_ha.mapping_no) == (0, 3)
    reopen_row(lin, draft_id=draft.id, row=5, now=NOW)
    assert open_errors(lin, draft.id) == {(5, "outline_overlaps"), (6, "outline_overlaps")}
    exclude_rows(lin, draft_id=draft.id, rows=[6], reason="drawn twice", now=NOW)
    measured = measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    assert measured.measurement is not None
    assert measured.measurement["excluded_area_ha"] == 8.0
    assert measured.area_ha == 40.0


def test_the_directories_that_a_mapping_followed_are_swept_after_a_day(
    lin: Any, tmp_path: Path, senhui_home: Path
) -> None:
    draft = imported(lin, write_layer(tmp_path / "plain.gpkg"))
    measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    mapped(lin, draft.id, area_unit="ha")
    assert len(list((senhui_home / "drafts").iterdir())) == 3
    assert sweep_orphans() == 0, "somebody may still be reading them"
    assert sweep_orphans(older_than_s=0) == 2
    (left,) = (senhui_home / "drafts").iterdir()
    assert left.name == Draft.objects.get(pk=draft.id).directory_name
    assert queries.draft_row(lin, draft.id, 1, on=ON).values["MIAN_JI"] == 4.0


def test_a_licence_note_goes_with_the_draft(lin: Any, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "plain.gpkg")
    draft = import_layer(
        lin, path=path, original_name="x", reference_year=2021, licence_note="for study only", now=NOW, progress=quiet
    )
    assert draft.licence_note == "for study only"


def carpathians() -> Path:
    """Sixteen real polygons without stand data, from the shared data beside the project."""
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("SENHUI_SHARED_DATA", root.parent / "shared" / "data"))
    path = shared / "layers" / "carpathians" / "inventory.shp"
    if not path.exists():
        pytest.skip(f"{path} is not here: set SENHUI_SHARED_DATA to the folder with the shared data")
    return path


LIFE_ZONES = {
    "Cool temperate steppe": "2430",
    "Boreal wet forest": "1111",
    "Polar rain tundra": "2450",
    "Cool temperate wet forest": "1111",
    "Cool temperate moist forest": "1111",
}
"""The layer's classes as land classes of the first generation; what else occurs is asked for."""


def test_a_layer_without_stand_data_is_mapped_by_its_class_and_ends_without_estimate(lin: Any) -> None:
    licence = "MPL-2.0, moja global"
    draft = import_layer(
        lin,
        path=carpathians(),
        original_name="inventory.shp",
        reference_year=2021,
        licence_note=licence,
        now=NOW,
        progress=quiet,
    )
    assert (draft.state, draft.n_rows, draft.licence_note) == ("unmapped", 16, licence)
    draft = mapped(
        lin,
        draft.id,
        **{
            "licence_note": licence,
            "land_class_generation": "G1",
            "field_names": {"DI_LEI": "LifeZone", "XIAO_BAN": "FID"},
            "code_map": {"DI_LEI": LIFE_ZONES},
            "constants": {
                "XIAN": LONGQUAN, "XIANG": "001", "CUN": "001", "LIN_BAN": "1", "YOU_SHI_SZ": "", "MIAN_JI": "",
            },
            "expected_bounds": (17.0, 44.0, 27.0, 51.0),
        },
    )  # fmt: skip
    assert (draft.state, draft.profile["area_unit"]) == ("imported", "outline")
    assert set(queries.findings(draft).filter(pl.col("severity") == "error")["reason"]) == set()
    measured = measure_draft(lin, draft_id=draft.id, now=NOW, progress=quiet)
    stands = pl.read_parquet(measured.directory / "measured.parquet")
    assert stands.height == 16
    assert stands["area_ha"].equals(stands["geometry_area_ha"], check_dtypes=True)
    forest = stands.filter(pl.col("land_class") == "tree_forest")
    assert forest.height == 13
    assert set(forest["no_estimate_reason"]) == {"volume_not_recorded"}
    assert forest["stock_tc"].null_count() == 13
    assert measured.licence_note == licence
