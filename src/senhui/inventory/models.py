"""Rows that say what was imported, by whom, and what was frozen; the stands themselves lie in GeoParquet.

Opened by this room alone; others call `senhui.inventory.queries` and `senhui.inventory.actions`.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class AdministrativeUnit(models.Model):
    """A city, county, township or village (行政单位) with its outline where one is known."""

    code = models.CharField(max_length=12, primary_key=True)
    level = models.CharField(max_length=8, choices=[(v, v) for v in ("city", "county", "township", "village")])
    name_zh = models.CharField(max_length=60)
    parent_code = models.CharField(max_length=12, blank=True, db_index=True)
    wkb = models.BinaryField(null=True)
    min_lon = models.FloatField(null=True)
    min_lat = models.FloatField(null=True)
    max_lon = models.FloatField(null=True)
    max_lat = models.FloatField(null=True)
    is_sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]


class Draft(models.Model):
    """A layer that was read through the front door and is not yet a release (草稿)."""

    STATES = ("imported", "measured", "released", "discarded")

    directory_name = models.CharField(max_length=36, unique=True)
    original_name = models.CharField(max_length=255)
    reference_year = models.PositiveSmallIntegerField()
    is_sample = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=[(v, v) for v in STATES], default="imported")
    source = models.JSONField()
    profile = models.JSONField()
    township_codes = models.JSONField()
    n_rows = models.PositiveIntegerField()
    n_errors = models.PositiveIntegerField()
    n_warnings = models.PositiveIntegerField()
    area_ha = models.FloatField()
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    measured_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    measured_at = models.DateTimeField(null=True)
    measurement = models.JSONField(null=True)

    class Meta:
        ordering = ["-imported_at"]
        constraints = [
            models.CheckConstraint(
                name="draft_state_is_known",
                condition=Q(state__in=["imported", "measured", "released", "discarded"]),
            ),
            models.CheckConstraint(
                name="draft_measured_has_a_person",
                condition=Q(state__in=["imported", "discarded"]) | Q(measured_by__isnull=False, n_errors=0),
            ),
        ]


class Release(models.Model):
    """A measured layer, frozen (发布): its row, its manifest and its files never change.

    The database itself refuses an update or a delete (see the first migration), and a release by a person
    who imported or measured the draft.
    """

    id = models.CharField(max_length=16, primary_key=True)
    label = models.CharField(max_length=120)
    reference_year = models.PositiveSmallIntegerField()
    is_sample = models.BooleanField(default=False)
    draft = models.OneToOneField(Draft, models.PROTECT, related_name="release")
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    measured_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    manifest = models.JSONField()
    value_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-reference_year", "-released_at"]
        constraints = [
            models.CheckConstraint(
                name="release_by_a_second_person",
                condition=~Q(released_by=F("imported_by")) & ~Q(released_by=F("measured_by")),
            ),
        ]
