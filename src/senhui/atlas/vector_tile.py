"""Mapbox Vector Tiles, version 2.1: pieces of polygons in, bytes out; and bytes in, fewer bytes out.

Everything inside a feature is a protobuf *varint*: tags, lengths, attributes and drawing commands. So the features
of many tiles are laid out as one long array of integers and turned to bytes in one go; only a tile's head is
built one at a time. Source: https://github.com/mapbox/vector-tile-spec/tree/master/2.1.

The head of a tile (layer name, attribute names, attribute values) is the same in all tiles of a release: the value
list is simply 0, 1, 2 … up to a bound. So a tile from which features have been removed says nothing of them.
The cases are in ``tests/atlas/test_vector_tile.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from senhui.atlas.rings import TILE_UNITS, Ints, Pieces, Rings

# protobuf tag = field number * 8 + wire type (0 varint, 2 length-delimited); OGC and Mapbox names beside them
_TILE_LAYER = 3 << 3 | 2
_LAYER_NAME = 1 << 3 | 2
_LAYER_FEATURE = 2 << 3 | 2
_LAYER_KEY = 3 << 3 | 2
_LAYER_VALUE = 4 << 3 | 2
_LAYER_EXTENT = 5 << 3 | 0
_LAYER_VERSION = 15 << 3 | 0
_FEATURE_ID = 1 << 3 | 0
_FEATURE_TAGS = 2 << 3 | 2
_FEATURE_TYPE = 3 << 3 | 0
_FEATURE_GEOMETRY = 4 << 3 | 2
_VALUE_UINT = 5 << 3 | 0
_POLYGON = 3
_MOVE_TO_ONE = 1 << 3 | 1
_LINE_TO = 2
_CLOSE_PATH = 1 << 3 | 7


def varint(number: int) -> bytes:
    """Return a non-negative integer as a protobuf varint.

    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varint_sizes(numbers: NDArray[np.uint32]) -> Ints:
    sizes = np.ones(len(numbers), np.int64)
    for bits in (7, 14, 21, 28):
        sizes += numbers >= 1 << bits
    return sizes


def _varints(numbers: NDArray[np.uint32], sizes: Ints) -> NDArray[np.uint8]:
    """Write all the numbers as varints, end to end."""
    end = np.cumsum(sizes)
    out = np.empty(end[-1] if len(end) else 0, np.uint8)
    begin = end - sizes
    for nth in range(int(sizes.max(initial=0))):
        has_byte = np.flatnonzero(sizes > nth)
        more = np.where(sizes[has_byte] > nth + 1, 0x80, 0)
        out[begin[has_byte] + nth] = numbers[has_byte] >> (7 * nth) & 0x7F | more
    return out


def head(*, name: str, keys: Sequence[str], n_values: int) -> bytes:
    """Return what stands before the features of every tile of a release."""
    out = bytearray((_LAYER_VERSION, 2, _LAYER_NAME)) + varint(len(name)) + name.encode()
    for key in keys:
        out += bytes((_LAYER_KEY,)) + varint(len(key)) + key.encode()
    for number in range(n_values):
        value = varint(number)
        out += bytes((_LAYER_VALUE, 1 + len(value), _VALUE_UINT)) + value
    return bytes(out + bytes((_LAYER_EXTENT,)) + varint(TILE_UNITS))


def tile(head_bytes: bytes, features: bytes) -> bytes:
    """Join a head and encoded features to a tile."""
    return bytes((_TILE_LAYER,)) + varint(len(head_bytes) + len(features)) + head_bytes + features


def features_offset(tile_bytes: bytes, head_length: int) -> int:
    """Return where the features begin in a tile whose head has this length."""
    length = 1
    while tile_bytes[length] & 0x80:
        length += 1
    return length + 1 + head_length


@dataclass(frozen=True)
class Features:
    """Encoded features of many tiles.

    Attributes
    ----------
    data : (n_bytes,) uint8
    start : (n_features + 1,) int64
        First byte of each feature.
    """

    data: NDArray[np.uint8]
    start: Ints


def encode(pieces: Pieces, *, ids: Ints, attributes: NDArray[np.uint32]) -> Features:
    """Encode one feature per piece.

    Parameters
    ----------
    pieces : Pieces
    ids : (n_pieces,) int64, 0 … 2^32 - 1
    attributes : (n_pieces, n_keys) uint32
        Numbers that are also positions in the value list of the head.
    """
    rings = pieces.rings
    n_pieces, n_keys = attributes.shape
    n_before = 10 + 2 * n_keys
    ring_length = 2 * rings.sizes + 3
    length = n_before + np.bincount(rings.owner, weights=ring_length, minlength=n_pieces).astype(np.int64)
    start = np.concatenate(([0], np.cumsum(length)))
    numbers = np.empty(start[-1], np.uint32)
    ring_at = np.cumsum(ring_length) - ring_length + n_before * (rings.owner + 1)
    _write_commands(numbers, rings, ring_at)

    at = start[:-1]
    numbers[at] = _LAYER_FEATURE
    numbers[at + 2] = _FEATURE_ID
    numbers[at + 3] = ids
    numbers[at + 4] = _FEATURE_TAGS
    for nth in range(n_keys):
        numbers[at + 6 + 2 * nth] = nth
        numbers[at + 7 + 2 * nth] = attributes[:, nth]
    numbers[at + n_before - 4] = _FEATURE_TYPE
    numbers[at + n_before - 3] = _POLYGON
    numbers[at + n_before - 2] = _FEATURE_GEOMETRY

    # Lengths are varints themselves, so they are filled from the inside outward. Until then they count as nothing.
    blank = np.concatenate((at + 1, at + 5, at + n_before - 1))
    numbers[blank] = 0
    sizes = _varint_sizes(numbers)
    sizes[blank] = 0

    def fill(position: Ints, first: Ints, last: Ints) -> None:
        total = np.concatenate(([0], np.cumsum(sizes)))
        numbers[position] = total[last] - total[first]
        sizes[position] = _varint_sizes(numbers[position])

    fill(at + 5, at + 6, at + n_before - 4)
    fill(at + n_before - 1, at + n_before, start[1:])
    fill(at + 1, at + 2, start[1:])
    total = np.concatenate(([0], np.cumsum(sizes)))
    return Features(_varints(numbers, sizes), total[start])


def _write_commands(numbers: NDArray[np.uint32], rings: Rings, ring_at: Ints) -> None:
    """Write MoveTo, LineTo and ClosePath of each ring from its place in the long array on.

    Each vertex is written as the step from the one before it in the same feature, over ring borders too
    because ClosePath does not move the pen; the first from the tile's corner.
    """
    sizes = rings.sizes
    is_first_ring = np.diff(rings.owner, prepend=-1) != 0
    first = rings.start[:-1]
    place = np.repeat(ring_at + 2 - 2 * first, sizes) + 2 * np.arange(len(rings.x))
    place[first] -= 1
    for axis, values in enumerate((rings.x, rings.y)):
        step = np.diff(values, prepend=0)
        step[first[is_first_ring]] = values[first[is_first_ring]]
        numbers[place + axis] = (step << 1) ^ (step >> 63)
    numbers[ring_at] = _MOVE_TO_ONE
    numbers[ring_at + 3] = (sizes - 1) << 3 | _LINE_TO
    numbers[ring_at + 2 * sizes + 2] = _CLOSE_PATH
