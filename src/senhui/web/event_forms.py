"""The forms of comparisons and events: labels above, unit in the field, an error that names the field."""

from __future__ import annotations

import uuid
from typing import Any, Final, Literal

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from senhui import parameters
from senhui.inventory.actions.record_event import GWP_REPORTS, Statement
from senhui.measurement.disturbance import most_density_tc_ha
from senhui.quantities import frac_from_percent, ha_from_mu
from senhui.web import names
from senhui.web.event_words import FATES, KINDS, STATEMENTS

DENSITIES: Final[tuple[Literal["after_tc_ha", "soil_after_tc_ha"], ...]] = ("after_tc_ha", "soil_after_tc_ha")


class CompareForm(forms.Form):
    """Which two releases are compared."""

    before = forms.ChoiceField(label=_("Earlier survey"))
    after = forms.ChoiceField(label=_("Later survey"))

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*args, **named)
        for name in ("before", "after"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class EventForm(forms.Form):
    """What happened, when, and on how much of the stand; areas in the reader's unit, shares in percent."""

    kind = forms.ChoiceField(label=STATEMENTS["kind"], choices=list(KINDS.items()))
    happened_on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    area = forms.FloatField(label=_("Area"), min_value=0)
    taken_percent = forms.FloatField(
        label=STATEMENTS["taken_frac"], required=False, min_value=0, max_value=100,
        help_text=_("%, for harvest and pine wilt disease; 100 is a clear cut."),
    )  # fmt: skip
    product_percent = forms.FloatField(
        label=STATEMENTS["product_frac"], required=False, min_value=0, max_value=100,
        help_text=_("%, where it is known; recorded apart from the stock."),
    )  # fmt: skip
    fate = forms.ChoiceField(
        label=STATEMENTS["fate"], required=False, choices=[("", "—"), *FATES.items()],
        help_text=_("For pine wilt disease."),
    )  # fmt: skip
    after_tc_ha = forms.FloatField(
        label=STATEMENTS["after_tc_ha"], required=False, min_value=0,
        help_text=_("t C/ha, for conversion and planting; seedlings hold 0."),
    )  # fmt: skip
    soil_after_tc_ha = forms.FloatField(
        label=STATEMENTS["soil_after_tc_ha"], required=False, min_value=0,
        help_text=_("t C/ha to 100 cm, for conversion, where it is known; goes over twenty years."),
    )  # fmt: skip
    burned_forest = forms.ChoiceField(label=STATEMENTS["burned_forest"], help_text=_("For fire."))
    gwp_report = forms.ChoiceField(
        label=STATEMENTS["gwp_report"], choices=[(key, f"IPCC {key.upper()}") for key in GWP_REPORTS],
        widget=forms.Select(attrs={"translate": "no"}),
        help_text=_("For fire: the IPCC report whose values weigh CH₄ and N₂O."),
    )  # fmt: skip
    note = forms.CharField(label=_("Remarks"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    is_another = forms.BooleanField(
        label=_("This is another event of the same kind, day and size."), required=False, widget=forms.HiddenInput
    )
    request_key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        is_chinese = names.language() == "zh"
        self.fields["area"].help_text = "亩" if is_chinese else "ha"
        rows = parameters.table("fire_combustion_factors").frame.select("id", f"name_{names.language()}").rows()
        burned = self.fields["burned_forest"]
        assert isinstance(burned, forms.ChoiceField)
        burned.choices = rows
        for density in DENSITIES:
            self._limit(density, most_density_tc_ha(density))
        for name, field in self.fields.items():
            field.widget.attrs["aria-describedby"] = f"id_{name}_helptext" if field.help_text else ""

    def _limit(self, name: str, most: float) -> None:
        """Refuse at the field what the action would refuse."""
        field = self.fields[name]
        field.validators.append(MaxValueValidator(most))
        field.widget.attrs["max"] = most

    def ask_whether_another(self) -> None:
        """Show the box that says so; it is hidden until an equal event stands."""
        box = forms.CheckboxInput()
        box.is_required = False
        self.fields["is_another"].widget = box

    def area_ha(self) -> float:
        """Return the area in hectares."""
        area = float(self.cleaned_data["area"])
        return float(ha_from_mu(area)) if names.language() == "zh" else area

    def statement(self) -> Statement:
        """Return what was stated, in the units of the action."""
        data = self.cleaned_data
        return Statement(
            taken_frac=_share(data["taken_percent"]),
            product_frac=_share(data["product_percent"]),
            fate=data["fate"] or None,
            after_tc_ha=data["after_tc_ha"],
            soil_after_tc_ha=data["soil_after_tc_ha"],
            burned_forest=data["burned_forest"],
            gwp_report=data["gwp_report"],
        )


def _share(percent: float | None) -> float | None:
    return None if percent is None else float(frac_from_percent(percent))
