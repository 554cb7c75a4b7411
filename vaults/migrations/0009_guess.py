"""Wrong passwords are counted in a table of ours. The cache's, which held pickles, goes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vaults", "0008_auditchain_checkpoint"),
    ]

    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS kvportal_cache", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Guess",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.CharField(max_length=64)),
                ("source", models.CharField(max_length=64)),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "at"], name="guess_account"),
                    models.Index(fields=["source", "at"], name="guess_source"),
                ],
            },
        ),
    ]
