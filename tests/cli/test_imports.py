"""`senhui import` with every kind of file and every option, as somebody uses it who has only read its help."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pyogrio
import pytest
from tests.small_layer import LONGQUAN, write_layer
from typer.testing import CliRunner

from senhui.cli import import_profile
from senhui.cli.main import app
from senhui.intake import ImportProfile, write_mapping
from senhui.intake.coordinate_system import SYSTEMS
from senhui.intake.profile import ControlPoints, HelmertChange
from senhui.inventory.models import Draft

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Person = Callable[..., Any]
runner = CliRunner()


def run(*words: str | Path | int) -> Any:
    return runner.invoke(app, [str(word) for word in words])


def said(result: Any) -> str:
    return " ".join(result.output.split())


@pytest.fixture(autouse=True)
def lin(person: Person, senhui_home: Path) -> Any:
    """A technician of Longquan."""
    return person("lin", technician=LONGQUAN)


@pytest.fixture
def stands(layer: Path) -> Any:
    return pyogrio.read_dataframe(layer)


def import_(*words: str | Path | int) -> dict[str, Any]:
    """Import what must come in without an error, and return what the command tells machines."""
    result = run("import", *words, "--year", 2021, "--as", "lin", "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    assert (told["rows"], told["errors"], told["area_ha"]) == (12, 0, pytest.approx(48.0))
    return told


def refused(*words: str | Path | int, code: int = 1) -> str:
    """Import what must be refused, and return what was said; no draft may be left."""
    result = run("import", *words, "--year", 2021, "--as", "lin")
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert not Draft.objects.exists()
    return said(result)


def write_workbook(path: Path, stands: Any, key: str) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "小班"
    frame = stands.drop(columns="geometry").assign(**{key: stands["XIAO_BAN"]})
    for line in [list(frame.columns), *frame.astype(object).values.tolist()]:
        sheet.append(line)
    book.create_sheet("备份")["A1"] = key
    book["备份"]["A2"] = "0001"
    book.save(path)
    return path


def test_the_help_names_every_format_and_gives_an_example_of_each_way() -> None:
    told = said(run("import", "--help"))
    for word in ("Shapefile", "GeoPackage", "FileGDB", "GeoParquet", "CSV with WKT", "XLSX", "Example: senhui import"):
        assert word in told


def test_a_shapefile_in_gbk_is_read_also_when_all_its_parts_are_named(tmp_path: Path, stands: Any) -> None:
    shape = tmp_path / "龙泉.shp"
    pyogrio.write_dataframe(stands.assign(Remarks="备注：杉木"), shape, encoding="GB18030")
    shape.with_suffix(".cpg").unlink()
    told = import_(shape)
    assert (told["source"]["driver"], told["source"]["encoding"]) == ("ESRI Shapefile", "GB18030")
    assert told["next"] == f"senhui measure {told['draft']} --as lin"
    assert import_(*sorted(tmp_path.glob("龙泉.*")))["source"]["sha256"] == told["source"]["sha256"]


def test_a_csv_names_no_system_and_is_read_with_one_of_any_spelling(tmp_path: Path, stands: Any) -> None:
    table = tmp_path / "stands.csv"
    metres = stands.to_crs(4549)
    metres.drop(columns="geometry").assign(WKT=metres.geometry.to_wkt()).to_csv(table, index=False)
    assert "--list-crs" in refused(table)
    for crs in ("EPSG:4549", "4549", "epsg:4549", "CGCS2000 / 3-degree Gauss-Kruger CM 120E"):
        assert import_(table, "--crs", crs)["source"]["crs"] == "EPSG:4549"


@pytest.mark.parametrize(
    ("crs", "near"),
    [
        ("EPSG:32650", "EPSG:4548 (CGCS2000 / 3-degree Gauss-Kruger CM 117E)"),
        ("EPSG:3857", "EPSG:4490"),
        ("45490", "EPSG:4549"),
        ("CGCS2000 / 3 degree Gauss Kruger CM 120E", "EPSG:4549"),
        ("nonsense", "--list-crs"),
    ],
)
def test_a_system_that_is_not_read_is_refused_with_the_nearest(layer: Path, crs: str, near: str) -> None:
    assert near in refused(layer, "--crs", crs, code=2)


def test_all_systems_are_listed_without_a_file() -> None:
    lines = run("import", "--list-crs").stdout.splitlines()
    assert {line.split("\t")[0] for line in lines[1:]} == set(SYSTEMS)


def test_one_of_several_layers_is_chosen(tmp_path: Path, stands: Any) -> None:
    package, folder = tmp_path / "two.gpkg", tmp_path / "city.gdb"
    for name in ("林班", "小班"):
        pyogrio.write_dataframe(stands, package, layer=name, append=package.exists())
        pyogrio.write_dataframe(stands, folder, layer=name, driver="OpenFileGDB", append=folder.exists())
    for file in (package, folder):
        told = refused(file)
        assert "林班, 小班" in told
        assert "Here: --layer." in told
        assert "林班, 小班" in refused(file, "--layer", "样地")
    assert import_(package, "--layer", "小班")["profile"]["layer"] == "小班"
    assert import_(folder, "--layer", "小班")["source"]["driver"] == "OpenFileGDB"


def test_a_workbook_is_joined_wherever_it_lies(tmp_path: Path, stands: Any) -> None:
    outlines = tmp_path / "outlines.shp"
    pyogrio.write_dataframe(stands[["XIAO_BAN", "geometry"]].rename(columns={"XIAO_BAN": "XBH"}), outlines)
    (tmp_path / "tables").mkdir()
    table = write_workbook(tmp_path / "tables" / "属性.xlsx", stands, "小班号")
    keys = ("--layer-key", "XBH", "--table-key", "小班号", "--sheet", "小班")
    told = import_(outlines, "--attributes", table, *keys)
    assert told["source"]["attribute_table"]["n_joined"] == 12
    beside = Path(shutil.copy(table, tmp_path))
    assert import_(outlines, "--attributes", beside, *keys)["source"]["sha256"] == told["source"]["sha256"]
    saved = tmp_path / "saved.json"
    result = run("mapping", told["draft"], saved)
    assert result.exit_code == 0, result.output
    this_year = Path(shutil.copy(table, tmp_path / "tables" / "今年.xlsx"))
    again = import_(outlines, "--attributes", this_year, "--mapping", saved)
    assert again["profile"]["attribute_table"]["file_name"] == "今年.xlsx"


def test_half_a_join_is_refused_before_anything_is_read(tmp_path: Path, layer: Path, stands: Any) -> None:
    table = write_workbook(tmp_path / "t.xlsx", stands, "KEY")
    assert "--layer-key" in refused(layer, "--attributes", table, "--layer-key", "XIAO_BAN", code=2)
    assert "--attributes" in refused(layer, "--table-key", "KEY", code=2)
    told = refused(layer, "--attributes", table, "--layer-key", "XBH", "--table-key", "KEY", "--sheet", "小班")
    assert "lacks the key columns XBH" in told
    assert "Here: --layer-key and --table-key." in told
    assert "outlines" in refused(table)


def control_points(tmp_path: Path, *, off_m: float = 0.0) -> Path:
    """Made-up points: the layer lies 100 m west and 8 m south of its place."""
    path = tmp_path / "points.csv"
    points = [(410_000.0, 3_090_000.0), (420_000.0, 3_090_000.0), (415_000.0, 3_110_000.0 + off_m)]
    path.write_text("".join(f"{x}\t{y}\t{x + 100.0}\t{y + 8.0 - (off_m if y > 3.1e6 else 0.0)}\n" for x, y in points))
    return path


def test_an_old_datum_needs_a_change_from_points_or_parameters(tmp_path: Path, stands: Any) -> None:
    old = tmp_path / "xian.gpkg"
    # The numbers of a system of CGCS2000 under the name of the same system of Xi'an 1980.
    pyogrio.write_dataframe(stands.to_crs(4549).set_crs(2385, allow_override=True), old)
    assert "Here: --datum or --control-points with --points-crs." in refused(old)
    points = control_points(tmp_path)
    assert "--points-crs" in refused(old, "--control-points", points, code=2)
    assert "“…”" not in refused(old, "--control-points", points, "--points-crs", "2385")
    wrong = control_points(tmp_path, off_m=30.0)
    assert "point" in refused(old, "--control-points", wrong, "--points-crs", "4549")
    points = control_points(tmp_path)
    told = import_(old, "--control-points", points, "--points-crs", "4549", "--datum-source", "made up")
    assert told["source"]["datum_change"]["moved_m"] == pytest.approx(100.3, abs=0.5)
    assert told["profile"]["datum"]["source"] == "made up"
    saved = tmp_path / "datum.json"
    change = HelmertChange(dx_m=1.0, dy_m=2.0, dz_m=3.0, convention="position_vector", direction="to_cgcs2000")
    write_mapping(saved, profile=ImportProfile(datum=change))
    assert import_(old, "--datum", saved)["profile"]["datum"]["dx_m"] == 1.0


@pytest.mark.parametrize("text", ["x,y,x,y\n1,2,3,4\n", "1 2 3\n", "1,2,3,4,5\n", "\udcff"])
def test_a_table_of_points_is_read_strictly(tmp_path: Path, layer: Path, text: str) -> None:
    points = tmp_path / "points.csv"
    points.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "points.csv" in refused(layer, "--control-points", points, "--points-crs", "4549")


def test_what_the_command_says_counts_before_the_saved_mapping(tmp_path: Path, layer: Path) -> None:
    saved = tmp_path / "saved.json"
    write_mapping(saved, profile=ImportProfile(area_unit="mu", land_class_generation="G1", licence_note="of the file"))
    told = import_(layer, "--mapping", saved, "--area-unit", "ha", "--licence", "内部使用")
    assert (told["profile"]["area_unit"], told["profile"]["land_class_generation"]) == ("ha", "G1")
    assert Draft.objects.get(pk=told["draft"]).licence_note == "内部使用"
    assert import_(layer, "--mapping", saved, "--area-unit", "ha")["source"]["licence_note"] == "of the file"


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "not json", '{"senhui_mapping": 1, "crs": "EPSG:32650"}', '{"senhui_mapping": 1, "x": 1}']
)
def test_a_wrong_mapping_is_refused_by_name(tmp_path: Path, layer: Path, text: str) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(text)
    assert "mapping" in refused(layer, "--mapping", saved).lower()
    assert "mapping" in refused(layer, "--datum", saved).lower()


def test_wrong_files_are_refused_and_never_called_a_mistake_of_the_program(tmp_path: Path, layer: Path) -> None:
    made: dict[str, bytes] = {
        "empty.csv": b"",
        "junk.shp": b"no",
        "text.gpkg": b"hello",
        "cut.gpkg": layer.read_bytes()[:3000],
        "[red]brackets.gpkg": b"x",
        "half.zip": b"PK\x03\x04 and no more",
    }
    for name, content in made.items():
        path = tmp_path / name
        path.write_bytes(content)
        assert name in refused(path)
    empty = tmp_path / "no_layer.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    assert "no_layer.zip" in refused(empty)
    (tmp_path / "folder").mkdir()
    assert "folder" in refused(tmp_path / "folder")
    assert "one layer at a time" in refused(layer, tmp_path / "junk.shp", code=2)
    refused(tmp_path / "not there.shp", code=2)


def test_the_draft_stands_where_the_findings_cannot_be_written(tmp_path: Path) -> None:
    damaged = write_layer(tmp_path / "damaged.gpkg", YOU_SHI_SZ=["310", "610"] * 5 + ["310", "999"])
    words = ("import", damaged, "--year", 2021, "--as", "lin")
    result = run(*words, "--findings", tmp_path / "no folder" / "f.csv")
    assert result.exit_code == 3
    assert "could not be written" in said(result)
    assert Draft.objects.count() == 1
    elsewhere = tmp_path / "elsewhere.csv"
    assert run(*words, "--findings", elsewhere).exit_code == 3
    assert "999" in elsewhere.read_text("utf-8-sig")
    assert not (tmp_path / "damaged.findings.csv").exists()


def test_the_change_of_datum_of_a_file_gets_the_source_that_is_said(tmp_path: Path) -> None:
    saved = tmp_path / "datum.json"
    points = ControlPoints(points=((1.0, 2.0, 3.0, 4.0),) * 3, source="of the file")
    write_mapping(saved, profile=ImportProfile(datum=points))
    change = import_profile.datum_change(datum=saved, control_points=None, points_crs=None, source="said")
    assert change is not None
    assert change.source == "said"
