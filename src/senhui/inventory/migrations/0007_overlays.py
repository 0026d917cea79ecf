"""Outlines that lie over the map: national park, beautiful cities, towns and villages, nature reserves."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0006_event_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Overlay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("national_park", "national_park"),
                            ("beautiful_city", "beautiful_city"),
                            ("beautiful_town", "beautiful_town"),
                            ("beautiful_village", "beautiful_village"),
                            ("nature_reserve", "nature_reserve"),
                            ("other", "other"),
                        ],
                        max_length=17,
                    ),
                ),
                ("name_zh", models.CharField(max_length=120)),
                ("name_en", models.CharField(blank=True, max_length=120)),
                ("source", models.TextField()),
                ("year", models.PositiveSmallIntegerField()),
                ("licence_note", models.TextField(blank=True)),
                ("visibility", models.CharField(choices=[("public", "public"), ("role", "role")], max_length=6)),
                ("is_sample", models.BooleanField(default=False)),
                ("original_name", models.CharField(max_length=255)),
                ("source_sha256", models.CharField(max_length=64)),
                ("source_crs", models.CharField(max_length=20)),
                ("county_codes", models.JSONField()),
                ("area_ha", models.FloatField()),
                ("imported_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                ("removal_reason", models.TextField(blank=True)),
                (
                    "imported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="OverlayPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField()),
                ("name_zh", models.CharField(blank=True, max_length=120)),
                ("name_en", models.CharField(blank=True, max_length=120)),
                ("wkb", models.BinaryField()),
                ("area_ha", models.FloatField()),
                (
                    "overlay",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="inventory.overlay"
                    ),
                ),
            ],
            options={
                "ordering": ["row"],
            },
        ),
        migrations.AddConstraint(
            model_name="overlay",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "national_park",
                            "beautiful_city",
                            "beautiful_town",
                            "beautiful_village",
                            "nature_reserve",
                            "other",
                        ],
                    )
                ),
                name="overlay_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="overlay",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["public", "role"])), name="overlay_visibility_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="overlay",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("removal_reason", ""), ("removed_at", None), ("removed_by", None)),
                    models.Q(
                        ("removed_at__isnull", False),
                        ("removed_by__isnull", False),
                        models.Q(("removal_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="overlay_removal_has_person_and_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="overlay",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("kind", "source_sha256"),
                name="overlay_lies_over_the_map_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="overlaypart",
            constraint=models.UniqueConstraint(fields=("overlay", "row"), name="overlay_part_is_one_row"),
        ),
    ]
