"""A chain for each team and one for the installation. Entries so far stay in the installation's, with the hashes they have.

Nothing that is hashed in an entry of schema 1 is changed. The columns added here are derived from those that are;
`vaults.audit.links.added_to_schema_1` derives them again at each verification.
"""

import uuid
from typing import Any

from django.core.management.color import no_style
from django.db import migrations, models

INSTALLATION = uuid.UUID(int=0)

_QUIET_ENDS = ("list", "read", "scan", "check", "sign_in", "sign_out", "session_end", "confirm")
_ENDS_SO = " OR ".join(f"action LIKE '%.{end}'" for end in _QUIET_ENDS)
_IS_QUIET = f"state IN ('succeeded', 'started') AND ({_ENDS_SO})"
_NEW_BROWSER = {
    "sqlite": """detail LIKE '%"browser": "new"%'""",
    "postgresql": "COALESCE(detail ->> 'browser', '') = 'new'",
}
_KIND = """CASE WHEN action LIKE 'secret.%' THEN 'secret' WHEN action LIKE 'key.%' THEN 'key'
    WHEN action LIKE 'certificate.%' OR action LIKE 'certificate_operation.%' THEN 'certificate' ELSE '' END"""
_TEXTS = {"source": 10, "because": 40, "vault_cloud": 40, "vault_host": 260, "kind": 12, "folded_name": 254}
_LOWER = {"sqlite": "lower(name)", "postgresql": 'lower(name COLLATE "C")'}


def fill(_apps: Any, schema: Any) -> None:
    vendor = schema.connection.vendor
    schema.execute(
        f"UPDATE vaults_auditentry SET seq = id, kind = {_KIND}, "  # noqa: S608
        f"news = NOT ({_IS_QUIET}) OR (action = 'account.sign_in' AND {_NEW_BROWSER[vendor]})",
        params=None,
    )
    schema.execute(f"UPDATE vaults_auditentry SET folded_name = {_LOWER[vendor]} WHERE kind <> ''", params=None)  # noqa: S608


def count_on(apps: Any, schema: Any) -> None:
    """New ids follow the old ones; their columns have only now become identity columns."""
    tables = [apps.get_model("vaults", name) for name in ("AuditEntry", "AuditChain")]
    for sql in schema.connection.ops.sequence_reset_sql(no_style(), tables):
        schema.execute(sql, params=None)


def added(name: str, field: "models.Field[Any, Any]") -> migrations.AddField:
    return migrations.AddField("auditentry", name, field)


def text(length: int) -> "models.CharField[str, str]":
    return models.CharField(blank=True, default="", max_length=length)


class Migration(migrations.Migration):
    dependencies = [("vaults", "0014_inventory_item_once")]

    operations = [
        migrations.RemoveIndex("auditentry", "audit_object"),
        migrations.RemoveConstraint("auditentry", "one_outcome_an_act"),
        migrations.RenameField("auditentry", "seq", "id"),
        migrations.AlterModelOptions("auditentry", {"ordering": ["-id"]}),
        migrations.AlterField("auditentry", "id", models.BigAutoField(primary_key=True, serialize=False)),
        added("seq", models.BigIntegerField(default=0)),
        added("schema", models.PositiveSmallIntegerField(default=1)),
        added("chain", models.UUIDField(default=INSTALLATION)),
        added("look", models.BooleanField(default=False)),
        added("news", models.BooleanField(default=True)),
        added("parent", models.UUIDField(null=True)),
        added("request", models.UUIDField(null=True)),
        added("connection_id", models.UUIDField(null=True)),
        *(added(name, text(length)) for name, length in _TEXTS.items()),
        migrations.AlterField("auditentry", "team_id", models.UUIDField(null=True)),
        migrations.AlterField("auditentry", "team_name", models.CharField(blank=True, max_length=80)),
        migrations.AlterField(
            "auditentry",
            "state",
            models.CharField(
                choices=[
                    ("started", "Started"),
                    ("looked", "Looked"),
                    ("succeeded", "Succeeded"),
                    ("denied", "Denied"),
                    ("failed", "Failed"),
                    ("unknown", "Unknown"),
                ],
                max_length=10,
            ),
        ),
        migrations.RenameField("auditchain", "chain", "trail"),
        migrations.AlterField("auditchain", "id", models.BigAutoField(primary_key=True, serialize=False)),
        migrations.AddField("auditchain", "chain", models.UUIDField(default=INSTALLATION, unique=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(count_on, migrations.RunPython.noop),
        migrations.AlterField("auditentry", "seq", models.BigIntegerField()),
        migrations.AlterField("auditentry", "schema", models.PositiveSmallIntegerField(default=2)),
        *(
            migrations.AlterField("auditentry", name, models.CharField(blank=True, max_length=length))
            for name, length in _TEXTS.items()
        ),
        migrations.AddConstraint(
            "auditentry", models.UniqueConstraint(fields=["chain", "seq"], name="one_entry_a_number")
        ),
        migrations.AddConstraint(
            "auditentry",
            models.UniqueConstraint(
                condition=~models.Q(state="started") & models.Q(look=False), fields=["event"], name="one_outcome_an_act"
            ),
        ),
        *(
            migrations.AddIndex("auditentry", index)
            for index in (
                models.Index(fields=["vault_id", "kind", "folded_name", "id"], name="audit_object"),
                models.Index(fields=["team_id", "id"], name="audit_team"),
                models.Index(fields=["team_id", "id"], condition=models.Q(news=True), name="audit_news"),
                models.Index(fields=["team_id", "action", "id"], name="audit_action"),
                models.Index(fields=["actor_id", "at"], name="audit_actor"),
                models.Index(fields=["folded_name", "id"], condition=models.Q(team_id=None), name="audit_account"),
                models.Index(
                    fields=["folded_name", "id"], condition=models.Q(team_id=None, news=True), name="audit_account_news"
                ),
            )
        ),
    ]
