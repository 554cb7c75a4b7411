"""Looks: one entry each, beside the calls; a repeated look is the first one; a poll belongs to the look that began it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from tests.conftest import World, make_connection, signed_in
from vaults.actors import Person
from vaults.acts import act
from vaults.azure.parallel import gather
from vaults.emulator import ADMIN, Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import AuditEntry
from vaults.permissions import Action, Role

V = "/vaults/kv-shop-prod"
HX = {"HX-Request": "true"}


def told() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("action", "state"))


def ids_sent(emulator: Emulator) -> set[str]:
    """The ids that the vaults have received with their calls."""
    sent = [each for each in emulator.requests if each.host.endswith(".vault.test")]
    return {each.headers["x-ms-client-request-id"] for each in sent}


def test_a_look_is_committed_while_its_calls_are_in_progress(world: World) -> None:
    seen: list[tuple[str, str]] = []
    with act(Person(world.olga), Action.SECRET_LIST, world.vault) as doing:
        assert told() == []
        gather(lambda: None, meanwhile=doing.meanwhile)
        seen = told()
    assert seen == told() == [("secret.list", "looked")]


def test_a_look_without_calls_side_by_side_is_committed_before_it_ends(world: World) -> None:
    with act(Person(world.olga), Action.SECRET_LIST, world.vault):
        assert told() == []
    assert told() == [("secret.list", "looked")]


def test_repeated_looks_are_one_and_their_calls_carry_its_id(olga: Client, emulator: Emulator) -> None:
    for _ in range(3):
        olga.get(f"{V}/secrets/")
    assert told() == [("secret.list", "looked")]
    assert ids_sent(emulator) == {str(AuditEntry.objects.get().event)}


def test_ten_minutes_later_it_is_a_new_look(olga: Client, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    olga.get(f"{V}/secrets/")
    time_machine.shift(timedelta(minutes=9))
    olga.get(f"{V}/secrets/")
    assert len(told()) == 1
    time_machine.shift(timedelta(minutes=2))
    olga.get(f"{V}/secrets/")
    assert len(told()) == 2


def test_another_outcome_is_a_new_entry_of_the_same_look(olga: Client, emulator: Emulator) -> None:
    olga.get(f"{V}/keys/")
    emulator.deny("keys/list")
    for _ in range(2):
        olga.get(f"{V}/keys/")
    emulator.grant("keys/list", principal=ADMIN.name)
    for _ in range(2):
        olga.get(f"{V}/keys/")
    assert [state for _, state in told()] == ["looked", "denied", "looked"]
    assert ids_sent(emulator) == {str(event) for event in AuditEntry.objects.values_list("event", flat=True)}


def test_a_refusal_stays_in_the_lists_after_a_look_that_went_well(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="EC")
    page = f"{V}/keys/signing/"
    for _ in range(2):
        assert olga.get(page).status_code == 200
        emulator.deny("keys/get", "keys/list")
        for _ in range(2):
            assert olga.get(page).status_code == 403
        emulator.grant("keys/get", "keys/list", principal=ADMIN.name)
    shown = olga.get(page)
    for listed in ("/audit/", "/audit/?state=denied&show=all"):
        assert olga.get(listed).content.decode().count('title="denied"') == 2, listed
    assert shown.content.decode().count("Read a key") == 2  # on the item's own card


def test_a_refused_look_says_that_it_began_and_was_refused_once(olga: Client, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    for _ in range(3):
        assert olga.get(f"{V}/keys/").status_code == 403
    assert told() == [("key.list", "looked"), ("key.list", "denied")]
    entry = AuditEntry.objects.latest("id")
    assert (entry.status, entry.code, bool(entry.azure_request_ids)) == (403, "Forbidden", True)


def test_a_look_in_part_says_what_it_could_not_read(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("signing", kty="EC")
    emulator.deny("keys/list")
    for _ in range(2):
        olga.get(f"{V}/keys/signing/")
    assert told() == [("key.read", "looked"), ("key.read", "succeeded")]
    assert AuditEntry.objects.latest("id").detail["not_read"] == ["keys/list"]


@pytest.mark.parametrize("differs", ["person", "name", "version", "connection", "part", "action"])
def test_what_differs_is_another_look(differs: str, world: World) -> None:
    def look(who: str = "", name: str = "a", version: str = "", part: str = "operation", **_: str) -> None:
        actor = Person(world.rafi if who else world.olga)
        action = Action.CERTIFICATE_LIST if differs == "action" and name == "b" else Action.CERTIFICATE_READ
        with act(actor, action, world.vault, name=name, version=version, kind=part):
            pass

    look()
    look(name="A")  # a name without case
    assert len(told()) == 1
    if differs == "connection":
        world.vault = world.vault.through(make_connection(world.team, "other", ADMIN.client_id, ADMIN.client_secret))
    others = {"person": {"who": "rafi"}, "version": {"version": "a" * 32}, "part": {"part": "deleted"}}
    look(**others.get(differs, {"name": "a" if differs == "connection" else "b"}))
    assert len(told()) == 2


def test_acts_are_never_joined(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("kept", "hidden")
    for _ in range(2):
        olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    assert [state for action, state in told() if action == Action.SECRET_REVEAL] == ["started", "succeeded"] * 2


def polls(page: bytes) -> str:
    [address] = re.findall(r'hx-get="([^"]*\?look=[^"]*)"', page.decode())
    return str(address)


def test_a_page_that_polls_records_once_for_as_long_as_it_polls(
    olga: Client, azure: VaultClient, emulator: Emulator, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    emulator.service.certificate_seconds = 10_000
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    page = olga.get(f"{V}/certificates/tls/operation/")
    looks = AuditEntry.objects.filter(look=True, action=Action.CERTIFICATE_READ)
    for _ in range(8):
        time_machine.shift(timedelta(minutes=2))
        page = olga.get(polls(page.content), headers=HX)
        assert page.status_code == 200
    assert looks.count() == 1
    time_machine.shift(timedelta(minutes=11))
    olga.get(polls(page.content), headers=HX)
    assert looks.count() == 2  # it had stopped


@pytest.mark.parametrize("made_up", ["", "x", "00000000000000000000000000000000:1vOabc:sig"])
def test_a_poll_that_is_made_up_is_a_look_of_its_own(olga: Client, made_up: str) -> None:
    olga.get(f"{V}/secrets/?look={made_up}")
    assert told() == [("secret.list", "looked")]


def test_a_poll_of_another_persons_look_is_a_look_of_its_own(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("kept", "hidden")
    azure.secrets.delete("kept")
    page = olga.get(f"{V}/deleted/secrets/kept/")
    signed_in(world.members[Role.VIEWER]).get(f"{V}/deleted/secrets/kept/?look={page.context['look']}", headers=HX)
    assert len(set(AuditEntry.objects.filter(look=True).values_list("event", flat=True))) == 2


def test_a_look_has_one_step_on_its_page_and_is_listed_once(olga: Client, emulator: Emulator) -> None:
    emulator.deny("keys/list")
    olga.get(f"{V}/secrets/")
    olga.get(f"{V}/keys/")
    listed = olga.get("/audit/?show=all").context["page"].object_list
    assert [(entry.action, entry.state) for entry in listed] == [("key.list", "denied"), ("secret.list", "looked")]
    assert olga.get(f"/audit/{listed[1].event}/").status_code == 200
    assert [entry.action for entry in olga.get("/audit/").context["page"].object_list] == ["key.list"]
