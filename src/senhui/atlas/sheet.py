"""A map sheet (图件) of a release for the wall or the file: to scale, with what a reader must know beside it.

1. Who may see what: single stands on land of the reader's role, townships for everybody. A reader without any land
   gets no map of real data without a map review number (审图号).
2. What fits: stands where they are large enough on paper and not too many, otherwise townships, otherwise counties.
3. `sheet_extent` puts the ground on the paper, `sheet_drawing` draws, `sheet_names` places the names, `documents` sets
   the page.

The words of a sheet come from ``web``, which hands them in at start-up (`say_with`). The cases are in
``tests/atlas/test_sheet.py``.
"""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import polars as pl
import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from senhui.access.actions.record_audit import record_audit
from senhui.access.queries import areas_for
from senhui.access.rules import Actor, AreaSet, PermissionRefused
from senhui.atlas import sheet_map
from senhui.atlas.exports.provenance import is_calibrated
from senhui.atlas.layers import LAYERS, Level, MapLayer
from senhui.atlas.sheet_extent import Frame, frame_of, north_degrees, scale_bar_of, ticks_of
from senhui.atlas.sheet_layout import layout_of
from senhui.atlas.sheet_values import Asked, Language, Measure, Sheet, Shortfall
from senhui.atlas.statistics import error_of, statistics
from senhui.documents import typeset
from senhui.inventory import queries

Form = Literal["pdf", "png"]

TEMPLATE = Path(__file__).parent / "templates" / "sheet.typ"

MOST_STANDS = 35_000
"""More of them take longer than five seconds to draw, and a printer minutes."""
LEAST_MEAN_AREA_MM2 = 0.25
"""A colour is told on paper from half a millimetre by half a millimetre on; the mean stand must be as large."""
LARGEST_TOWNSHIP_DENOMINATOR = 1_500_000
"""Beyond this scale a township is smaller than its name."""
PREVIEW_PPI = 90.0
_BAR_SHARE = 0.3
_MAP_WIDTH_PX = 1000


class MapNeedsReviewNumber(Exception):
    """The public gets no map of real data without a map review number (审图号)."""

    def __init__(self) -> None:
        super().__init__(
            "Maps of this installation have no map review number (审图号), so the public gets none of its real data. "
            "Sign in with a role, or let the operator set SENHUI_MAP_REVIEW_NUMBER."
        )


class LayerNotOnPaper(LookupError):
    """There is no such layer, or none that a sheet can show."""

    def __init__(self, layer_id: str) -> None:
        super().__init__(f"There is no layer {layer_id!r} for a sheet. Choose from: {', '.join(drawable_layers())}.")
        self.layer_id = layer_id


class TooManyStands(Exception):
    """The layer shows single stands only, and they do not fit the paper at this scale.

    Parameters
    ----------
    n_stands : stands within the frame.
    denominator : n of the scale 1:n.
    """

    def __init__(self, n_stands: int, denominator: int) -> None:
        super().__init__(
            f"{n_stands:,} sub-compartments do not fit this paper at 1:{denominator:,}: at most {MOST_STANDS:,}, on "
            f"average at least {LEAST_MEAN_AREA_MM2} mm² large. Choose a smaller place, a larger paper, "
            "or the layer of densities, which shows townships instead."
        )
        self.n_stands = n_stands
        self.denominator = denominator


Words = Callable[[Sheet], Mapping[str, Any]]
"""Says everything that is written on a sheet; the keys are those that ``templates/sheet.typ`` reads."""

_words: list[tuple[Words, Callable[[Language], Mapping[str, str]]]] = []


def say_with(words: Words, place_names: Callable[[Language], Mapping[str, str]]) -> None:
    """Let sheets be written with these words and names of places by code; called once, at start-up."""
    _words[:] = [(words, place_names)]


def drawable_layers() -> list[str]:
    """Return the ids of the layers that a sheet can show."""
    return [layer.id for layer in LAYERS.values() if sheet_map.can_draw(layer)]


