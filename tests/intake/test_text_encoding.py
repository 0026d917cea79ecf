"""The encoding of a DBF is found from its bytes; where they allow both readings, the Chinese one is taken."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senhui.intake.text_encoding import (
    DbfDamaged,
    Encoding,
    EncodingContradicted,
    EncodingUnknown,
    read_dbf_text,
)

IDEOGRAPHS = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


def dbf(directory: Path, values: list[bytes], *, width: int = 40, language: int = 0) -> Path:
    """Write a table of one text column ``NAME``."""
    header_bytes, record_bytes = 32 + 32 + 1, 1 + width
    header = bytearray(32)
    header[0], header[29] = 3, language
    header[4:8] = len(values).to_bytes(4, "little")
    header[8:10], header[10:12] = header_bytes.to_bytes(2, "little"), record_bytes.to_bytes(2, "little")
    column = bytearray(32)
    column[:4], column[11:12], column[16] = b"NAME", b"C", width
    records = b"".join(b" " + value.ljust(width) for value in values)
    path = directory / "table.dbf"
    path.write_bytes(bytes(header) + bytes(column) + b"\r" + records + b"\x1a")
    return path


def found(directory: Path, values: list[bytes], *, declared: Encoding | None = None, language: int = 0) -> str:
    return read_dbf_text(dbf(directory, values, language=language), declared=declared, wanted=None).encoding


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dbf")


@given(
    names=st.lists(st.text(IDEOGRAPHS, min_size=1, max_size=10), min_size=1, max_size=20),
    declared=st.sampled_from([None, "UTF-8", "GB18030"]),
)
def test_utf8_names_are_never_read_as_gb18030(place: Path, names: list[str], declared: Encoding | None) -> None:
    assert found(place, [name.encode() for name in names], declared=declared) == "UTF-8"


@given(st.lists(st.text(IDEOGRAPHS, min_size=2, max_size=10), min_size=5, max_size=20))
def test_what_is_chosen_reads_every_value(place: Path, names: list[str]) -> None:
    values = [name.encode("gb18030") for name in names]
    encoding = found(place, values)
    for value in values:
        value.decode(encoding)


@pytest.mark.parametrize("declared", [None, "UTF-8", "GB18030"])
def test_village_names_in_gbk_are_found_whatever_is_declared(tmp_path: Path, declared: Encoding | None) -> None:
    names = ["㙟下村", "林垟村", "岙底村", "堨头村", "联通"]
    assert found(tmp_path, [name.encode("gb18030") for name in names], declared=declared) == "GB18030"


def test_gbk_that_is_also_valid_utf8_is_read_as_the_chinese_it_is(tmp_path: Path) -> None:
    ambiguous = "谩".encode("gbk")  # C3 A1: the letter á in UTF-8
    assert ambiguous.decode() == "á"
    assert found(tmp_path, [ambiguous], declared="UTF-8") == "GB18030"


def test_plain_ascii_is_what_is_declared(tmp_path: Path) -> None:
    assert found(tmp_path, [b"331181"]) == "UTF-8"
    assert found(tmp_path, [b"331181"], declared="GB18030") == "GB18030"
    assert found(tmp_path, [b"331181"], language=0x4D) == "GB18030"
    assert found(tmp_path, []) == "UTF-8"


def test_a_last_character_that_was_cut_is_told_and_forgiven(tmp_path: Path) -> None:
    path = dbf(tmp_path, ["林垟村村".encode("gbk")[:7], "林垟村".encode("gbk")], width=7)
    text = read_dbf_text(path, declared=None, wanted=None)
    assert text.encoding == "GB18030"
    assert [(cut.row, cut.field, cut.value) for cut in text.cut] == [(1, "NAME", "林垟村")]


def test_bytes_of_neither_encoding_are_refused_with_their_place(tmp_path: Path) -> None:
    with pytest.raises(EncodingUnknown) as refused:
        found(tmp_path, [b"plain", b"\xff\xfe\xff and more"])
    assert (refused.value.file_name, refused.value.field, refused.value.row) == ("table.dbf", "NAME", 2)


def test_an_encoding_that_is_asked_for_is_used_or_refused(tmp_path: Path) -> None:
    path = dbf(tmp_path, ["林垟村".encode("gbk")])
    assert read_dbf_text(path, declared="UTF-8", wanted="GB18030").encoding == "GB18030"
    with pytest.raises(EncodingContradicted) as refused:
        read_dbf_text(path, declared="UTF-8", wanted="UTF-8")
    assert (refused.value.encoding, refused.value.row) == ("UTF-8", 1)


def test_a_table_shorter_than_its_header_says_is_damaged(tmp_path: Path) -> None:
    path = dbf(tmp_path, [b"a", b"b"])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DbfDamaged):
        read_dbf_text(path, declared=None, wanted=None)
