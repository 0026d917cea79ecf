"""The base map by configuration: none unless it is set, one host in the policy, nothing in shifted coordinates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from senhui.web.base_map import BaseMap, BaseMapShifted, BaseMapUnclear, base_map
from senhui.web.content_security import policy

SERVICE = {
    "SENHUI_BASEMAP_URL": "https://tiles.example.gov.cn:8443/wmts/{z}/{y}/{x}.png",
    "SENHUI_BASEMAP_ATTRIBUTION": "Survey office",
    "SENHUI_BASEMAP_CRS": "CGCS2000",
}


def hosts_in(text: str) -> set[str]:
    return set(re.findall(r"https?://[^\s;]+", text))


def test_without_configuration_there_is_none() -> None:
    assert base_map({}) is None
    assert base_map({"SENHUI_TIANDITU_KEY": "  ", "SENHUI_BASEMAP_URL": ""}) is None


def test_a_key_of_tianditu_gives_its_map_and_names_from_one_host() -> None:
    found = base_map({"SENHUI_TIANDITU_KEY": "0123456789abcdef"})
    assert found is not None
    assert [re.search(r"layer=(\w+)", address)[1] for address in found.tiles] == ["vec", "cva"]  # type: ignore[index]
    assert all(address.startswith(f"{found.host}/") for address in found.tiles)
    assert all(f"{{{place}}}" in address for address in found.tiles for place in "xyz")


def test_an_address_gives_its_host_with_its_port() -> None:
    found = base_map(SERVICE)
    assert found == BaseMap((SERVICE["SENHUI_BASEMAP_URL"],), "Survey office", "https://tiles.example.gov.cn:8443")


@pytest.mark.parametrize(
    ("change", "variable"),
    [
        ({"SENHUI_BASEMAP_URL": "https://tiles.example/{z}/{x}.png"}, "SENHUI_BASEMAP_URL"),
        ({"SENHUI_BASEMAP_URL": "ftp://tiles.example/{z}/{x}/{y}"}, "SENHUI_BASEMAP_URL"),
        ({"SENHUI_BASEMAP_URL": "https://a b;script-src *//{z}/{x}/{y}"}, "SENHUI_BASEMAP_URL"),
        ({"SENHUI_BASEMAP_URL": "https://user:secret@tiles.example/{z}/{x}/{y}"}, "SENHUI_BASEMAP_URL"),
        ({"SENHUI_BASEMAP_CRS": ""}, "SENHUI_BASEMAP_CRS"),
        ({"SENHUI_BASEMAP_CRS": "Krassowsky"}, "SENHUI_BASEMAP_CRS"),
        ({"SENHUI_BASEMAP_ATTRIBUTION": ""}, "SENHUI_BASEMAP_ATTRIBUTION"),
        ({"SENHUI_TIANDITU_KEY": "0123"}, "SENHUI_BASEMAP_URL"),
    ],
)
def test_what_is_unclear_is_refused_by_the_name_of_its_variable(change: dict[str, str], variable: str) -> None:
    with pytest.raises(BaseMapUnclear) as refused:
        base_map({**SERVICE, **change})
    assert refused.value.name == variable


def test_a_key_with_other_signs_never_comes_into_an_address() -> None:
    with pytest.raises(BaseMapUnclear):
        base_map({"SENHUI_TIANDITU_KEY": "abc&tk=def"})


@pytest.mark.parametrize(
    "change",
    [
        {"SENHUI_BASEMAP_CRS": "GCJ-02"},
        {"SENHUI_BASEMAP_CRS": "bd-09"},
        {"SENHUI_BASEMAP_URL": "https://webrd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}"},
    ],
)
def test_shifted_coordinates_are_refused_whatever_is_said_of_them(change: dict[str, str]) -> None:
    with pytest.raises(BaseMapShifted):
        base_map({**SERVICE, **change})


def test_the_policy_names_no_host_without_a_base_map_and_exactly_its_host_with_one() -> None:
    assert hosts_in(policy()) == set()
    host = "https://tiles.example.gov.cn:8443"
    named = {part.split()[0]: hosts_in(part) for part in policy(host).split("; ")}
    assert {name for name, hosts in named.items() if hosts} == {"img-src", "connect-src"}
    assert set().union(*named.values()) == {host}


@pytest.mark.django_db
def test_every_page_and_file_has_that_policy(browse: Callable[..., Client], settings: Any) -> None:
    assert settings.SENHUI_BASE_MAP is None
    for address in ("/about/", "/static/js/map.js"):
        assert hosts_in(browse().get(address).headers["Content-Security-Policy"]) == set()
    settings.SENHUI_BASE_MAP = base_map(SERVICE)
    for address in ("/about/", "/static/js/map.js"):
        assert hosts_in(browse().get(address).headers["Content-Security-Policy"]) == {settings.SENHUI_BASE_MAP.host}
