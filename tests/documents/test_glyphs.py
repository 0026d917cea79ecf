"""The shipped fonts print what documents here say: formulas, names of the standard table, the local characters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import senhui.cli.demo
from senhui.documents import glyphs

LOCAL = "劄囮坵垟垵塆旸榅漈濛琯"
"""Characters of Lishui's villages and townships that GB2312 lacks."""
SECOND_LEVEL = "𠅤𠙶𡐓𣲗𤧛𦈡𧿹𨱇𩽾𪩘𫄧𫍣𫓧𫘜𫚖𫠆𫭟𫷷𬀩𬇙𬍛𬒈𬘓𬜬𬣙𬨂𬪩𬬭𬭎𬯎𬱖𬳵𬴂𬶋𬷕𬸘𬺓"
"""Characters of the second level of GB18030-2022, from each of its extensions."""


@pytest.mark.parametrize(
    "text",
    [
        "CO₂", "t CO₂e", "m³/ha", "10⁶ m²", "m⁻¹", "CH₄ N₂O", "± 95 %", "≥ 60 → ≤ 80", "28°30′15″", "㎡ ㎥", "①②",
        "■▲●",        "小班", "“引号”——《书名》、；：？！", "Zürich, Ångström, α β σ", LOCAL, SECOND_LEVEL, "㛃㳚㸌䶮",
    ],
)  # fmt: skip
def test_the_fonts_print(text: str) -> None:
    assert glyphs.missing(text) == []


def test_every_name_of_the_sample_city_can_be_printed() -> None:
    divisions = (Path(senhui.cli.demo.__file__).parent / "data" / "divisions.json").read_text("utf-8")
    names = "".join(name for level in json.loads(divisions).values() for name in level.values())
    assert set(LOCAL) & set(names)
    assert glyphs.missing(names) == []


def test_every_character_of_gbk_can_be_printed_except_those_for_private_use() -> None:
    """GBK has 21,003 Han characters; the rest are letters and signs."""
    decoded = {bytes((high, low)).decode("gbk", "ignore") for high in range(0x81, 0xFF) for low in range(0x40, 0xFF)}
    han = {text for text in decoded if len(text) == 1 and "\u4e00" <= text <= "\u9fff"}
    assert len(han) == 20902
    assert han <= glyphs.characters()


def test_what_is_missing_is_named_once_in_the_order_of_the_text() -> None:
    assert glyphs.missing("林🌲森\U000200a0🌲\n") == ["🌲", "\U000200a0"]


def test_a_line_is_as_wide_as_its_glyphs() -> None:
    assert glyphs.width_em("龙泉市") == 3.0
    assert 2.0 < glyphs.width_em("Longquan") < 8 * 0.7
    assert glyphs.width_em("₂") < glyphs.width_em("2")


def test_both_weights_stay_below_eight_megabytes_and_their_licence_lies_beside_them() -> None:
    files = sorted(glyphs.DIRECTORY.glob("*.otf"))
    assert [path.stem.rsplit("-", 1)[1] for path in files] == ["Bold", "Regular"]
    assert all(path.stat().st_size < 8e6 for path in files)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (glyphs.DIRECTORY / "OFL.txt").read_text("utf-8")
