from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_refusal_as_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="title_facts",
            field=models.JSONField(default=dict),
        ),
    ]
