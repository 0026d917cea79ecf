"""What a map sheet is asked for and what will stand on it: plain values, in SI units, without words.

``sheet`` plans and makes it, ``sheet_map`` draws it, the words come from ``web``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from senhui.atlas.layers import Level, MapLayer
from senhui.atlas.sheet_extent import Box, Frame, ScaleBar, Tick
from senhui.atlas.sheet_layout import Layout, Orientation, Paper
from senhui.atlas.statistics import ErrorUnknown
from senhui.inventory import queries
from senhui.measurement.uncertainty import Interval

Measure = Literal["calibrated", "measured"]
Ratio = Literal["forest", "land"]
Language = Literal["zh", "en"]
Shortfall = Literal["no_role", "too_many", "too_small"]
"""Why stands are not drawn although the layer has them."""


@dataclass(frozen=True)
class Asked:
    """What a sheet is asked to show.

    Attributes
    ----------
    place : code of an administrative unit whose numbers stand beside the map; empty is the whole city
    box : what the map shows; None is the place
    """

    release_id: str
    layer_id: str = "density"
    place: str = ""
    box: Box | None = None
    measure: Measure = "calibrated"
    per: Ratio = "forest"
    paper: Paper = "A4"
    orientation: Orientation = "landscape"
    language: Language = "zh"


@dataclass(frozen=True)
class Sheet:
    """A sheet before its words: everything that stands on it, in SI units.

    Attributes
    ----------
    level : what carries the colours
    shortfall : why these are not the stands, where the layer has them
    n_stands : stands drawn
    is_partial : part of the land on the map is outside the reader's role and shown by townships
    total : the row of `statistics` of the place, None where the release has no stand there
    review_number : 审图号, or empty
    address : of the same view in a browser, or empty
    """

    asked: Asked
    release: queries.ReleaseInfo
    layer: MapLayer
    measure: Measure
    place: str
    level: Level
    shortfall: Shortfall | None
    n_stands: int
    is_partial: bool
    layout: Layout
    frame: Frame
    tick_step_s: int
    ticks: Sequence[Tick]
    bar: ScaleBar
    north_degrees: float
    total: Mapping[str, Any] | None
    error: Interval | ErrorUnknown
    review_number: str
    address: str
