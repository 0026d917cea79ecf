"""The forms of the pages: labels above, unit in the field, an error that names the field and the remedy."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(label=_("User name"), max_length=150)
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput, strip=False)

    username.widget.attrs.update({"autocomplete": "username", "autocapitalize": "none", "autofocus": True})
    password.widget.attrs.update({"autocomplete": "current-password"})


class ReleaseForm(forms.Form):
    """The name under which a release is known."""

    label = forms.CharField(label=_("Name of the release"), max_length=120)
