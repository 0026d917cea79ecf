"""The base map (底图) that an installation may put under its map. For `senhui.web.settings` only; without one, none.

What is not configured is not asked: the map then stands on the boundaries at hand and no request leaves the host.

SENHUI_TIANDITU_KEY        key of the national map service 天地图; its street map and names are then offered
SENHUI_BASEMAP_URL         tiles of any other service: an XYZ or WMTS address with {z}, {x} and {y}
SENHUI_BASEMAP_ATTRIBUTION whose map it is; needed with an address
SENHUI_BASEMAP_CRS         CGCS2000 or WGS84; needed with an address, for tiles do not tell it

A source in GCJ-02 (国测局坐标) is refused: its places lie some hundred metres beside ours, and no picture can be moved
point by point. Cases: tests/web/test_base_map.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

TIANDITU: Final = "https://t0.tianditu.gov.cn"
"""One of eight equal hosts: a browser that speaks HTTP/2 gains nothing from more, and the policy names one."""

SYSTEMS: Final = ("CGCS2000", "WGS84")
"""Both draw the same picture: they differ by centimetres."""

SHIFTED_HOSTS: Final = ("autonavi.com", "amap.com", "gtimg.com", "qq.com", "google.cn", "bdimg.com", "baidu.com")
"""Services whose tiles are in GCJ-02 or BD-09, whatever is said of them."""

_PLACES: Final = ("z", "x", "y")


class BaseMapUnclear(ValueError):
    """What is said of the base map does not do.

    Parameters
    ----------
    name : the variable of the environment that must be mended.
    """

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name} {wanted}. Correct it, or unset it to have the map on its own boundaries.")
        self.name = name


class BaseMapShifted(ValueError):
    """The base map is in GCJ-02 or BD-09, in which every place lies some hundred metres away.

    Parameters
    ----------
    source : host or system that says so.
    """

    def __init__(self, source: str) -> None:
        super().__init__(
            f"The base map {source!r} is in shifted coordinates (GCJ-02, BD-09): forests would lie some hundred metres "
            "beside their places. Take a source in CGCS2000 or WGS84, such as Tianditu."
        )
        self.source = source


@dataclass(frozen=True)
class BaseMap:
    """Where the pictures of the ground come from.

    Attributes
    ----------
    tiles : tuple of str
        Addresses with {z}, {x} and {y}, the lowest layer first.
    attribution : str
        Whose they are; shown with them.
    host : str
        Scheme, name and port, as the policy of the pages names it.
    """

    tiles: tuple[str, ...]
    attribution: str
    host: str

    def as_json(self) -> dict[str, Any]:
        """Return what the map's script needs."""
        return {"tiles": list(self.tiles), "attribution": self.attribution}


def base_map(environment: Mapping[str, str]) -> BaseMap | None:
    """Return the configured base map, or None.

    Raises
    ------
    BaseMapUnclear, BaseMapShifted
        See there.

    Examples
    --------
    >>> base_map({}) is None
    True
    >>> base_map({"SENHUI_TIANDITU_KEY": "0123abcd"}).host
    'https://t0.tianditu.gov.cn'
    """
    said = {name: environment.get(f"SENHUI_{name}", "").strip() for name in _NAMES}
    if said["TIANDITU_KEY"] and said["BASEMAP_URL"]:
        raise BaseMapUnclear("SENHUI_BASEMAP_URL", "stands beside SENHUI_TIANDITU_KEY; only one of them can be shown")
    if said["TIANDITU_KEY"]:
        return _tianditu(said["TIANDITU_KEY"])
    return _any(said) if said["BASEMAP_URL"] else None


_NAMES: Final = ("TIANDITU_KEY", "BASEMAP_URL", "BASEMAP_ATTRIBUTION", "BASEMAP_CRS")


def _tianditu(key: str) -> BaseMap:
    if not key.isalnum():
        raise BaseMapUnclear("SENHUI_TIANDITU_KEY", "is no key: it has letters and digits only")
    query = "service=wmts&request=GetTile&version=1.0.0&style=default&tilematrixset=w&format=tiles"
    where = "tilematrix={z}&tilerow={y}&tilecol={x}"
    tiles = tuple(
        f"{TIANDITU}/{layer}_w/wmts?{query}&layer={layer}&{where}&tk={quote(key)}" for layer in ("vec", "cva")
    )
    return BaseMap(tiles, "天地图 Tianditu", TIANDITU)


def _any(said: Mapping[str, str]) -> BaseMap:
    url, system = said["BASEMAP_URL"], said["BASEMAP_CRS"].upper().replace(" ", "").replace("-", "")
    parts = urlsplit(url)
    name = parts.hostname or ""
    if system in {"GCJ02", "BD09"}:
        raise BaseMapShifted(said["BASEMAP_CRS"])
    if any(name == host or name.endswith(f".{host}") for host in SHIFTED_HOSTS):
        raise BaseMapShifted(name)
    # Nothing but a plain host may come into the policy of the pages.
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", parts.netloc):
        raise BaseMapUnclear("SENHUI_BASEMAP_URL", "is no address that begins with https:// and a host")
    if any(url.count(f"{{{place}}}") != 1 for place in _PLACES):
        raise BaseMapUnclear("SENHUI_BASEMAP_URL", "must have each of {z}, {x} and {y} once")
    if system not in SYSTEMS:
        raise BaseMapUnclear("SENHUI_BASEMAP_CRS", f"must be one of {', '.join(SYSTEMS)}")
    if not said["BASEMAP_ATTRIBUTION"]:
        raise BaseMapUnclear("SENHUI_BASEMAP_ATTRIBUTION", "must say whose map it is")
    return BaseMap((url,), said["BASEMAP_ATTRIBUTION"], f"{parts.scheme}://{parts.netloc}")
