"""The web room as a Django application."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages, forms, JSON API and catalogues; no models."""

    name = "senhui.web"
    label = "web"

    def ready(self) -> None:
        """Compile the message catalogues, and let every refusal be explained, before the first page asks."""
        from senhui.web import change_errors as _explanations  # noqa: F401  # registers them
        from senhui.web.catalogues import compile_catalogues

        compile_catalogues()
