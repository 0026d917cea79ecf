"""Outlines over the map: imported in any coordinate system, counted once, seen by role, removed with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyogrio
import pytest
import shapely
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from pyproj import Geod, Transformer
from tests.small_layer import LONGQUAN, NOW, QINGYUAN

from senhui.access.models import AuditEntry
from senhui.access.rules import PermissionRefused
from senhui.access.terminal import OPERATOR
from senhui.intake import LayerRefused
from senhui.inventory import overlays as room
from senhui.inventory.actions.import_overlay import (
    OverlayIsThere,
    OverlayLiesNowhere,
    OverlayOutlinesWrong,
    OverlayStatement,
    OverlayStatementWrong,
    import_overlay,
)
from senhui.inventory.actions.load_administrative_units import load_administrative_units
from senhui.inventory.actions.remove_overlay import OverlayIsRemoved, RemovalNeedsAReason, remove_overlay
from senhui.inventory.models import Overlay, OverlayPart

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
TODAY = NOW.date()
LEFT, RIGHT = shapely.box(119.10, 28.00, 119.14, 28.02), shapely.box(119.12, 28.00, 119.16, 28.02)
VILLAGES = OverlayStatement(
    kind="beautiful_village", name_zh="美丽乡村", name_en="Beautiful villages", source="市规划局", year=2024
)


@pytest.fixture
def wang(person: Person) -> Any:
    """A technician of Longquan, in a city with two counties side by side."""
    counties = {LONGQUAN: shapely.box(119, 27.9, 119.3, 28.2), QINGYUAN: shapely.box(119.3, 27.9, 119.6, 28.2)}
    units = pl.DataFrame(
        [(code, "county", code, "3311", shapely.to_wkb(outline)) for code, outline in counties.items()],
        schema=["code", "level", "name_zh", "parent_code", "wkb"],
        orient="row",
    )
    load_administrative_units(OPERATOR, units=units, is_sample=True, now=NOW)
    return person("wang", technician=LONGQUAN)


def layer(path: Path, *outlines: shapely.Geometry, crs: str = "EPSG:4490", names: list[str] | None = None) -> Path:
    """Write outlines in the format that the name of the file says."""
    drivers = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}
    to_file = Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    moved = shapely.transform(
        np.array(outlines, dtype=object), lambda xy: np.column_stack(to_file.transform(*xy.T)), include_z=False
    )
    columns: dict[str, Any] = {"NAME": names or [f"村{nth}" for nth, _ in enumerate(outlines)]}
    table = pa.table({**columns, "geometry": pa.array(shapely.to_wkb(moved))})
    options = {"RFC7946": "NO"} if path.suffix == ".geojson" else {}
    pyogrio.write_arrow(
        table, path, driver=drivers[path.suffix], geometry_name="geometry", geometry_type="Polygon", crs=crs,
        layer_options=options,
    )  # fmt: skip
    return path


def brought(actor: Any, path: Path, statement: OverlayStatement = VILLAGES) -> room.OverlayInfo:
    return import_overlay(actor, path=path, original_name=path.name, statement=statement, now=NOW)


def nothing_is_there() -> bool:
    return not Overlay.objects.exists() and not OverlayPart.objects.exists() and not audited("import_overlay")


def audited(verb: str) -> int:
    return AuditEntry.objects.filter(action=f"inventory.{verb}").count()


@pytest.mark.parametrize(
    ("name", "crs"),
    [("v.gpkg", "EPSG:4490"), ("v.shp", "EPSG:4549"), ("v.geojson", "EPSG:4326"), ("v.geojson", "EPSG:4549")],
)
def test_outlines_of_any_format_and_system_come_to_the_same_place_with_names(
    wang: Any, tmp_path: Path, name: str, crs: str
) -> None:
    info = brought(wang, layer(tmp_path / name, LEFT, RIGHT, crs=crs))
    assert (info.source_crs, info.county_codes, info.imported_by) == (crs, (LONGQUAN,), "wang")
    parts = room.parts(AnonymousUser(), info.id, on=TODAY)
    assert [part.name_zh for part in parts] == ["村0", "村1"]
    assert shapely.hausdorff_distance(parts[0].geometry, LEFT) < 2e-6
    assert audited("import_overlay") == 1


def test_land_under_two_outlines_counts_once_on_the_ellipsoid(wang: Any, tmp_path: Path) -> None:
    info = brought(wang, layer(tmp_path / "v.gpkg", LEFT, RIGHT))
    # Left and right share a third of their common extent, 0.06 by 0.02 degrees; the geodesic area of PROJ is the rival.
    geod = Geod(a=6378137, rf=298.257222101)
    whole_ha = abs(geod.geometry_area_perimeter(shapely.segmentize(LEFT | RIGHT, 0.0005))[0]) / 1e4
    assert info.area_ha == pytest.approx(whole_ha, rel=1e-6)
    assert sum(part.area_ha for part in room.parts(wang, info.id, on=TODAY)) == pytest.approx(
        whole_ha * 4 / 3, rel=1e-6
    )


def test_several_overlays_cover_their_common_land_once(wang: Any, tmp_path: Path) -> None:
    left = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    park = replace(VILLAGES, kind="national_park", name_zh="国家公园")
    right = brought(wang, layer(tmp_path / "b.gpkg", RIGHT), park)
    together = room.union_area_ha(wang, [left.id, right.id, left.id], on=TODAY)
    assert together == pytest.approx((left.area_ha + right.area_ha) * 3 / 4, rel=1e-6)
    assert room.union_area_ha(wang, [], on=TODAY) == 0.0


def test_outlines_that_overlap_a_border_need_the_right_in_both_counties(
    wang: Any, person: Person, tmp_path: Path
) -> None:
    across = layer(tmp_path / "a.gpkg", shapely.box(119.28, 28, 119.32, 28.02))
    with pytest.raises(PermissionRefused) as refused:
        brought(wang, across)
    assert refused.value.area == QINGYUAN
    assert nothing_is_there()
    assert brought(person("lin", technician="3311"), across).county_codes == (QINGYUAN, LONGQUAN)


def test_a_border_drawn_a_metre_off_does_not_reach_into_the_next_county(wang: Any, tmp_path: Path) -> None:
    along = layer(tmp_path / "a.gpkg", shapely.box(119.25, 28, 119.30001, 28.02))
    assert brought(wang, along).county_codes == (LONGQUAN,)


def test_who_may_not_import_is_refused(wang: Any, person: Person, tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", LEFT)
    for actor in (person("li", viewer=LONGQUAN), person("zhou", technician=QINGYUAN)):
        with pytest.raises(PermissionRefused):
            brought(actor, path)
    assert nothing_is_there()


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "park"), ("visibility", "all"), ("name_zh", " "), ("source", ""), ("year", 24), ("name_en", "n" * 121)],
)
def test_what_must_be_stated_is_asked_for_by_its_name(wang: Any, tmp_path: Path, field: str, value: Any) -> None:
    with pytest.raises(OverlayStatementWrong) as refused:
        brought(wang, layer(tmp_path / "a.gpkg", LEFT), replace(VILLAGES, **{field: value}))
    assert refused.value.field == field
    assert nothing_is_there()


def test_outlines_that_cross_themselves_are_named_by_row(wang: Any, tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(119.1, 28), (119.2, 28.1), (119.2, 28), (119.1, 28.1)])
    with pytest.raises(OverlayOutlinesWrong) as refused:
        brought(wang, layer(tmp_path / "a.gpkg", LEFT, bow_tie))
    assert (refused.value.rows, refused.value.n_rows) == ([2], 1)
    assert nothing_is_there()


def test_outlines_elsewhere_and_files_that_are_no_layer_are_refused(wang: Any, tmp_path: Path) -> None:
    with pytest.raises(OverlayLiesNowhere):
        brought(wang, layer(tmp_path / "far.gpkg", shapely.box(110, 30, 110.1, 30.1)))
    no_layer = tmp_path / "none.geojson"
    no_layer.write_text(json.dumps({"type": "Topology", "objects": {}}))
    with pytest.raises(LayerRefused):
        brought(wang, no_layer)
    assert nothing_is_there()


def test_the_same_file_lies_over_the_map_once_per_kind(wang: Any, tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", LEFT)
    first = brought(wang, path)
    with pytest.raises(OverlayIsThere) as refused:
        brought(wang, path)
    assert (refused.value.overlay_id, Overlay.objects.count()) == (first.id, 1)
    brought(wang, path, replace(VILLAGES, kind="other"))


def test_public_outlines_are_for_all_and_others_for_a_role_in_their_county(
    wang: Any, person: Person, tmp_path: Path
) -> None:
    shown = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    kept = brought(wang, layer(tmp_path / "b.gpkg", RIGHT), replace(VILLAGES, visibility="role"))
    visitor, neighbour = AnonymousUser(), person("zhou", viewer=QINGYUAN)
    for actor in (visitor, neighbour):
        assert [info.id for info in room.overlays(actor, on=TODAY)] == [shown.id]
        for ask in (room.overlay, room.parts):
            with pytest.raises(room.NoSuchOverlay):
                ask(actor, kept.id, on=TODAY)
        with pytest.raises(room.NoSuchOverlay):
            room.union_area_ha(actor, [shown.id, kept.id], on=TODAY)
    townsman = person("li", viewer=f"{LONGQUAN}103")
    assert {info.id for info in room.overlays(townsman, on=TODAY)} == {shown.id, kept.id}


def test_removed_outlines_leave_the_map_and_stay_in_the_history(wang: Any, person: Person, tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", LEFT)
    info = brought(wang, path)
    removed = remove_overlay(wang, overlay_id=info.id, reason="replaced by the outlines of 2025", now=NOW)
    assert (removed.removed_by, removed.removal_reason) == ("wang", "replaced by the outlines of 2025")
    assert room.overlays(wang, on=TODAY) == []
    with pytest.raises(room.NoSuchOverlay):
        room.parts(wang, info.id, on=TODAY)
    assert [one.id for one in room.overlay_history(wang, on=TODAY)] == [info.id]
    assert room.overlay_history(person("li", viewer=LONGQUAN), on=TODAY) == []
    assert OverlayPart.objects.filter(overlay=info.id).count() == 1
    assert audited("remove_overlay") == 1
    with pytest.raises(OverlayIsRemoved):
        remove_overlay(wang, overlay_id=info.id, reason="again", now=NOW)
    # The same file may come back.
    assert brought(wang, path).id != info.id


def test_a_removal_needs_a_reason_and_the_right_in_the_county(wang: Any, person: Person, tmp_path: Path) -> None:
    info = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    with pytest.raises(RemovalNeedsAReason):
        remove_overlay(wang, overlay_id=info.id, reason="  ", now=NOW)
    for actor in (person("zhou", technician=QINGYUAN), person("li", viewer=LONGQUAN)):
        with pytest.raises(PermissionRefused):
            remove_overlay(actor, overlay_id=info.id, reason="mine", now=NOW)
    assert [one.id for one in room.overlays(wang, on=TODAY)] == [info.id]
    assert audited("remove_overlay") == 0


def test_the_database_keeps_no_removal_without_a_person(wang: Any, tmp_path: Path) -> None:
    info = brought(wang, layer(tmp_path / "a.gpkg", LEFT))
    with pytest.raises(IntegrityError), transaction.atomic():
        Overlay.objects.filter(pk=info.id).update(removed_at=NOW)
