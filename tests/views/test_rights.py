"""Every address and every kind of person: who gets what. An address that is not in the table fails."""

import re
from collections.abc import Iterator
from typing import cast

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.browsing import forms_of, text_of
from tests.conftest import World, say, signed_in
from tests.views.rights import CERTIFICATE, KEY, NAME, TABLE, V
from tests.working import make_job
from vaults.actors import Person
from vaults.acts import act
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, IssuerSettings
from vaults.models import Invitation, Membership, User
from vaults.permissions import Action, Role

PUBLIC = {"healthz", "readyz", "join", "session"}
#: An object of another team is not found; a page about one's own team is just one's own.
ABOUT_OBJECTS = {name for name, (_, arguments, _, _) in TABLE.items() if arguments} - {"vault_new"}


def product_names() -> Iterator[str]:
    for pattern in get_resolver().url_patterns:
        inner = pattern.url_patterns if isinstance(pattern, URLResolver) else [pattern]
        yield from (str(each.name) for each in inner if isinstance(each, URLPattern))


def test_every_address_is_in_the_table() -> None:
    ours = {name for name in product_names() if not name.startswith("account_")}
    assert ours == set(TABLE) | PUBLIC


@pytest.fixture
def places(world: World, azure: VaultClient, emulator: Emulator) -> dict[str, object]:
    """One of each thing in the vault, and what stands for it in an address."""
    secret = azure.secrets.set(NAME, "hidden")
    key = azure.keys.create(KEY, kty="EC")
    azure.secrets.set("gone", "hidden")
    azure.secrets.delete("gone")
    azure.certificates.create(CERTIFICATE, CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    azure.issuers.create("digi", IssuerSettings("DigiCert"))
    emulator.clock.advance(60)
    certificate = azure.certificates.get(CERTIFICATE)
    with act(Person(world.olga), Action.TEAM_READ, world.team) as doing:
        pass
    return {
        "event": doing.event.id,
        "job": make_job(world, waiting=1, failed=1).pk,
        "invitation": Invitation.issue(world.team, Role.VIEWER, "new@example.com", world.olga)[0].pk,
        "member": Membership.objects.get(user=world.rafi).pk,
        "connection": world.connection.pk,
        "version": secret.version,
        "key version": key.properties.version,
        "certificate version": certificate.properties.version,
    }


def answer(client: Client, name: str, places: dict[str, object]) -> int:
    method, arguments, _, _ = TABLE[name]
    url = reverse(name, args=[places.get(str(argument), argument) for argument in arguments])
    return int(getattr(client, method)(url).status_code)


@pytest.mark.sweep
@pytest.mark.parametrize("role", Role)
def test_each_role_gets_what_the_table_says(role: Role, world: World, places: dict[str, object]) -> None:
    client = signed_in(world.members[role])
    expected = {name: status if role in allowed else 403 for name, (_, _, allowed, status) in TABLE.items()}
    found = {name: answer(client, name, places) for name in TABLE}
    wrong = sum(found[name] != expected[name] for name in TABLE)
    say(f"{role}: {len(TABLE)} addresses, answered otherwise than the table says: {wrong}")
    assert found == expected


@pytest.mark.slow
def test_an_owner_of_another_team_finds_nothing(world: World, places: dict[str, object]) -> None:
    otto = signed_in(world.otto)
    expected = {name: 404 if name in ABOUT_OBJECTS else TABLE[name][3] for name in TABLE}
    assert {name: answer(otto, name, places) for name in TABLE} == expected


def test_a_person_without_a_team_is_told_so_everywhere(world: World, places: dict[str, object]) -> None:
    stranger = signed_in(User.objects.create_user("nobody@example.com", "a long password"))
    assert {name: answer(stranger, name, places) for name in TABLE} == dict.fromkeys(TABLE, 403)
    page = stranger.get("/")
    assert "You are not a member of any team" in text_of(page)
    assert "Ask an owner of your team for an invitation" in text_of(page)
    assert [form.action for form in forms_of(page)] == ["/account/logout/"]
    assert stranger.post("/account/logout/").status_code == 302


def test_a_part_of_a_page_says_it_too(world: World) -> None:
    stranger = signed_in(User.objects.create_user("nobody@example.com", "a long password"))
    swapped = stranger.get(f"/vaults/{V}/secrets/", headers={"HX-Request": "true", "HX-Target": "rows"})
    assert swapped.status_code == 403
    assert b"<html" not in swapped.content
    assert "You are not a member of any team" in text_of(swapped)


def test_somebody_who_has_not_signed_in_is_asked_to(places: dict[str, object]) -> None:
    assert {name: answer(Client(), name, places) for name in TABLE} == dict.fromkeys(TABLE, 302)


def test_a_removed_member_is_out_at_once(world: World, places: dict[str, object]) -> None:
    rafi = signed_in(world.rafi)
    assert answer(rafi, "secret_list", places) == 200
    Membership.objects.filter(user=world.rafi).delete()
    assert answer(rafi, "secret_list", places) == 403


def test_an_unknown_vault_and_a_foreign_one_look_the_same(world: World) -> None:
    otto = signed_in(world.otto)
    foreign = otto.get(reverse("secret_list", args=[V]))
    unknown = otto.get(reverse("secret_list", args=["no-such-vault"]))
    assert foreign.status_code == unknown.status_code == 404
    assert visible(foreign, V) == visible(unknown, "no-such-vault")


def visible(answer: HttpResponseBase, slug: str) -> str:
    """The page without the address it was asked for and the form tokens that differ on every page."""
    return re.sub(r'value="[0-9a-zA-Z]{64}"', "", cast(HttpResponse, answer).content.decode().replace(slug, ""))
