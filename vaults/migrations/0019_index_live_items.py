from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vaults", "0018_vault_without_requester")]

    operations = [
        migrations.RemoveIndex(model_name="inventoryitem", name="inventory_expiry"),
        migrations.AddIndex(
            model_name="inventoryitem",
            index=models.Index(
                condition=models.Q(("deleted_on", None), ("gone_since", None), ("managed", False)),
                fields=["vault", "expires_on", "enabled"],
                name="inventory_live",
            ),
        ),
        migrations.AddIndex(
            model_name="inventoryitem",
            index=models.Index(condition=models.Q(("pending", True)), fields=["vault"], name="inventory_pending"),
        ),
    ]
