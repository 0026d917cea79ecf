"""A layer comes out of any honest zip, and nothing harmful out of the others."""

import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from tests.intake.layers import good_rows, names_in, write_layer

from senhui.intake import ImportProfile, LayerRefused, archive, read_layer
from senhui.intake.archive import ArchiveDamaged, ArchiveTooLarge
from senhui.intake.gdal_layer import LayerNotFound, SeveralLayers
from senhui.intake.layer_file import FileTypeNotSupported, TableWithoutOutlines


@pytest.fixture(autouse=True)
def unpacking_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def refuse(kind: type[LayerRefused], path: Path, profile: ImportProfile | None = None) -> LayerRefused:
    before = names_in(path.parent)
    with pytest.raises(kind) as caught:
        read_layer(path, profile=profile)
    assert names_in(path.parent) == before
    return caught.value


def pack(path: Path, files: dict[str, bytes], *, raw_names: bool = False) -> Path:
    """Pack a zip; with raw names their bytes stand in it as they are, without a word about their encoding."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    if raw_names:
        content_of_zip = path.read_bytes()
        for name in files:
            content_of_zip = content_of_zip.replace(name.encode("utf-8"), RAW[name])
        # Bit 11 of the general flags says UTF-8: it stands at byte 6 of a local header and 8 of a central one.
        for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            start = content_of_zip.find(signature)
            while start >= 0:
                flags = int.from_bytes(content_of_zip[start + at : start + at + 2], "little") & ~0x800
                content_of_zip = (
                    content_of_zip[: start + at] + flags.to_bytes(2, "little") + content_of_zip[start + at + 2 :]
                )
                start = content_of_zip.find(signature, start + 4)
        path.write_bytes(content_of_zip)
    return path


RAW: dict[str, bytes] = {}


def shapefile(directory: Path) -> dict[str, bytes]:
    write_layer(good_rows(), directory / "layer.shp")
    return {part.suffix: part.read_bytes() for part in directory.glob("layer.*")}


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_in_gbk_or_utf8_that_the_zip_does_not_tell_are_readable(tmp_path: Path, encoding: str) -> None:
    parts = shapefile(tmp_path)
    files = {f"{name}{suffix}": content for name in ("龙泉市小班", "庆元县小班") for suffix, content in parts.items()}
    # GBK names are padded to the length of the UTF-8 ones, so that no offset in the zip changes.
    RAW.update({name: name.encode(encoding).rjust(len(name.encode()), b"_") for name in files})
    path = pack(tmp_path / "upload.zip", files, raw_names=True)
    refused = refuse(SeveralLayers, path)
    assert [name.strip("_") for name in refused.facts["layers"]] == ["龙泉市小班", "庆元县小班"]  # type: ignore[attr-defined]
    chosen = refused.facts["layers"][1]  # type: ignore[index]
    assert read_layer(path, profile=ImportProfile(layer=chosen)).source["n_rows"] == 12


def test_what_a_mac_adds_is_passed_over(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    files = {f"小班/layer{suffix}": content for suffix, content in parts.items()}
    files |= {f"__MACOSX/小班/._layer{suffix}": b"\0\5\x16\7" for suffix in parts} | {"小班/.DS_Store": b"\0"}
    files |= {"小班/._layer.shp": b"\0\5\x16\7"}
    assert read_layer(pack(tmp_path / "upload.zip", files)).source["n_rows"] == 12


@pytest.mark.parametrize("name", ["layer.gpkg", "layer.parquet"])
def test_a_single_file_in_a_zip_is_read(tmp_path: Path, name: str) -> None:
    inner = write_layer(good_rows(), tmp_path / name)
    as_read = read_layer(pack(tmp_path / "upload.zip", {f"2021/{name}": inner.read_bytes()}))
    assert as_read.source["name"] == "upload.zip"
    assert as_read.source["n_rows"] == 12


def test_a_layer_of_a_file_in_a_zip_is_chosen_by_its_name_or_by_both(tmp_path: Path) -> None:
    inner = write_layer(good_rows(), tmp_path / "layer.gpkg", layer="y2016")
    write_layer(good_rows().head(6), inner, layer="y2021", append=True)
    one = pack(tmp_path / "one.zip", {"龙泉.gpkg": inner.read_bytes()})
    assert refuse(SeveralLayers, one).facts == {"file_name": "one.zip", "layers": ("y2016", "y2021")}
    assert read_layer(one, profile=ImportProfile(layer="y2021")).source["n_rows"] == 6
    two = pack(tmp_path / "two.zip", {"龙泉.gpkg": inner.read_bytes(), "庆元.gpkg": inner.read_bytes()})
    assert refuse(SeveralLayers, two).facts["layers"] == ("龙泉", "庆元")
    assert refuse(SeveralLayers, two, ImportProfile(layer="庆元")).facts["layers"] == ("y2016", "y2021")
    assert read_layer(two, profile=ImportProfile(layer="庆元/y2021")).source["n_rows"] == 6
    assert refuse(LayerNotFound, two, ImportProfile(layer="云和/y2021")).facts["layers"] == ("龙泉", "庆元")


@pytest.mark.parametrize("name", ["..", "a" * 300, "龙泉-PC.lock"])
def test_what_a_geodatabase_does_not_consist_of_stays_in_the_zip(tmp_path: Path, name: str) -> None:
    write_layer(good_rows(), tmp_path / "layer.gdb")
    files = {f"龙泉.gdb/{part.name}": part.read_bytes() for part in (tmp_path / "layer.gdb").iterdir()}
    path = pack(tmp_path / "upload.zip", {f"龙泉.gdb/{name}": b"", **files})
    assert read_layer(path).source["n_rows"] == 12


def test_layers_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    (tmp_path / "later").mkdir()
    write_layer(good_rows(6), tmp_path / "later" / "layer.shp")
    files = {f"2016/小班{suffix}": content for suffix, content in parts.items()}
    files |= {f"2021/小班{part.suffix}": part.read_bytes() for part in (tmp_path / "later").iterdir()}
    path = pack(tmp_path / "upload.zip", files)
    assert refuse(SeveralLayers, path).facts["layers"] == ("2016/小班", "2021/小班")
    assert refuse(LayerNotFound, path, ImportProfile(layer="小班")).facts["layers"] == ("2016/小班", "2021/小班")
    for choice, n_rows in (("2016/小班", 12), ("2021/小班", 6)):
        assert read_layer(path, profile=ImportProfile(layer=choice)).source["n_rows"] == n_rows


def test_names_of_parts_in_a_zip_may_differ_in_case(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    files = {("XB.DBF" if suffix == ".dbf" else f"xb{suffix}"): content for suffix, content in parts.items()}
    assert read_layer(pack(tmp_path / "upload.zip", files)).source["n_rows"] == 12


def test_a_zip_of_thousands_of_names_is_listed_at_once(tmp_path: Path) -> None:
    """Were each layer compared with each name, these would take minutes."""
    path = pack(tmp_path / "upload.zip", {f"{i}.shp": b"" for i in range(2_000)})
    begin = time.process_time()
    assert len(refuse(SeveralLayers, path).facts["layers"]) == 2_000  # type: ignore[arg-type]
    assert time.process_time() - begin < 5


def test_a_zip_of_nothing_and_of_a_table_alone(tmp_path: Path) -> None:
    refuse(FileTypeNotSupported, pack(tmp_path / "none.zip", {"readme.pdf": b"%PDF"}))
    refuse(TableWithoutOutlines, pack(tmp_path / "table.zip", {"table.csv": b"A,B\n1,2\n"}))
    refuse(TableWithoutOutlines, pack(tmp_path / "book.zip", {"table.xlsx": b"PK\x03\x04"}))


def test_a_zip_that_unpacks_to_too_much_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = shapefile(tmp_path)
    path = pack(tmp_path / "bomb.zip", {**{f"a{s}": c for s, c in parts.items()}, "a.cpg": b"\0" * 10_000_000})
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(archive, "LARGEST_UNPACKED_BYTES", 1_000_000)
    refuse(ArchiveTooLarge, path)


def test_a_zip_that_announces_terabytes_is_refused(tmp_path: Path) -> None:
    """The size in both headers is set to 4 GiB minus 2; three parts of it are more than the limit."""
    parts = shapefile(tmp_path)
    path = pack(tmp_path / "bomb.zip", {f"a{suffix}": content for suffix, content in parts.items()})
    content = bytearray(path.read_bytes())
    start = content.find(b"PK\x01\x02")
    while start >= 0:
        content[start + 24 : start + 28] = (2**32 - 2).to_bytes(4, "little")
        start = content.find(b"PK\x01\x02", start + 4)
    path.write_bytes(content)
    refuse(ArchiveTooLarge, path)


def test_a_locked_or_damaged_zip(tmp_path: Path) -> None:
    parts = shapefile(tmp_path)
    path = pack(tmp_path / "layer.zip", {f"a{suffix}": content for suffix, content in parts.items()})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refuse(ArchiveDamaged, path)
    locked = bytearray(whole)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = locked.find(signature)
        while start >= 0:
            locked[start + at] |= 1
            start = locked.find(signature, start + 4)
    path.write_bytes(locked)
    refuse(ArchiveDamaged, path)
    broken = bytearray(whole)
    broken[200:260] = b"\xff" * 60
    path.write_bytes(broken)
    refuse(ArchiveDamaged, path)
