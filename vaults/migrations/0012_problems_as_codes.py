"""Problems are kept as a code with its facts; what was kept as a sentence stays one, under the code "earlier"."""

from typing import Any

from django.db import migrations, models


def keep_sentences(apps: Any, _schema: Any) -> None:
    for vault in apps.get_model("vaults", "Vault").objects.exclude(scan_problem=""):
        vault.scan_problem, vault.scan_problem_facts = "earlier", {"sentence": vault.scan_problem}
        vault.save(update_fields=["scan_problem", "scan_problem_facts"])
    for connection in apps.get_model("vaults", "Connection").objects.exclude(test_sentence=""):
        connection.test_result, connection.test_facts = "earlier", {"sentence": connection.test_sentence}
        connection.save(update_fields=["test_result", "test_facts"])


class Migration(migrations.Migration):
    dependencies = [("vaults", "0011_guess_network")]

    operations = [
        migrations.AddField("vault", "scan_problem_facts", models.JSONField(default=dict, editable=False)),
        migrations.AddField(
            "connection",
            "test_result",
            models.CharField(blank=True, editable=False, max_length=60, default=""),
            preserve_default=False,
        ),
        migrations.AddField("connection", "test_facts", models.JSONField(default=dict, editable=False)),
        migrations.RunPython(keep_sentences, migrations.RunPython.noop),
        migrations.AlterField("vault", "scan_problem", models.CharField(blank=True, editable=False, max_length=60)),
        migrations.RemoveField("connection", "test_sentence"),
    ]
