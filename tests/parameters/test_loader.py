"""The loader takes a good book whole, and refuses each broken rule by name, file, row and remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from senhui.parameters.allowed import AllowedNotUnderstood, CellNotAllowed, parse_allowed
from senhui.parameters.book import read_book
from senhui.parameters.loader import (
    BrokenReference,
    DaysOutOfOrder,
    FileNotReadable,
    MayNotIssue,
    MissingKey,
    NotADay,
    ParameterFileRefused,
    RepeatedKey,
    UnknownKey,
    UnknownMark,
    UnknownProvenance,
    ValueNotAllowed,
)

SCALAR = """\
resin_share:
  name_zh: 松脂占比
  name_en: Share of resin
  unit: "1"
  allowed: number [0, 1]
  entries:
    - edition: 2024-01-01
      value: 0.2
      mark: B
      source: a book
      where: not read
      region: Zhejiang
      range: pines
      may_issue: false
    - edition: 2025-01-01
      value: 0.25
      mark: A
      source: a standard
      where: Table 3
      region: Zhejiang
      range: pines
      may_issue: true
"""
TREES = """\
id,density_t_m3,group,edition,provenance
fir,0.307,conifer,2024-01-01,read
fir,0.310,conifer,2025-01-01,read
oak,,,2024-01-01,read
"""
TREES_COLUMNS = """\
name,unit,meaning,allowed
id,-,Key,text
density_t_m3,t/m3,Basic density,"optional number (0, 1]"
group,-,Group,optional row of: groups
"""
GROUPS = "id,is_conifer,edition,provenance\nconifer,true,2024-01-01,read\n"
GROUPS_COLUMNS = "name,unit,meaning,allowed\nid,-,Key,one of: conifer | broadleaf\nis_conifer,-,Conifer,boolean\n"
SOURCE = """\
title_zh: 表
title_en: A table
key: [id]
provenance:
  read: {mark: A, source: a standard, where: Table 1, region: China, range: stands, may_issue: false}
