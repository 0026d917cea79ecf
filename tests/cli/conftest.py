"""The terminal's cases use the inventory's small layer."""

from tests.inventory.conftest import layer

__all__ = ["layer"]
