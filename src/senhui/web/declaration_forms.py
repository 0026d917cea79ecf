"""The form of a declaration: one value in the reader's unit, and the ground on which it is declared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from senhui.inventory.refusals import MOST_OF_A_REASON
from senhui.measurement.declarable import Declarable
from senhui.quantities import frac_from_percent
from senhui.web import declaration_words


class DeclarationForm(forms.Form):
    """A value and its ground; `seen` is the line of the history that the person looked at."""

    value = forms.FloatField(label=_("Value"))
    ground = forms.CharField(
        label=_("Ground"), max_length=MOST_OF_A_REASON, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "From what it is known: a survey, a control, a document with its page. "
            "It is printed with every release that uses the value."
        ),
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, item: Declarable, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.item = item
        if item.choices:
            # The first choice is none, so that nobody declares a soil by leaving the list alone.
            choices = [(choice, declaration_words.value(item, choice)) for choice in item.choices]
            self.fields["value"] = forms.ChoiceField(label=_("Value"), choices=[("", "—"), *choices])
        else:
            self.fields["value"].help_text = declaration_words.allowed(item)
        self.fields["value"].widget.attrs["aria-describedby"] = "id_value_helptext"
        self.fields["ground"].widget.attrs["aria-describedby"] = "id_ground_helptext"

    def kept(self) -> float | str:
        """Return the value in the unit of the action."""
        found: float | str = self.cleaned_data["value"]
        return float(frac_from_percent(float(found))) if self.item.error_source is not None else found


class WithdrawalForm(forms.Form):
    """Why a declaration is taken back."""

    ground = forms.CharField(label=_("Reason"), max_length=MOST_OF_A_REASON)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
