"""Sign in by name and password or by a one-time link, and sign out."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from senhui.access.actions.redeem_sign_in_link import check_sign_in_link, redeem_sign_in_link
from senhui.access.actions.sign_in_with_password import SignInRefused, sign_in_with_password
from senhui.web.errors import explain
from senhui.web.forms import SignInForm
from senhui.web.page import page

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form; on POST sign in and go where the person came from."""
    onward = _onward(request)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = sign_in_with_password(request, **form.cleaned_data, now=timezone.now())
        except SignInRefused as refused:
            if refused.is_locked:
                raise
            explanation = explain(refused)
            assert explanation is not None, "the refusal of a sign-in is explained"
            form.add_error(None, f"{explanation.what} {explanation.now}")
        else:
            login(request, user, backend=BACKEND)
            return redirect(onward)
    return page(request, "sign_in.html", {"form": form, "next": onward}, status=400 if form.errors else 200)


@never_cache
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET, sign in on POST: mail scanners and browsers open addresses in advance and would use the link up.

    A link that would sign nobody in says so at once.
    """
    if request.method == "POST":
        login(request, redeem_sign_in_link(token, now=timezone.now()), backend=BACKEND)
        return redirect("map")
    check_sign_in_link(token, now=timezone.now())
    return page(request, "sign_in_link.html")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("map")


def _onward(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or "/"
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}) else "/"
