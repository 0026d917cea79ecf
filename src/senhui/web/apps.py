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
        """Let every refusal be explained and every sheet have its words before the first page asks."""
        from senhui.atlas.sheet import say_with
        from senhui.web import change_errors as _explanations  # noqa: F401  # registers them
        from senhui.web import declaration_errors as _of_declarations  # noqa: F401
        from senhui.web import draft_errors as _of_drafts  # noqa: F401
        from senhui.web import overlay_errors as _of_overlays  # noqa: F401
        from senhui.web import selection_errors as _of_selections  # noqa: F401
        from senhui.web import sheet_errors as _of_sheets  # noqa: F401
        from senhui.web import view_errors as _of_views  # noqa: F401
        from senhui.web.sheet_words import place_names, words_of

        say_with(words_of, place_names)
