"""The forms of the pages: labels above, unit in the field, an error that names the field and the remedy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

RECOGNISE = ("", _("recognise from the file"))


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(label=_("User name"), max_length=150)
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput, strip=False)

    username.widget.attrs.update({"autocomplete": "username", "autocapitalize": "none", "autofocus": True})
    password.widget.attrs.update({"autocomplete": "current-password"})


class ImportForm(forms.Form):
    """A layer, the year it stands for, and what its owner knows of its codes and units."""

    file = forms.FileField(
        label=_("Layer"),
        help_text=_("Shapefile as .zip (with .shp, .shx, .dbf, .prj), GeoPackage (.gpkg) or GeoParquet (.parquet)."),
    )
    reference_year = forms.IntegerField(
        label=_("Survey year"), min_value=1949, max_value=2100, help_text=_("The year whose state the layer shows.")
    )
    species_code_system = forms.ChoiceField(
        label=_("Species codes"),
        required=False,
        choices=[RECOGNISE, ("nfi", _("national forest inventory")), ("gx", _("Guangxi variant"))],
    )
    land_class_generation = forms.ChoiceField(
        label=_("Land-class codes"), required=False, choices=[RECOGNISE, *((g, g) for g in ("G1", "G2", "G3", "G4"))]
    )
    area_unit = forms.ChoiceField(
        label=_("Unit of the area field"), required=False, choices=[RECOGNISE, ("ha", _("hectare")), ("mu", _("mu"))]
    )
    encoding = forms.ChoiceField(
        label=_("Text encoding of a Shapefile"),
        required=False,
        choices=[RECOGNISE, ("UTF-8", "UTF-8"), ("GB18030", "GBK / GB18030")],
    )
    layer = forms.CharField(
        label=_("Name of the layer"), required=False, help_text=_("Only for a GeoPackage or zip that holds several.")
    )

    def profile(self) -> dict[str, Any]:
        """Return what the owner stated of the layer; what is left out is recognised."""
        fields = ("species_code_system", "land_class_generation", "area_unit", "encoding", "layer")
        return {name: self.cleaned_data[name] for name in fields if self.cleaned_data[name]}


class ReleaseForm(forms.Form):
    """The name under which a release is known."""

    label = forms.CharField(label=_("Name of the release"), max_length=120)
