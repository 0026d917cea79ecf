"""Where a sheet lies on the ground: the stated scale, the bar and the ticks are true."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest

from senhui.atlas.sheet_extent import (
    Box,
    BoxDoesNotFit,
    crossings_of,
    frame_of,
    north_degrees,
    scale_bar_of,
    ticks_of,
    to_degrees,
    to_metres,
)

CITY = (118.695, 27.42, 120.434, 28.953)
VALLEY = (119.12, 28.01, 119.16, 28.04)
ELLIPSOID = pyproj.Geod(ellps="GRS80")
"""The ellipsoid of CGCS2000 differs from GRS80 by a tenth of a millimetre in the radius."""


@pytest.mark.parametrize("box", [CITY, VALLEY, (119.0, 28.0, 119.9, 28.01), (119.9, 27.5, 119.91, 28.9)])
def test_the_frame_holds_the_box_at_a_round_scale_and_is_not_wasteful(box: Box) -> None:
    frame = frame_of(box, width_mm=200, height_mm=150)
    shown = frame.box_degrees
    assert shown[0] <= box[0]
    assert shown[1] <= box[1]
    assert shown[2] >= box[2]
    assert shown[3] >= box[3]
    leading = frame.denominator / 10 ** math.floor(math.log10(frame.denominator))
    assert leading in {1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0}
    if frame.denominator > 2000:
        wider = frame_of((box[0], box[1], box[2], box[3]), width_mm=200 * 1.35, height_mm=150 * 1.35)
        assert wider.denominator < frame.denominator


@pytest.mark.parametrize("box", [CITY, VALLEY])
def test_a_length_on_paper_times_the_scale_is_the_length_on_the_ground(box: Box) -> None:
    frame = frame_of(box, width_mm=200, height_mm=150)
    west, _south, _east, north = frame.box_m
    y_m = north - frame.metres(75)
    lon, lat = to_degrees(np.array([west, west + frame.metres(200)]), np.array([y_m, y_m]))
    ground_m = ELLIPSOID.inv(lon[0], lat[0], lon[1], lat[1])[2]
    assert ground_m == pytest.approx(0.2 * frame.denominator, rel=4e-4)


@pytest.mark.parametrize("box", [CITY, VALLEY, (121.9, 28.0, 122.3, 28.3)])
def test_the_scale_bar_is_true_on_the_ground_where_it_stands(box: Box) -> None:
    """At 122° the projection stretches by half a thousandth; the bar follows it."""
    frame = frame_of(box, width_mm=200, height_mm=150)
    bar = scale_bar_of(frame, longest_mm=60)
    lon, lat = frame.centre_degrees
    x_m, y_m = (float(values[0]) for values in to_metres(np.array([lon]), np.array([lat])))
    half_m = frame.metres(bar.length_mm) / 2
    ends = to_degrees(np.array([x_m - half_m, x_m + half_m]), np.array([y_m, y_m]))
    ground_m = ELLIPSOID.inv(ends[0][0], ends[1][0], ends[0][1], ends[1][1])[2]
    assert ground_m == pytest.approx(bar.length_m, rel=5e-5)
    assert 24 <= bar.length_mm <= 60
    assert bar.length_m in {digit * 10**power for digit in (1, 2, 5) for power in range(2, 6)}


def test_ticks_lie_where_their_degrees_are() -> None:
    frame = frame_of(CITY, width_mm=200, height_mm=150)
    step_s, ticks = ticks_of(frame)
    assert step_s == 1800
    assert {tick.edge for tick in ticks} == {"left", "right", "top", "bottom"}
    west, south, east, north = frame.box_m
    for tick in ticks:
        along_m = frame.metres(tick.at_mm)
        x_m = {"left": west, "right": east}.get(tick.edge, west + along_m)
        y_m = {"top": north, "bottom": south}.get(tick.edge, north - along_m)
        lon, lat = to_degrees(np.array([x_m]), np.array([y_m]))
        value = lat[0] if tick.edge in {"left", "right"} else lon[0]
        assert value * 3600 == pytest.approx(tick.seconds, abs=1.0)


def test_crossings_lie_inside_the_frame() -> None:
    frame = frame_of(CITY, width_mm=200, height_mm=150)
    points = crossings_of(frame, 1800)
    assert len(points) >= 9
    assert np.all((points > 0) & (points < (200, 150)))


def test_true_north_turns_to_the_right_west_of_the_central_meridian_and_to_the_left_east_of_it() -> None:
    """Meridians lean towards the central one as they go north: by (λ − 120°) · sin φ."""
    west = frame_of((118.9, 27.9, 119.1, 28.1), width_mm=100, height_mm=100)
    east = frame_of((120.9, 27.9, 121.1, 28.1), width_mm=100, height_mm=100)
    assert north_degrees(west) == pytest.approx(math.sin(math.radians(28)), rel=0.01)
    assert north_degrees(east) == pytest.approx(-math.sin(math.radians(28)), rel=0.01)


@pytest.mark.parametrize(
    "box",
    [(119.5, 28.0, 119.0, 28.4), (100.0, 28.0, 101.0, 28.4), (119.0, 95.0, 119.5, 96.0), (119.0, 28.0, 119.0, 28.0)],
)
def test_a_box_that_is_none_or_far_away_is_refused(box: Box) -> None:
    with pytest.raises(BoxDoesNotFit):
        frame_of(box, width_mm=200, height_mm=150)


def test_a_box_of_some_metres_is_drawn_at_the_largest_scale() -> None:
    assert frame_of((119.1, 28.0, 119.1001, 28.0001), width_mm=200, height_mm=150).denominator == 2000
