"""The map sheet as a file: the same as the page's downloads."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from senhui.atlas.sheet import Form
from senhui.atlas.sheet_layout import Orientation, Paper
from senhui.atlas.sheet_values import Language, Measure, Ratio
from senhui.web.views.sheet import download

router = Router()


class SheetIn(Schema):
    """What the sheet shows; see the page /map/sheet/."""

    model_config = ConfigDict(json_schema_extra={"example": {
        "release": "2021-1", "layer": "density", "place": "331181", "paper": "A3", "language": "zh",
    }})  # fmt: skip

    release: str | None = Field(None, description="the first of the list of releases when left out")
    layer: str = "density"
    place: str = Field("", description="code of a county or township; empty is the whole city")
    bbox: str = Field("", description="west,south,east,north in degrees; empty is the place")
    measure: Measure = "calibrated"
    per: Ratio = "forest"
    paper: Paper = "A4"
    orientation: Orientation = "landscape"
    language: Language | None = None


@router.get(
    "/map/sheet.{form}",
    response={200: bytes, 403: dict[str, str], 404: dict[str, str], 422: dict[str, str]},
    summary="A map sheet as PDF or PNG, to scale",
)
def show_sheet(request: HttpRequest, form: Literal["pdf", "png"], asked: Query[SheetIn]) -> HttpResponse:
    """Return the sheet; single stands are drawn on land of the reader's role, townships elsewhere."""
    wanted: Form = form
    return download(request, wanted)
