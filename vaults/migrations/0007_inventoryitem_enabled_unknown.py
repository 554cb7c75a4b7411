from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vaults", "0006_scan_seen_at"),
    ]

    operations = [
        migrations.AlterField(
            model_name="inventoryitem",
            name="enabled",
            field=models.BooleanField(null=True),
        ),
    ]
