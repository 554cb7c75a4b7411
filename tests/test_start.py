"""The first start: the first owner's way in, connections that are ready, and whether the process can do its work."""

import base64
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in
from vaults import setup
from vaults.audit import verification
from vaults.azure.clouds import Cloud
from vaults.emulator import Emulator
from vaults.models import AuditEntry, Connection, Membership, Vault


def test_without_an_owner_a_one_time_link_makes_one(db: None) -> None:
    said = StringIO()
    call_command("first_owner", stdout=said)
    address = said.getvalue().strip().partition("8000")[2]
    answer = fill_in(Client(), address, email="olga@example.com", password="a sentence is good")
    assert answer["Location"] == "/"
    assert Membership.objects.get().role == "owner"
    with pytest.raises(CommandError, match="There is an owner already"):
        call_command("first_owner")


def test_two_variables_make_the_first_owner(db: None) -> None:
    setup.create_owner("olga@example.com", "a sentence is good")
    assert setup.has_owner()
    client = Client()
    answer = client.post("/account/login/", {"login": "olga@example.com", "password": "a sentence is good"})
    assert answer.status_code == 302
    done = AuditEntry.objects.filter(state="succeeded").order_by("id")
    assert [entry.action for entry in done] == ["member.join", "account.sign_in"]


def test_the_local_connections_are_stored_once(
    db: None, emulator: Emulator, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    home = tmp_path / "emulator"
    home.mkdir()
    principals = {name: {"client_id": name, "client_secret": "typed"} for name in ("sp-shop-admin", "sp-shop-deploy")}
    (home / "credentials.json").write_text(json.dumps({"tenant_id": "shop.example", "principals": principals}))
    cloud: Cloud = settings.CLOUDS["local"]
    hosts = {"kv-shop-prod": "localhost:1", "kv-shop-stage": "localhost:2"}
    settings.CLOUDS = {"local": replace(cloud, vault_hosts=hosts)}
    team = setup.first_team()
    setup.store_local_connections(team)
    setup.store_local_connections(team)
    assert [made.name for made in Connection.objects.all()] == ["sp-shop-admin", "sp-shop-deploy"]
    reached = {vault.slug: [each.name for each in vault.connections_in_order] for vault in Vault.objects.all()}
    assert reached == {"kv-shop-prod": ["sp-shop-admin", "sp-shop-deploy"], "kv-shop-stage": ["sp-shop-admin"]}
    assert set(AuditEntry.objects.values_list("actor_label", flat=True)) == {"kvportal"}
    assert all(each.broken is None for each in verification.verify_all().values())


def test_health_and_readiness(db: None) -> None:
    client = Client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "problems": []}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'vaults'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["database"])


def test_a_wrong_key_ring_is_not_ready(db: None, settings: Settings) -> None:
    Client().get("/readyz")  # the ring in use is remembered
    settings.SEALING_KEYS = f"other:{base64.b64encode(bytes(range(32))).decode()}"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["keys"])
    assert Client().get("/healthz").status_code == 200