"""
GOOD = {
    "scalars/shares.yaml": SCALAR,
    "tables/trees.csv": TREES,
    "tables/trees.columns.csv": TREES_COLUMNS,
    "tables/trees.source.yaml": SOURCE,
    "tables/groups.csv": GROUPS,
    "tables/groups.columns.csv": GROUPS_COLUMNS,
    "tables/groups.source.yaml": SOURCE,
}

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_files(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write_files


def test_a_good_book_is_read_whole(write: Write) -> None:
    book = read_book(write(GOOD))
    assert [entry.value for entry in book.scalars["resin_share"].entries] == [0.2, 0.25]
    assert [row.key for row in book.tables["trees"].rows] == ["fir", "fir", "oak"]
    assert book.tables["trees"].rows[2].cells == ("oak", None, None)
    assert book.tables["groups"].rows[0].cells == ("conifer", True)


SHARES, TREE, GROUP = "scalars/shares.yaml", "tables/trees.csv", "tables/groups.csv"
COLS, SRC = "tables/trees.columns.csv", "tables/trees.source.yaml"
ENTRIES = SCALAR[SCALAR.index("  entries") :]
WITH_NOTE = "\n".join(f"note,{line}" for line in TREES.splitlines())
REFUSALS = [
    ("a misspelt key", SHARES, "  unit:", "  units:", UnknownKey, "resin_share"),
    ("a key too many in an entry", SHARES, "value: 0.2\n", "value: 0.2\n      note: x\n", UnknownKey, "entry 1"),
    ("a missing source", SHARES, "      source: a book\n", "", MissingKey, "entry 1"),
    ("an empty region", SHARES, "region: Zhejiang", "region: ' '", MissingKey, "entry 1"),
    ("no entry at all", SHARES, ENTRIES, "  entries: []\n", MissingKey, "resin_share"),
    ("a key twice", SHARES, '  unit: "1"', '  unit: "1"\n  unit: t', RepeatedKey, "line 5"),
    ("another mark", SHARES, "mark: B", "mark: B-", UnknownMark, "entry 1"),
    ("days out of order", SHARES, "2025-01-01", "2023-01-01", DaysOutOfOrder, "entry 2"),
    ("the same day twice", SHARES, "2025-01-01", "2024-01-01", DaysOutOfOrder, "entry 2"),
    ("an edition that is no day", SHARES, "2024-01-01", "spring", NotADay, "entry 1"),
    ("a value outside the allowed", SHARES, "value: 0.25", "value: 25", ValueNotAllowed, "entry 2"),
    ("a text for a number", SHARES, "value: 0.25", "value: a quarter", ValueNotAllowed, "entry 2"),
    ("an allowed that nobody understands", SHARES, "number [0, 1]", "a share", ValueNotAllowed, "resin_share"),
    ("general knowledge that would issue", SHARES, "may_issue: false", "may_issue: true", MayNotIssue, "entry 1"),
    ("an unread page that would issue", SHARES, "where: Table 3", "where: not read", MayNotIssue, "entry 2"),
    ("a may_issue that is no yes or no", SHARES, "may_issue: true", "may_issue: perhaps", ValueNotAllowed, "entry 2"),
    ("a file that is no mapping", SHARES, SCALAR, "- 1\n", FileNotReadable, "whole file"),
    ("a file that is no YAML", SHARES, SCALAR, "a: [", FileNotReadable, "whole file"),
    ("an item that is no mapping", SHARES, SCALAR, "a: 1\n", MissingKey, "a"),
    ("a density above one", TREE, "0.307", "307", ValueNotAllowed, "line 2, column density_t_m3"),
    ("a density that is no number", TREE, "0.307", "0,307", MissingKey, "line 2"),
    ("an empty key", GROUP, "conifer,true", ",true", ValueNotAllowed, "line 2, column id"),
    ("a word outside the list", GROUP, "conifer,true", "palm,true", ValueNotAllowed, "line 2, column id"),
    ("a yes or no that is neither", GROUP, "conifer,true", "conifer,1", ValueNotAllowed, "line 2, column is_conifer"),
    ("a reference to no row", TREE, "0.307,conifer", "0.307,broadleaf", BrokenReference, "fir, column group"),
    ("a column nobody documented", TREE, TREES, WITH_NOTE, UnknownKey, "header"),
    ("a column that is missing", TREE, "density_t_m3", "id", RepeatedKey, "header"),
    ("a documented column that the table lacks", COLS, "group,-", "form,-,Form,text\ngroup,-", MissingKey, "header"),
    ("a row with a cell too few", TREE, "oak,,,2024-01-01,read", "oak,,2024-01-01,read", MissingKey, "line 4"),
    ("a row's days out of order", TREE, "conifer,2025-01-01", "conifer,2023-01-01", DaysOutOfOrder, "line 3, fir"),
    ("a row twice", TREE, "conifer,2025-01-01", "conifer,2024-01-01", DaysOutOfOrder, "line 3, fir"),
    ("a row's edition that is no day", TREE, "oak,,,2024-01-01", "oak,,,2024", NotADay, "line 4"),
    ("a provenance nobody wrote", TREE, "2025-01-01,read", "2025-01-01,heard", UnknownProvenance, "line 3"),
    ("a column without a meaning", COLS, "Basic density", "", MissingKey, "line 3"),
    ("a table's mark", SRC, "mark: A", "mark: E", UnknownMark, "read"),
    ("a key that is no column", SRC, "key: [id]", "key: [code]", MissingKey, "key"),
    ("a source file with a key too many", SRC, "key: [id]", "key: [id]\nnote: x", UnknownKey, "trees"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "good", "bad", "refusal", "row"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_a_broken_rule_is_refused_by_name(
    write: Write, file: str, good: str, bad: str, refusal: type[ParameterFileRefused], row: str
) -> None:
    assert good in GOOD[file], "the case must change something"
    with pytest.raises(refusal) as caught:
        read_book(write(GOOD | {file: GOOD[file].replace(good, bad, 1)}))
    assert type(caught.value) is refusal
    # A column that is documented and absent shows in the header of the table, so the siblings share a stem.
    assert caught.value.file.split(".")[0] == Path(file).name.split(".")[0]
    assert row in caught.value.row
    assert caught.value.remedy.endswith(".")
    assert all(part in str(caught.value) for part in (caught.value.file, row, caught.value.remedy))


@pytest.mark.parametrize("sibling", ["tables/trees.columns.csv", "tables/trees.source.yaml"])
def test_a_table_without_its_sibling_is_refused(write: Write, sibling: str) -> None:
    with pytest.raises(FileNotReadable, match=sibling.split("/")[1]):
        read_book(write({name: text for name, text in GOOD.items() if name != sibling}))


def test_a_file_that_is_not_utf8_is_refused(write: Write) -> None:
    home = write(GOOD)
    (home / "tables/trees.csv").write_bytes(TREES.replace("fir", "马尾松").encode("gbk"))
    with pytest.raises(FileNotReadable, match="UTF-8"):
        read_book(home)


def test_an_id_in_two_files_is_refused(write: Write) -> None:
    with pytest.raises(RepeatedKey, match="resin_share"):
        read_book(write(GOOD | {"scalars/more.yaml": SCALAR}))


def test_a_scalar_with_the_name_of_a_table_is_refused(write: Write) -> None:
    with pytest.raises(RepeatedKey, match="trees"):
        read_book(write(GOOD | {"scalars/shares.yaml": SCALAR.replace("resin_share", "trees")}))


@pytest.mark.parametrize(
    ("allowed", "inside", "outside"),
    [
        ("number [0, 1]", ["0", "1", "0.5"], ["-0.001", "1.001", "nan", "inf", "x", ""]),
        ("number (0, inf)", ["1e-9", "1e12"], ["0", "inf", "nan"]),
        ("integer [1, 5]", ["1", "5"], ["0", "6", "2.5"]),
        ("optional integer [1, 5]", ["", "3"], ["9"]),
        ("one of: planted | natural", ["planted", "natural"], ["coppice", "", "planted | natural"]),
        ("boolean", ["true", "false"], ["True", "1", ""]),
        ("text", ["杉木"], [""]),
    ],
)
def test_a_cell_holds_what_its_column_allows(allowed: str, inside: list[str], outside: list[str]) -> None:
    rule = parse_allowed(allowed)
    for cell in inside:
        rule.read(cell)
    for cell in outside:
        with pytest.raises(CellNotAllowed):
            rule.read(cell)


@pytest.mark.parametrize("text", ["", "float", "number 0..1", "number [a, 1]", "row of: Trees", "one of:"])
def test_an_unknown_form_of_allowed_is_not_guessed(text: str) -> None:
    with pytest.raises(AllowedNotUnderstood):
        parse_allowed(text)
