"""Another team's things: not found, not told apart from what does not exist, not changed; and fields nobody asked for."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.browsing import fill_in
from tests.conftest import World, confirmed, make_connection, say, signed_in
from tests.views.rights import CERTIFICATE, KEY, NAME, TABLE
from tests.working import make_job
from vaults.emulator import ADMIN, DEPLOY, TENANT_ID, Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import (
    Connection,
    InventoryItem,
    Invitation,
    Job,
    JobItem,
    Membership,
    Submission,
    Team,
    User,
    Vault,
)
from vaults.permissions import Role

pytestmark = pytest.mark.sweep

V = "kv-shop-prod"


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set(NAME, "hidden")
    azure.keys.create(KEY, kty="EC")
    azure.secrets.set("gone", "hidden")
    azure.secrets.delete("gone")
    azure.certificates.create(CERTIFICATE, CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    emulator.requests.clear()


def addresses(slug: str, connection: Any, member: Any, invitation: Any, job: Any) -> list[str]:
    """Every address about an object, with these in place of what it is about."""
    stand_in = {V: slug, "connection": connection, "member": member, "invitation": invitation, "job": job}
    stand_in["event"] = uuid.uuid4()
    plain = {"version": "0" * 32, "key version": "0" * 32, "certificate version": "0" * 32}
    found = []
    for name, (_, arguments, _, _) in TABLE.items():
        if arguments:
            found.append(reverse(name, args=[{**plain, **stand_in}.get(str(part), part) for part in arguments]))
    return found


def invitation(world: World) -> uuid.UUID:
    return Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)[0].pk


def test_what_is_anothers_looks_like_what_does_not_exist(world: World, stock: None, emulator: Emulator) -> None:
    otto = confirmed(signed_in(world.otto))
    member, job = Membership.objects.get(user=world.rafi).pk, make_job(world, waiting=1, failed=1).pk
    foreign = addresses(V, world.connection.pk, member, invitation(world), job)
    missing = addresses("no-such-vault", uuid.uuid4(), 999_999, uuid.uuid4(), uuid.uuid4())
    state = dump()
    reads = writes = 0
    for theirs, nobodys in zip(foreign, missing, strict=True):
        for method in ("get", "post"):
            one, other = getattr(otto, method)(theirs), getattr(otto, method)(nobodys)
            assert one.status_code == other.status_code, theirs
            assert one.status_code in (404, 405), theirs
            if one.status_code == 404:
                assert bare(one, theirs) == bare(other, nobodys), theirs
            reads += 1
    writes = sum(before != after for before, after in zip(state, dump(), strict=True))
    say(
        f"requests for another team's things: {reads}, sent to Azure: {len(emulator.requests)}, tables changed: {writes}"
    )
    assert emulator.requests == []
    assert writes == 0


def bare(answer: Any, address: str) -> str:
    """The page without its address and its form tokens."""
    return re.sub(r'value="[0-9a-zA-Z]{64}"', "", answer.content.decode().replace(address, ""))


def dump() -> list[Any]:
    models = (Connection, Vault, Membership, Invitation, Team, User, InventoryItem, Submission, Job, JobItem)
    return [sorted(map(str, model._default_manager.values_list())) for model in models]


def test_safe_methods_change_nothing(olga: Client, world: World, stock: None, emulator: Emulator) -> None:
    member, open_to = Membership.objects.get(user=world.rafi).pk, invitation(world)
    job = make_job(world, waiting=1, failed=1).pk
    before = dump()
    for address in addresses(V, world.connection.pk, member, open_to, job):
        for method in ("get", "head"):
            getattr(olga, method)(address)
    changed = [name for name, (one, two) in enumerate(zip(before, dump(), strict=True)) if one != two]
    sent = [each for each in emulator.requests if each.host.endswith(".vault.test") and each.method != "GET"]
    effects = [each for each in sent if "/probe-" not in each.path and not each.path.endswith("/restore")]
    say(f"looks at {len(TABLE)} addresses: tables changed {len(changed)}, changing calls to Azure {len(effects)}")
    assert changed == []
    assert effects == []


EXTRA = {
    "id": str(uuid.UUID(int=1)),
    "pk": "1",
    "team": str(uuid.UUID(int=2)),
    "team_id": str(uuid.UUID(int=2)),
    "client_secret_sealed": "test:AAAA",
    "certificate_sealed": "test:AAAA",
    "test_passed": "True",
    "tested_at": "2030-01-01",
    "credential_changed_at": "2030-01-01",
    "slug": "stolen",
    "scan_problem": "x",
    "is_active": "",
    "actor": "somebody",
}


def test_fields_that_no_form_has_change_nothing(olga: Client, world: World) -> None:
    fill_in(olga, f"/connections/{world.connection.pk}/edit/", name="renamed", **EXTRA)
    fill_in(olga, f"/vaults/{V}/edit/", production="on", **EXTRA)
    fill_in(
        olga,
        "/new/connection/",
        name="second",
        cloud="local",
        tenant_id=TENANT_ID,
        client_id=DEPLOY.client_id,
        client_secret="typed",
        **EXTRA,
    )
    kept, made = Connection.objects.get(pk=world.connection.pk), Connection.objects.get(name="second")
    assert (kept.team_id, kept.client_secret(), kept.revision) == (world.team.pk, ADMIN.client_secret, 2)
    assert (made.team_id, made.client_secret(), made.revision, made.test_passed) == (world.team.pk, "typed", 1, None)
    vault = Vault.objects.get(pk=world.vault.pk)
    assert (vault.slug, vault.scan_problem, vault.production) == (V, "", True)


def test_a_vault_is_not_added_to_anothers_connection(world: World) -> None:
    otto = signed_in(world.otto)
    team = world.otto.memberships.get().team
    make_connection(team, "theirs", ADMIN.client_id, ADMIN.client_secret)
    answer = fill_in(otto, "/new/vault/", connection=str(world.connection.pk), name="kv-shop-stage")
    assert answer.status_code == 422
    assert not Vault.objects.filter(name="kv-shop-stage").exists()


def test_anothers_events_are_not_shown(world: World, stock: None, olga: Client) -> None:
    olga.get(f"/vaults/{V}/secrets/")
    otto = signed_in(world.otto)
    assert list(otto.get("/audit/?show=all").context["page"].object_list) == []
    assert list(otto.get("/audit/?show=all&q=shop").context["page"].object_list) == []


def test_an_identifier_of_anothers_vault_is_not_told_apart(world: World) -> None:
    otto = signed_in(world.otto)
    theirs = otto.get("/go/", {"id": "https://kv-shop-prod.vault.test/secrets/a"})
    nobodys = otto.get("/go/", {"id": "https://kv-no-where.vault.test/secrets/a"})
    assert theirs.status_code == nobodys.status_code == 404
    assert bare(theirs, "kv-shop-prod") == bare(nobodys, "kv-no-where")
