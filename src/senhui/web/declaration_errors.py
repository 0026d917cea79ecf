"""Refusals of declarations, explained by class and fields; `errors.py` does the others."""

from __future__ import annotations

from django.utils.translation import gettext as _

from senhui.inventory.actions.declare_value import DeclarationNeedsAGround, DeclaredMeanwhile
from senhui.inventory.actions.withdraw_declaration import NothingDeclaredThere
from senhui.measurement.declarable import DeclaredValueWrong, NotDeclarable, declarables
from senhui.web import declaration_words
from senhui.web.errors import Explanation, explain


@explain.register
def _unknown(error: NotDeclarable) -> Explanation:
    return Explanation(404, _("There is nothing of this name to declare."), _("Choose from the list of declarations."))


@explain.register
def _wrong(error: DeclaredValueWrong) -> Explanation:
    what = _("The value does not fit “%(name)s”.") % {"name": _name(error.declarable_id)}
    item = declarables().get(error.declarable_id)
    now = _("Look at its history.") if item is None else _("Give a value: %(allowed)s.")
    return Explanation(422, what, now % {"allowed": "" if item is None else declaration_words.allowed(item)})


@explain.register
def _without_ground(error: DeclarationNeedsAGround) -> Explanation:
    what = _("Nothing says what the declaration of “%(name)s” rests on.") % {"name": _name(error.declarable_id)}
    return Explanation(422, what, _("Name the survey, the control or the document, or why it is taken back."))


@explain.register
def _nothing_there(error: NothingDeclaredThere) -> Explanation:
    what = _("“%(name)s” is not declared, so there is nothing to take back.") % {"name": _name(error.declarable_id)}
    return Explanation(409, what, _("Look at its history."))


@explain.register
def _meanwhile(error: DeclaredMeanwhile) -> Explanation:
    what = _("Somebody else declared “%(name)s” or took it back meanwhile; nothing of yours was kept.") % {
        "name": _name(error.declarable_id)
    }
    return Explanation(409, what, _("Look at what counts now and decide again."))


def _name(declarable_id: str) -> str:
    item = declarables().get(declarable_id)
    return declarable_id if item is None else declaration_words.name(item)
