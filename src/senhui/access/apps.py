"""The access room as a Django application."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Users, grants, sign-in links and the audit; AUTH_USER_MODEL lives here."""

    name = "senhui.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"
