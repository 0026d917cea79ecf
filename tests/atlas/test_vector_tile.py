"""Bytes of features by hand, from the examples of the vector tile specification."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mapbox_vector_tile.Mapbox.vector_tile_pb2 import tile as tile_message

from senhui.atlas import vector_tile
from senhui.atlas.rings import Pieces, Rings


def test_the_polygon_of_the_specification() -> None:
    """Specification 2.1, section 4.3.5.5: polygon (3,6) (8,12) (20,34) is 9 6 12 18 10 12 24 44 15."""
    ring = Rings(np.array([3, 8, 20]), np.array([6, 12, 34]), np.array([0, 3]), np.array([0]), np.array([True]))
    message = parsed(ring, ids=[7], attributes=[[5, 300]])
    (feature,) = message.layers[0].features
    assert list(feature.geometry) == [9, 6, 12, 18, 10, 12, 24, 44, 15]
    assert feature.id == 7
    assert list(feature.tags) == [0, 5, 1, 300]
    assert feature.type == 3


def test_the_multipolygon_of_the_specification() -> None:
    """Specification 2.1, section 4.3.5.6: a square, and a square with a hole."""
    x = [0, 10, 10, 0, 11, 20, 20, 11, 13, 13, 17, 17]
    y = [0, 0, 10, 10, 11, 11, 20, 20, 13, 17, 17, 13]
    rings = Rings(np.array(x), np.array(y), np.array([0, 4, 8, 12]), np.array([0, 0, 0]), np.array([True, True, False]))
    message = parsed(rings, ids=[1], attributes=[[0, 0]])
    expected = "9 0 0 26 20 0 0 20 19 0 15 9 22 2 26 18 0 0 18 17 0 15 9 4 13 26 0 8 8 0 0 7 15"
    assert list(message.layers[0].features[0].geometry) == [int(number) for number in expected.split()]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_ids_and_values_of_any_size_are_read_back(numbers: list[int]) -> None:
    """Varints of one to five bytes."""
    n = len(numbers)
    rings = Rings(
        np.tile([0, 4000, -64], n),
        np.tile([-64, 0, 4160], n),
        np.arange(n + 1) * 3,
        np.arange(n),
        np.ones(n, bool),
    )
    message = parsed(rings, ids=numbers, attributes=[[number, 1] for number in numbers])
    features = message.layers[0].features
    assert [feature.id for feature in features] == numbers
    assert [feature.tags[1] for feature in features] == numbers


def parsed(rings: Rings, *, ids: list[int], attributes: list[list[int]]) -> tile_message:
    """Encode, and parse with protobuf."""
    nothing = np.zeros(len(ids), np.int64)
    pieces = Pieces(nothing, nothing, nothing, rings)
    features = vector_tile.encode(pieces, ids=np.array(ids), attributes=np.array(attributes, np.uint32))
    head = vector_tile.head(name="stands", keys=("a", "b"), n_values=512)
    data = vector_tile.tile(head, features.data.tobytes())
    assert data[vector_tile.features_offset(data, len(head)) :] == features.data.tobytes()
    message = tile_message()
    message.ParseFromString(data)
    assert message.layers[0].name == "stands"
    assert [value.uint_value for value in message.layers[0].values] == list(range(512))
    return message
