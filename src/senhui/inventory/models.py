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
    """A layer that was read through the front door and is not yet a release (草稿).

    `unmapped` waits for a person's answer to `question` (which column is which, which code list); `imported` is read
    with all its checks, and its rows are corrected or excluded one by one; `measured` has numbers. A decision on a row
    or another mapping takes a measured draft back to `imported`. The files of each step lie in a directory of its own
    that never changes: `directory_name` says which one counts.
    """

    STATES = ("unmapped", "imported", "measured", "released", "discarded")

    directory_name = models.CharField(max_length=36, unique=True)
    original_name = models.CharField(max_length=255)
    reference_year = models.PositiveSmallIntegerField()
    is_sample = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=[(v, v) for v in STATES], default="imported")
    question = models.JSONField(null=True)
    licence_note = models.TextField(blank=True, default="")
    source = models.JSONField()
    profile = models.JSONField()
    mapping_no = models.PositiveSmallIntegerField(default=1)
    township_codes = models.JSONField()
    n_rows = models.PositiveIntegerField()
    n_errors = models.PositiveIntegerField()
    n_warnings = models.PositiveIntegerField()
    n_open_errors = models.PositiveIntegerField(default=0)
    n_excluded = models.PositiveIntegerField(default=0)
    excluded_area_ha = models.FloatField(default=0.0)
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
                condition=Q(state__in=["unmapped", "imported", "measured", "released", "discarded"]),
            ),
            models.CheckConstraint(
                name="draft_unmapped_has_a_question",
                condition=Q(state="discarded")
                | Q(state="unmapped", question__isnull=False)
                | (~Q(state="unmapped") & Q(question__isnull=True)),
            ),
            models.CheckConstraint(
                name="draft_measured_has_a_person",
                condition=Q(state__in=["unmapped", "imported", "discarded"]) | Q(measured_by__isnull=False),
            ),
            models.CheckConstraint(
                name="draft_measured_has_no_open_error",
                condition=Q(state__in=["unmapped", "imported", "discarded"]) | Q(n_open_errors=0),
            ),
        ]


class RowDecision(models.Model):
    """What a person decided of one row of a draft (逐行处理): corrected, excluded, or opened again.

    Lines are added and never changed (triggers, migration 0003), and only to a draft that is `imported`. The last line
    of a row counts. `number` counts the lines of a row from 1: two people who answer the same line at the same instant
    would write the same number, which the database refuses.

    `values` holds the corrected columns as the file names them, as text or null. `findings_after` holds, for the row
    and for the rows that its outline or number touches, what the checks find since; findings of an earlier
    `mapping_no` no longer count, while the decision itself does.
    """

    KINDS = ("corrected", "excluded", "reopened")

    draft = models.ForeignKey(Draft, models.PROTECT, related_name="row_decisions")
    row = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    mapping_no = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=[(v, v) for v in KINDS])
    values = models.JSONField(default=dict)
    repair_outline = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    sub_compartment_id = models.TextField(blank=True)
    area_ha = models.FloatField(null=True)
    findings_after = models.JSONField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "row", "number"], name="row_decision_answers_one_line"),
            models.CheckConstraint(
                name="row_decision_kind_is_known", condition=Q(kind__in=["corrected", "excluded", "reopened"])
            ),
            models.CheckConstraint(
                name="row_decision_exclusion_has_a_reason", condition=~Q(kind="excluded") | ~Q(reason="")
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


class Declaration(models.Model):
    """What a person declares for the whole installation (本地声明), or takes back: then `value` is null.

    Lines are added and never changed (triggers, migration 0005). The last line of a `declarable` counts for the next
    draft that is measured. `number` counts its lines from 1: two people who answer the same line at the same instant
    would write the same number, which the database refuses.
    """

    declarable = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    value = models.JSONField(null=True)
    ground = models.TextField()
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    declared_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["declarable", "number"], name="declaration_answers_one_line"),
            models.CheckConstraint(name="declaration_has_a_ground", condition=~Q(ground="")),
        ]


class Event(models.Model):
    """What happened to a stand between two surveys (事件): fire, pine wilt, harvest, conversion, planting.

    Lines are added and never changed (triggers, migration 0004). A wrong one is answered by another with opposite
    signs, once: `reverses` is unique. `facts` holds what the person stated, the stand's numbers and every parameter.

    `nth_equal` counts events of the same kind, stand, day, area and change from 0, so that of two that are sent at the
    same instant the database takes one. `request_key` is what the sender named his request by; sent again it is found.
    """

    KINDS = ("harvest", "fire", "pine_wilt", "conversion", "planting")

    kind = models.CharField(max_length=10, choices=[(v, v) for v in KINDS])
    release = models.ForeignKey(Release, models.PROTECT, related_name="events")
    row = models.PositiveIntegerField()
    sub_compartment_id = models.TextField()
    township_code = models.CharField(max_length=9, db_index=True)
    village_code = models.CharField(max_length=12)
    happened_on = models.DateField()
    area_ha = models.FloatField()
    living_change_tc = models.FloatField()
    facts = models.JSONField()
    note = models.TextField(blank=True)
    reverses = models.OneToOneField("self", models.PROTECT, related_name="reversed_by", null=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    nth_equal = models.PositiveSmallIntegerField(default=0)
    request_key = models.CharField(max_length=64, null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["release", "row"], name="event_of_a_stand")]
        constraints = [
            models.CheckConstraint(
                name="event_kind_is_known",
                condition=Q(kind__in=["harvest", "fire", "pine_wilt", "conversion", "planting"]),
            ),
            models.CheckConstraint(name="event_has_an_area", condition=Q(area_ha__gt=0)),
            models.CheckConstraint(name="event_reversal_has_a_reason", condition=Q(reverses=None) | ~Q(note="")),
            models.UniqueConstraint(
                name="event_is_recorded_once",
                fields=["release", "row", "kind", "happened_on", "area_ha", "living_change_tc", "nth_equal"],
                condition=Q(reverses=None),
            ),
            models.UniqueConstraint(name="event_request_is_answered_once", fields=["recorded_by", "request_key"]),
        ]


