"""The web room as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages, forms, JSON API and catalogues; no models."""

    name = "senhui.web"
    label = "web"

    def ready(self) -> None:
        """Compile the message catalogues before the first page asks for a translation."""
        from senhui.web.catalogues import compile_catalogues

        compile_catalogues()
