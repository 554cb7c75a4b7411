"""A vault is a cloud and a host, once in a team. What was stored once per connection or spelling is merged; audit entries stay."""

import re
import uuid
from collections import defaultdict
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from vaults.azure.clouds import AZURE_CLOUDS, Cloud, load_clouds
from vaults.azure.errors import InvalidInput
from vaults.azure.pasted import vault_from_text

LABEL = re.compile(r"[a-z][a-z0-9-]*")
OF_SCANS = (
    "scan_requested_at",
    "scan_requested_by",
    "scan_ended_at",
    "scanned_at",
    "scan_problem",
    "scan_problem_facts",
)


def merge_vaults(apps: Any, schema_editor: Any) -> None:
    clouds = known_clouds()
    same = defaultdict(list)
    for vault in in_order_of_age(apps):
        vault.team_id, vault.cloud = vault.connection.team_id, vault.connection.cloud
        vault.host, vault.name = address_of(clouds.get(vault.cloud), vault.name)
        same[vault.team_id, vault.cloud, vault.host].append(vault)
    for rows in same.values():
        merge(apps, rows)
    # PostgreSQL alters no table whose foreign keys are still to be checked.
    schema_editor.connection.check_constraints()


def known_clouds() -> dict[str, Cloud]:
    """The clouds of this deployment; those of a file that can't be read now are missing."""
    try:
        found = load_clouds(settings.CLOUDS_FILE)
    except InvalidInput:
        found = dict(AZURE_CLOUDS)
    return {**found, **settings.CLOUDS}


def in_order_of_age(apps: Any) -> list[Any]:
    """All rows. Of the same vault, the first one that was added has the plain slug; else the record shows which is older."""
    entries = apps.get_model("vaults", "AuditEntry").objects.exclude(vault_id=None)
    first_seen = dict(entries.order_by().values_list("vault_id").annotate(models.Min("seq")))
    rows = apps.get_model("vaults", "Vault").objects.select_related("connection")
    newest = max(first_seen.values(), default=0) + 1
    return sorted(rows, key=lambda row: (has_suffix(row), first_seen.get(row.pk, newest), row.slug))


def has_suffix(row: Any) -> bool:
    return re.search(r"-[0-9a-f]{6}$", row.slug) is not None


def address_of(cloud: Cloud | None, stored: str) -> tuple[str, str]:
    """Host and name. Of a cloud that is not known any more, what the stored text says: see `startup.renew_hosts`."""
    if cloud is not None:
        try:
            return cloud.vault_host(stored), cloud.vault_name(stored)
        except InvalidInput:
            pass
    host = vault_from_text(stored).lower()
    label = host.partition(".")[0]
    return host, label if LABEL.fullmatch(label) else host


def merge(apps: Any, rows: list[Any]) -> None:
    """Merge rows of the same vault into the first one."""
    kept, *others = rows
    reach(apps, kept, rows)
    if others:
        keep_best_scan(apps, kept, rows)
        kept.production = any(row.production for row in rows)
    kept.save()
    former = apps.get_model("vaults", "FormerVault").objects
    for row in others:
        former.create(id=row.pk, slug=row.slug, vault=kept, connection_id=row.connection_id)
        row.delete()


def reach(apps: Any, kept: Any, rows: list[Any]) -> None:
    """The connections of all rows in their order, each once."""
    ways = apps.get_model("vaults", "VaultConnection").objects
    for position, connection_id in enumerate(dict.fromkeys(row.connection_id for row in rows)):
        ways.create(vault_id=kept.pk, connection_id=connection_id, position=position)


def keep_best_scan(apps: Any, kept: Any, rows: list[Any]) -> None:
    """Keep state and items of the row that was scanned without a problem, else of one that was scanned; the latest of several."""
    items = apps.get_model("vaults", "InventoryItem").objects
    latest_first = sorted(rows, key=lambda row: row.scanned_at.timestamp() if row.scanned_at else 0, reverse=True)
    best = min(latest_first, key=lambda row: (row.scanned_at is None, row.scan_problem != ""))
    if best.pk != kept.pk:
        items.filter(vault_id=kept.pk).delete()
        items.filter(vault_id=best.pk).update(vault_id=kept.pk)
    for name in OF_SCANS:
        setattr(kept, name, getattr(best, name))
    kept.scan_started_at = kept.scan_seen_at = None


def first_connections(apps: Any, schema_editor: Any) -> None:
    """Backwards: each vault has its first connection only; what was merged stays merged."""
    for way in apps.get_model("vaults", "VaultConnection").objects.order_by("-position"):
        apps.get_model("vaults", "Vault").objects.filter(pk=way.vault_id).update(connection_id=way.connection_id)
    schema_editor.connection.check_constraints()


class Migration(migrations.Migration):
    dependencies = [("vaults", "0012_problems_as_codes")]

    operations = [
        migrations.CreateModel(
            "VaultConnection",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                (
                    "vault",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reached_through", to="vaults.vault"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT, related_name="reaches", to="vaults.connection"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=["vault", "connection"], name="connection_once_a_vault")
                ],
            },
        ),
        migrations.CreateModel(
            "ChosenConnection",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "vault",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="vaults.vault"),
                ),
                (
                    "reached_through",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="chosen_by",
                        to="vaults.vaultconnection",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["user", "vault"], name="one_choice_a_vault")],
            },
        ),
        migrations.CreateModel(
            "FormerVault",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slug", models.SlugField(max_length=80, unique=True)),
                (
                    "vault",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="former", to="vaults.vault"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="vaults.connection",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "vault",
            "team",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="vaults", to="vaults.team"
            ),
        ),
        migrations.AddField("vault", "cloud", models.CharField(default="", max_length=40), preserve_default=False),
        migrations.AddField(
            "vault",
            "host",
            models.CharField(
                default="",
                help_text="`host` or `host:port` in lower case, without the port 443.",
                max_length=260,
            ),
            preserve_default=False,
        ),
        migrations.RemoveConstraint("vault", "vault_once_a_connection"),
        migrations.AlterField(
            "vault",
            "connection",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="vaults", to="vaults.connection"
            ),
        ),
        migrations.RunPython(merge_vaults, first_connections),
        migrations.RemoveField("vault", "connection"),
        migrations.AlterField(
            "vault",
            "team",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="vaults", to="vaults.team"),
        ),
        migrations.AlterField(
            "vault",
            "name",
            models.CharField(help_text="The name that az takes, or by which the cloud lists the host.", max_length=260),
        ),
        migrations.AddField(
            "vault",
            "connections",
            models.ManyToManyField(related_name="vaults", through="vaults.VaultConnection", to="vaults.connection"),
        ),
        migrations.AddConstraint(
            "vault", models.UniqueConstraint(fields=["team", "cloud", "host"], name="vault_once_a_team")
        ),
    ]