def make_sheet(
    actor: Actor, asked: Asked, *, form: Form, on: dt.date, pixels_per_inch: float = 200.0
) -> tuple[Sheet, bytes]:
    """Draw a sheet for a person and return what stands on it, and the file.

    Parameters
    ----------
    actor : whoever asks; single stands need `view_sub_compartments` over their land
    on : day on which the grants must hold
    pixels_per_inch : of a PNG

    Raises
    ------
    NoSuchRelease, LayerNotOnPaper, NoSuchPlace, MapNeedsReviewNumber, BoxDoesNotFit, PermissionRefused, TooManyStands
        In this order of precedence.
    MissingGlyph
        A name holds a character that the fonts lack.
    """
    areas = areas_for(actor, "view_sub_compartments", on=on)
    sheet, stands = plan(asked, areas=areas)
    words, place_names = _words[0]
    files = {"map.svg": sheet_map.picture_of(sheet, stands, areas=areas), "overview.svg": sheet_map.overview_of(sheet)}
    if sheet.address:
        files["code.svg"] = qr_code(sheet.address)
    data = {
        "dated_at": sheet.release.released_at.isoformat(),
        "language": asked.language,
        "layout": asdict(sheet.layout),
        "ticks": [{"edge": tick.edge, "at": tick.at_mm, "label": angle(tick.seconds)} for tick in sheet.ticks],
        "labels": [asdict(label) for label in sheet_map.labels_of(sheet, stands, place_names(asked.language))],
        "bar": asdict(sheet.bar),
        "north_degrees": sheet.north_degrees,
        "has_code": bool(sheet.address),
        **words(sheet),
    }
    made = typeset(TEMPLATE, data, form=form, files=files, pixels_per_inch=pixels_per_inch)
    return sheet, made


def hand_out_sheet(actor: Actor, asked: Asked, *, form: Form, now: dt.datetime) -> tuple[str, bytes]:
    """Make a sheet for a person to keep; return the name of its file and its bytes.

    The outlines of stands leave the house with it, so a sheet that has them is noted in the audit.

    Raises
    ------
    As `make_sheet`.
    """
    sheet, made = make_sheet(actor, asked, form=form, on=timezone.localdate(now))
    if sheet.n_stands:
        with transaction.atomic():
            record_audit(
                actor,
                "atlas.make_sheet",
                subject=f"release {asked.release_id}",
                detail={"layer": asked.layer_id, "place": sheet.place, "form": form, "n_stands": sheet.n_stands},
                now=now,
            )
    name = "_".join(filter(None, ("senhui", asked.release_id, asked.layer_id, asked.place, asked.paper)))
    return f"{name}.{form}", made


def plan(asked: Asked, *, areas: AreaSet) -> tuple[Sheet, pl.DataFrame | None]:
    """Return what a sheet will show and the stands that it draws; see `make_sheet` for what is refused."""
    release = queries.release(asked.release_id)
    layer = LAYERS.get(asked.layer_id)
    if layer is None or not sheet_map.can_draw(layer):
        raise LayerNotOnPaper(asked.layer_id)
    queries.require_place(asked.place, townships=release.township_codes)
    review_number: str = settings.SENHUI_MAP_REVIEW_NUMBER
    if areas.is_empty and not release.is_sample and not review_number:
        raise MapNeedsReviewNumber
    measure: Measure = asked.measure if is_calibrated(release) else "measured"
    layout = layout_of(asked.paper, asked.orientation)
    box = asked.box or sheet_map.box_of(release, asked.place)
    frame = frame_of(box, width_mm=layout.map.width, height_mm=layout.map.height)
    stands, shortfall, n_stands = _stands(release, layer, frame, measure=measure, areas=areas)
    level = _level(layer, frame, shortfall, n_stands=n_stands)
    drawn = stands if level == "stand" else None
    step_s, ticks = ticks_of(frame)
    place = asked.place or sheet_map.whole_city()
    found = statistics(release.id, within=place or None, by=(), where={})
    sheet = Sheet(
        asked=asked,
        release=release,
        layer=layer,
        measure=measure,
        place=place,
        level=level,
        shortfall=shortfall if "stand" in layer.levels else None,
        n_stands=0 if drawn is None else drawn.height,
        is_partial=level == "stand" and not sheet_map.covers_all(frame, areas),
        layout=layout,
        frame=frame,
        tick_step_s=step_s,
        ticks=ticks,
        bar=scale_bar_of(frame, longest_mm=_BAR_SHARE * frame.width_mm),
        north_degrees=north_degrees(frame),
        total=found.row(0, named=True) if found.height else None,
        error=error_of(release.id, place or None, is_calibrated=measure == "calibrated"),
        review_number=review_number,
        address=_address(asked, frame, place),
    )
    return sheet, drawn


