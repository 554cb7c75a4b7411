"""An item is unique by vault, kind and name without case, and has the times of its observations."""

from typing import Any

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Coalesce, Least

#: Rows of one statement.
BATCH = 200


def fill(apps: Any, schema: Any) -> None:
    items = apps.get_model("vaults", "InventoryItem").objects
    now = django.utils.timezone.now()
    for vault in apps.get_model("vaults", "Vault").objects.all():
        of_vault = items.filter(vault=vault)
        rows = list(of_vault.only("pk", "kind", "name", "tags").order_by("pk"))
        for row in rows:
            row.folded_name = row.name.casefold()
            row.tag_text = "\n".join(f"{name}={value}" for name, value in sorted(texts(row.tags))).casefold()
        # Of several spellings, the row that was written last is kept.
        kept = {(row.kind, row.folded_name): row for row in rows}
        doubles = [row.pk for row in rows if kept[row.kind, row.folded_name] is not row]
        for start in range(0, len(doubles), BATCH):
            items.filter(pk__in=doubles[start : start + BATCH]).delete()
        items.bulk_update(kept.values(), ["folded_name", "tag_text"], batch_size=BATCH)
        # An Azure date may be in the future; then no scan could replace the row.
        seen: Any = vault.scanned_at or Least(
            Coalesce("updated_on", "created_on", models.Value(now)), models.Value(now)
        )
        of_vault.update(first_seen=seen, last_seen=seen, observed_at=seen)
    # PostgreSQL checks a foreign key of a row that was changed twice at the end, and alters no table before that.
    schema.connection.check_constraints()


def texts(tags: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in tags.items() if isinstance(value, str)] if isinstance(tags, dict) else []


def text_of_item() -> models.TextField:
    return models.TextField(default="", editable=False)


def time_of_item() -> models.DateTimeField:
    return models.DateTimeField(default=django.utils.timezone.now, editable=False)


class Migration(migrations.Migration):
    dependencies = [("vaults", "0013_one_vault")]

    operations = [
        migrations.AddField("inventoryitem", "folded_name", text_of_item(), preserve_default=False),
        migrations.AddField("inventoryitem", "tag_text", text_of_item(), preserve_default=False),
        migrations.AddField("inventoryitem", "first_seen", time_of_item()),
        migrations.AddField("inventoryitem", "last_seen", time_of_item()),
        migrations.AddField("inventoryitem", "observed_at", time_of_item()),
        migrations.AddField("inventoryitem", "gone_since", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "inventoryitem",
            "transition",
            models.CharField(
                blank=True,
                choices=[
                    ("deleting", "Deleting"),
                    ("recovering", "Recovering"),
                    ("purging", "Purging"),
                    ("pending", "Pending"),
                ],
                default="",
                editable=False,
                max_length=12,
            ),
            preserve_default=False,
        ),
        migrations.AddField("inventoryitem", "transition_since", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "inventoryitem",
            "transition_by",
            models.CharField(blank=True, default="", editable=False, max_length=255),
            preserve_default=False,
        ),
        migrations.AddField(
            "inventoryitem",
            "transition_user",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=models.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("inventoryitem", "transition_deleted_on", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "inventoryitem",
            "transition_request",
            models.CharField(blank=True, default="", editable=False, max_length=255),
            preserve_default=False,
        ),
        migrations.AddField("vault", "unread_lists", models.JSONField(default=dict, editable=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            "inventoryitem",
            models.UniqueConstraint(fields=("vault", "kind", "folded_name"), name="inventory_item_once"),
        ),
    ]
