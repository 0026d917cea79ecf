"""A refusal goes through the database by class and fields; what is not ours or has no plain form does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from senhui.access.rules import PermissionRefused
from senhui.intake.coordinate_system import CoordinatesContradictSystem
from senhui.intake.recognition import AreaUnitUnclear
from senhui.inventory.land import LayerOutsideYourAreas
from senhui.jobs.refusal import WorkerDied, as_data, from_data


@pytest.mark.parametrize(
    "refusal",
    [
        PermissionRefused("import_layer", "331181"),
        PermissionRefused("manage_users"),
        CoordinatesContradictSystem("EPSG:4549", 1.5, 2.5, ("EPSG:4490",)),
        WorkerDied(),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
def test_class_and_fields_come_back(refusal: Exception) -> None:
    again = from_data(json.loads(json.dumps(as_data(refusal))))
    assert type(again) is type(refusal)
    assert vars(again) == vars(refusal)


def test_a_list_comes_back_as_values_in_the_same_order() -> None:
    again = from_data(as_data(LayerOutsideYourAreas(["331126100", "331126101"])))
    assert isinstance(again, LayerOutsideYourAreas)
    assert list(again.township_codes) == ["331126100", "331126101"]


def test_a_nul_in_a_file_name_is_replaced() -> None:
    data = as_data(PermissionRefused("import\0layer"))
    assert data is not None
    assert data["fields"]["permission"] == "import�layer"


@pytest.mark.parametrize(
    "error",
    [ValueError("not ours"), AreaUnitUnclear(float("nan")), PermissionRefused(object())],  # type: ignore[arg-type]
    ids=["foreign class", "no number", "no plain value"],
)
def test_what_has_no_plain_form_is_not_kept(error: Exception) -> None:
    assert as_data(error) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"class": "senhui.access.rules:Gone", "fields": {}},
        {"class": "senhui.gone:Gone", "fields": {}},
        {"class": "senhui.access.rules:Role", "fields": {}},
    ],
)
def test_what_another_version_wrote_is_no_refusal(data: dict[str, Any] | None) -> None:
    assert from_data(data) is None
