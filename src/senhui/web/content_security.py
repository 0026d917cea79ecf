"""The Content-Security-Policy of every page: what is not in this package does not run (内容安全策略).

MapLibre starts its worker from a file of ours and draws tiles from blobs. No inline script, no inline style. The one
host that a page may ask beside ours is that of a configured base map (`senhui.web.base_map`).
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


def policy(base_map_host: str = "") -> str:
    """Return the policy, with the host of the base map where one is configured."""
    beside = f" {base_map_host}" if base_map_host else ""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{beside}",
            "font-src 'self'",
            f"connect-src 'self'{beside}",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


class ContentSecurityMiddleware:
    """Put the policy on every answer that does not already carry one of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        base_map = settings.SENHUI_BASE_MAP
        host = base_map.host if base_map is not None else ""
        response.headers.setdefault("Content-Security-Policy", policy(host))
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response
