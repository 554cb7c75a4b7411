from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the migration that reads the column: PostgreSQL changes no table in the transaction that refers to its rows."""

    dependencies = [
        ("vaults", "0017_jobs"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="vault",
            name="scan_requested_by",
        ),
    ]
