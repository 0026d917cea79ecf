"""What people keep of the map: boundaries that they brought along, views that they saved. Opened by this room alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class UploadedBoundary(models.Model):
    """An area that a person uploaded to choose sub-compartments by (自带范围); it goes after some time."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    outline = models.BinaryField()
    n_vertices = models.PositiveIntegerField()
    area_ha = models.FloatField()
    is_repaired = models.BooleanField()
    uploaded_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A state of the map under a name (已存视图). Its key, which nobody guesses, is the end of its short link.

    `state` is what follows "#" in the address of the map. Who opens it sees of it what he may see anyway.
    """

    key = models.CharField(max_length=16, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    state = models.TextField()
    boundary = models.ForeignKey(UploadedBoundary, models.SET_NULL, related_name="views", null=True)
    is_shared = models.BooleanField(default=False)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_has_a_name_of_its_own")]

    def __str__(self) -> str:
        return self.name
