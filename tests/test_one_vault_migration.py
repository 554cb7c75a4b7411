"""The migration that makes one vault of what was stored once per connection or spelling, on data of the version before."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.conftest import local_cloud
from tests.migrating import database_at, migrate_to
from vaults import startup
from vaults.emulator import Emulator
from vaults.models import AuditEntry, Vault

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BEFORE = "0012_problems_as_codes"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def old(emulator: Emulator) -> Iterator[Any]:
    """The models of the version before, in an empty database. Afterwards the database is as the other tests expect it."""
    with database_at(BEFORE) as models:
        yield models


def migrate() -> None:
    """With all later migrations, as an update does it."""
    call_command("migrate", verbosity=0)


def make_connection(old: Any, team: Any, name: str, cloud: str = "local") -> Any:
    return old.get_model("vaults", "Connection").objects.create(team=team, name=name, cloud=cloud)


def make_vault(old: Any, connection: Any, name: str, slug: str, **fields: Any) -> Any:
    return old.get_model("vaults", "Vault").objects.create(connection=connection, name=name, slug=slug, **fields)


def make_team(old: Any, name: str) -> Any:
    return old.get_model("vaults", "Team").objects.create(name=name)


def add_item(old: Any, vault: Any, name: str) -> None:
    old.get_model("vaults", "InventoryItem").objects.create(vault=vault, kind="secret", name=name)


def add_entry(old: Any, vault: Any, seq: int) -> None:
    old.get_model("vaults", "AuditEntry").objects.create(
        seq=seq,
        event=uuid.uuid4(),
        at=NOW,
        state="succeeded",
        team_id=vault.connection.team_id,
        vault_id=vault.pk,
        action="vault.scan",
    )


def slugs() -> list[str]:
    return sorted(Vault.objects.values_list("slug", flat=True))


def test_rows_of_the_same_vault_become_one(old: Any) -> None:
    team = make_team(old, "Shop")
    admin, deploy = make_connection(old, team, "admin"), make_connection(old, team, "deploy")
    second = make_vault(old, deploy, "kv-a", "kv-a-0f3c2d", production=True, scanned_at=NOW)
    first = make_vault(old, admin, "HTTPS://KV-A.vault.test:443/", "kv-a", scanned_at=NOW - timedelta(days=1))
    third = make_vault(old, admin, "kv-a.vault.test", "kv-a-9b9b9b")
    migrate()
    vault = Vault.objects.get()
    assert (vault.pk, vault.slug, vault.host, vault.name, vault.cloud) == (
        first.pk, "kv-a", "kv-a.vault.test", "kv-a", "local"
    )  # fmt: skip
    assert vault.production is True
    assert [each.name for each in vault.connections_in_order] == ["admin", "deploy"]
    assert set(vault.former_ids) == {second.pk, third.pk}
    assert set(vault.former.values_list("slug", "connection__name")) == {
        ("kv-a-0f3c2d", "deploy"),
        ("kv-a-9b9b9b", "admin"),
    }


def test_the_best_scan_is_kept_with_its_items(old: Any) -> None:
    team = make_team(old, "Shop")
    first = make_vault(
        old, make_connection(old, team, "admin"), "kv-a", "kv-a", scanned_at=NOW, scan_problem="scan.broken"
    )
    second = make_vault(old, make_connection(old, team, "deploy"), "kv-a", "kv-a-2", scanned_at=NOW - timedelta(days=1))
    for vault, name in ((first, "of-the-broken"), (second, "of-the-whole"), (second, "another")):
        add_item(old, vault, name)
    migrate()
    vault = Vault.objects.get()
    assert (vault.scanned_at, vault.scan_problem) == (NOW - timedelta(days=1), "")
    assert sorted(vault.items.values_list("name", flat=True)) == ["another", "of-the-whole"]


def test_of_equal_slugs_the_record_shows_which_is_older(old: Any) -> None:
    team = make_team(old, "Shop")
    younger = make_vault(old, make_connection(old, team, "admin"), "kv-a", "aaa")
    older = make_vault(old, make_connection(old, team, "deploy"), "kv-a", "zzz")
    for seq, vault in enumerate((older, younger), start=1):
        add_entry(old, vault, seq)
    migrate()
    assert slugs() == ["zzz"]
    assert [each.name for each in Vault.objects.get().connections_in_order] == ["deploy", "admin"]


def test_what_differs_stays_apart(old: Any) -> None:
    shop, others = make_team(old, "Shop"), make_team(old, "Others")
    admin = make_connection(old, shop, "admin")
    make_vault(old, admin, "kv-a", "kv-a")
    make_vault(old, admin, "kv-b", "kv-b")
    make_vault(old, make_connection(old, shop, "china", "china"), "kv-a", "kv-a-cn")
    make_vault(old, make_connection(old, others, "theirs"), "kv-a", "kv-a-12ab34")
    migrate()
    assert slugs() == ["kv-a", "kv-a-12ab34", "kv-a-cn", "kv-b"]
    assert {(vault.team.name, vault.cloud, vault.host) for vault in Vault.objects.select_related("team")} == {
        ("Shop", "local", "kv-a.vault.test"),
        ("Shop", "local", "kv-b.vault.test"),
        ("Shop", "china", "kv-a.vault.azure.cn"),
        ("Others", "local", "kv-a.vault.test"),
    }


def test_a_cloud_that_is_no_longer_known_is_no_obstacle(old: Any, emulator: Emulator, settings: Settings) -> None:
    team = make_team(old, "Shop")
    gone = make_connection(old, team, "gone", "gone")
    for name, slug in (
        ("KV-A", "kv-a"),
        ("kv-a", "kv-a-2"),
        ("https://10.0.0.7:8443/", "lab"),
        ("kv-b.gone.test", "kv-b"),
    ):
        make_vault(old, gone, name, slug)
    migrate()
    stored = {vault.slug: (vault.host, vault.name) for vault in Vault.objects.all()}
    assert stored == {
        "kv-a": ("kv-a", "kv-a"),
        "lab": ("10.0.0.7:8443", "10.0.0.7:8443"),
        "kv-b": ("kv-b.gone.test", "kv-b"),
    }
    settings.CLOUDS = {**settings.CLOUDS, "gone": local_cloud(emulator)}
    startup.renew_hosts()
    assert Vault.objects.get(slug="kv-a").host == "kv-a.vault.test"


def test_backwards_a_vault_has_its_first_connection(old: Any) -> None:
    team = make_team(old, "Shop")
    for name, slug in (("admin", "kv-a"), ("deploy", "kv-a-0f3c2d")):
        make_vault(old, make_connection(old, team, name), "kv-a", slug)
    migrate_to("0013_one_vault")
    vault = migrate_to(BEFORE).get_model("vaults", "Vault").objects.select_related("connection").get()
    assert (vault.slug, vault.connection.name) == ("kv-a", "admin")


def test_the_record_is_as_it_was(old: Any) -> None:
    team = make_team(old, "Shop")
    for name, slug in (("kv-a", "kv-a"), ("KV-A", "kv-a-2")):
        vault = make_vault(old, make_connection(old, team, slug), name, slug)
        add_entry(old, vault, seq=old.get_model("vaults", "AuditEntry").objects.count() + 1)
    entries = list(old.get_model("vaults", "AuditEntry").objects.order_by("seq").values())
    migrate()
    assert Vault.objects.count() == 1
    assert list(AuditEntry.objects.order_by("seq").values(*entries[0])) == entries
