"""The web room as a Django application."""

from typing import Any

from django.apps import AppConfig

from senhui.web.catalogues import compile_catalogues


class WebConfig(AppConfig):
    """Pages, forms, JSON API and catalogues; no models."""

    name = "senhui.web"
    label = "web"

    def __init__(self, app_name: str, app_module: Any) -> None:
        """Compile the message catalogues before any room's models are imported.

        Some of Django's own models ask for a text on import, and a catalogue is kept as it was found then.
        """
        compile_catalogues()
        super().__init__(app_name, app_module)

    def ready(self) -> None:
        """Let every refusal be explained before the first page asks."""
        from senhui.web import change_errors as _explanations  # noqa: F401  # registers them
        from senhui.web import declaration_errors as _of_declarations  # noqa: F401
        from senhui.web import selection_errors as _of_selections  # noqa: F401
