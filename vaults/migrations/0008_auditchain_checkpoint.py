from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vaults", "0007_inventoryitem_enabled_unknown"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditchain",
            name="chain",
            field=models.CharField(blank=True, default="", max_length=36),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditchain",
            name="checkpoint",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
    ]
