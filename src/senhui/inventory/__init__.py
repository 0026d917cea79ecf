"""What was surveyed and what was calculated from it: imports, drafts and releases (Django app + GeoParquet).

A file becomes a *draft*, a draft is measured, and a second person freezes it as a *release*: an immutable
GeoParquet with a manifest. Numbers come from `senhui.measurement`; cases lie in `tests/inventory/`.
"""