class Movement(models.Model):
    """One entry of an event (变动): what a pool gained or lost, tC, or what went into the air as gas, tCO2e.

    Never changed (triggers, migration 0004). A gas is no stock and never enters a table of stocks.
    """

    event = models.ForeignKey(Event, models.PROTECT, related_name="movements")
    POOLS = (
        "stem",
        "branches",
        "roots",
        "living",
        "dead_wood",
        "litter",
        "soil",
        "wood_products",
        "ch4",
        "n2o",
        "ch4_n2o",
    )

    pool = models.CharField(max_length=13, choices=[(v, v) for v in POOLS])
    year = models.PositiveSmallIntegerField()
    change_tc = models.FloatField(null=True)
    emission_tco2e = models.FloatField(null=True)
    gas_t = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="movement_is_a_stock_or_a_gas",
                condition=Q(change_tc__isnull=False, emission_tco2e__isnull=True, gas_t__isnull=True)
                | Q(change_tc__isnull=True, emission_tco2e__isnull=False),
            ),
            models.CheckConstraint(
                name="movement_gas_is_not_a_pool",
                condition=Q(pool__in=["ch4", "n2o", "ch4_n2o"], emission_tco2e__isnull=False)
                | Q(
                    pool__in=[
                        "stem", "branches", "roots", "living", "dead_wood", "litter", "soil", "wood_products",
                    ],
                    change_tc__isnull=False,
                ),
            ),
        ]  # fmt: skip


class Overlay(models.Model):
    """Outlines that lie over the map (叠加图层), as one file brought them.

    Never deleted: a removed one names who took it off the map, when and why.
    """

    KINDS = ("national_park", "beautiful_city", "beautiful_town", "beautiful_village", "nature_reserve", "other")
    VISIBILITIES = ("public", "role")
    MOST_OF_A_NAME = 120

    kind = models.CharField(max_length=17, choices=[(v, v) for v in KINDS])
    name_zh = models.CharField(max_length=MOST_OF_A_NAME)
    name_en = models.CharField(max_length=MOST_OF_A_NAME, blank=True)
    source = models.TextField()
    year = models.PositiveSmallIntegerField()
    licence_note = models.TextField(blank=True)
    visibility = models.CharField(max_length=6, choices=[(v, v) for v in VISIBILITIES])
    is_sample = models.BooleanField(default=False)
    original_name = models.CharField(max_length=255)
    source_sha256 = models.CharField(max_length=64)
    source_crs = models.CharField(max_length=20)
    county_codes = models.JSONField()
    area_ha = models.FloatField()
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    removed_at = models.DateTimeField(null=True)
    removal_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="overlay_kind_is_known",
                condition=Q(
                    kind__in=[
                        "national_park", "beautiful_city", "beautiful_town", "beautiful_village", "nature_reserve",
                        "other",
                    ]
                ),
            ),
            models.CheckConstraint(name="overlay_visibility_is_known", condition=Q(visibility__in=["public", "role"])),
            models.CheckConstraint(
                name="overlay_removal_has_person_and_reason",
                condition=Q(removed_at=None, removed_by=None, removal_reason="")
                | (Q(removed_at__isnull=False, removed_by__isnull=False) & ~Q(removal_reason="")),
            ),
            models.UniqueConstraint(
                name="overlay_lies_over_the_map_once",
                fields=["kind", "source_sha256"],
                condition=Q(removed_at=None),
            ),
        ]  # fmt: skip


class OverlayPart(models.Model):
    """One outline of an overlay, EPSG:4490; `row` is that of its file, the first is 1."""

    overlay = models.ForeignKey(Overlay, models.PROTECT, related_name="parts")
    row = models.PositiveIntegerField()
    name_zh = models.CharField(max_length=Overlay.MOST_OF_A_NAME, blank=True)
    name_en = models.CharField(max_length=Overlay.MOST_OF_A_NAME, blank=True)
    wkb = models.BinaryField()
    area_ha = models.FloatField()

    class Meta:
        ordering = ["row"]
        constraints = [models.UniqueConstraint(fields=["overlay", "row"], name="overlay_part_is_one_row")]
