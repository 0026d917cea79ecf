"""Registers the room's jobs at start-up, so that no other room imports them by name."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """The inventory room as a Django application."""

    name = "senhui.inventory"
    label = "inventory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the long actions of this room available as jobs."""
        from senhui.inventory.jobs import import_uploaded_layer, measure, remap
        from senhui.jobs.registry import register

        register("inventory.import_layer", import_uploaded_layer)
        register("inventory.map_draft", remap)
        register("inventory.measure_draft", measure)