def _stands(
    release: queries.ReleaseInfo, layer: MapLayer, frame: Frame, *, measure: Measure, areas: AreaSet
) -> tuple[pl.DataFrame | None, Shortfall | None, int]:
    """Return the stands in the frame on the reader's land or why they are not drawn, and how many there are."""
    if "stand" not in layer.levels:
        return None, None, 0
    if areas.is_empty:
        return None, "no_role", 0
    inside = sheet_map.stands_in(release, layer, frame, areas)
    n_stands, area_ha = inside.select(pl.len(), pl.col("area_ha").sum()).collect().row(0)
    mean_area_mm2 = area_ha * 1e4 / max(n_stands, 1) * (1000 / frame.denominator) ** 2
    if n_stands > MOST_STANDS:
        return None, "too_many", n_stands
    if n_stands and mean_area_mm2 < LEAST_MEAN_AREA_MM2:
        return None, "too_small", n_stands
    return sheet_map.with_values(inside, layer, measure=measure).collect(), None, n_stands


def _level(layer: MapLayer, frame: Frame, shortfall: Shortfall | None, *, n_stands: int) -> Level:
    """Choose what carries the colours: stands, else townships, else counties."""
    if "stand" in layer.levels and shortfall is None and (n_stands or layer.needs_role):
        return "stand"
    far: Level = "township" if frame.denominator <= LARGEST_TOWNSHIP_DENOMINATOR else "county"
    for level in (far, "township", "county"):
        if level in layer.levels:
            return level
    if shortfall == "no_role":
        raise PermissionRefused("view_sub_compartments")
    raise TooManyStands(n_stands, frame.denominator)


def _address(asked: Asked, frame: Frame, place: str) -> str:
    """Return the address that restores the view on the map's page, or nothing where none is configured."""
    if not settings.SENHUI_PUBLIC_ADDRESS:
        return ""
    west, _south, east, _north = frame.box_degrees
    zoom = math.log2(360 / (east - west) * _MAP_WIDTH_PX / 512)
    lon, lat = frame.centre_degrees
    view = f"map={zoom:.2f}/{lat:.5f}/{lon:.5f}&release={asked.release_id}&layer={asked.layer_id}"
    query = f"{view}&measure={asked.measure}&per={asked.per}" + (f"&place={place}" if place else "")
    return f"{settings.SENHUI_PUBLIC_ADDRESS}/#{query}"


def qr_code(text: str) -> bytes:
    """Return a QR code as SVG, error correction M, with its quiet zone. Source: ISO/IEC 18004."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(buffer, kind="svg", xmldecl=False, border=2, omitsize=True)
    return buffer.getvalue()


def angle(seconds: int) -> str:
    """Write an angle in degrees, minutes and, where there are any, seconds.

    Examples
    --------
    >>> angle(429_300), angle(101_705), angle(432_000)
    ('119°15′', '28°15′05″', '120°00′')
    """
    degrees, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{degrees}°{minutes:02d}′" + (f"{rest:02d}″" if rest else "")
