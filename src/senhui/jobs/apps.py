"""The jobs room as a Django application."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The queue of long work."""

    name = "senhui.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
