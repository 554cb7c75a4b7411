"""A stored credential is sent nowhere else than where it was meant to go, whoever writes the database."""

import base64

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in, text_of
from tests.conftest import World, make_connection
from vaults.emulator import ADMIN
from vaults.models import Connection, SealedCanary
from vaults.sealing import Place, SealBroken, seal
from vaults.startup import bind_credentials, check_key_ring

pytestmark = pytest.mark.slow

ELSEWHERE = {
    "cloud": "public",
    "tenant_id": "11111111-1111-1111-1111-111111111111",
    "client_id": "22222222-2222-2222-2222-222222222222",
}


@pytest.mark.parametrize("fact", ELSEWHERE)
def test_a_row_that_leads_elsewhere_opens_nothing(fact: str, world: World) -> None:
    world.connection.set_certificate("private", "certificate", "CN=x")
    certificate = world.connection.certificate_sealed
    Connection.objects.filter(pk=world.connection.pk).update(
        **{fact: ELSEWHERE[fact], "certificate_sealed": certificate}
    )
    moved = Connection.objects.get(pk=world.connection.pk)
    with pytest.raises(SealBroken):
        moved.client_secret()
    with pytest.raises(SealBroken):
        moved.certificate_parts()


def test_another_team_opens_nothing(world: World) -> None:
    theirs = world.otto.memberships.get().team
    Connection.objects.filter(pk=world.connection.pk).update(team=theirs)
    with pytest.raises(SealBroken):
        Connection.objects.get(pk=world.connection.pk).client_secret()


def test_facts_that_run_into_each_other_are_not_the_same(world: World) -> None:
    pairs = [("a", "b:c"), ("a:b", "c"), ('a", "b', "c")]
    places = [Place("t", "r", "f", (first, second, "x")).bound_to("k") for first, second in pairs]
    assert len(set(places)) == len(pairs)


@pytest.mark.parametrize("fact", ["tenant_id", "client_id"])
def test_whoever_moves_a_connection_has_to_know_its_secret(fact: str, olga: Client, world: World) -> None:
    address = f"/connections/{world.connection.pk}/edit/"
    answer = fill_in(olga, address, **{fact: ELSEWHERE[fact]})
    assert answer.status_code == 422
    assert "Give it again" in text_of(answer)
    assert getattr(Connection.objects.get(pk=world.connection.pk), fact) != ELSEWHERE[fact]
    assert fill_in(olga, address, **{fact: ELSEWHERE[fact]}, client_secret="typed").status_code == 302
    assert Connection.objects.get(pk=world.connection.pk).client_secret() == "typed"


def as_version_0_1_left_it(connection: Connection) -> None:
    settings.AUDIT_SINK.unlink(missing_ok=True)
    place = Place("vaults_connection", str(connection.pk), "client_secret")
    Connection.objects.filter(pk=connection.pk).update(client_secret_sealed=seal(ADMIN.client_secret, place))
    sealed = seal("kvportal", Place("vaults_sealedcanary", "test", "sealed"))
    SealedCanary.objects.update_or_create(key_id="test", defaults={"sealed": sealed})


def test_what_an_earlier_version_sealed_opens_once_and_is_bound(world: World) -> None:
    as_version_0_1_left_it(world.connection)
    old = Connection.objects.get(pk=world.connection.pk)
    with pytest.raises(SealBroken):
        old.client_secret()
    check_key_ring()
    bind_credentials()
    bound = Connection.objects.get(pk=world.connection.pk)
    assert bound.client_secret() == ADMIN.client_secret
    before = bound.client_secret_sealed
    bind_credentials()
    assert Connection.objects.get(pk=bound.pk).client_secret_sealed == before
    # The old text put back, the old canary too, with a tenant of the attacker's, and a new start:
    settings.AUDIT_SINK.touch()
    canary = seal("kvportal", Place("vaults_sealedcanary", "test", "sealed"))
    SealedCanary.objects.filter(key_id="test").update(sealed=canary)
    Connection.objects.filter(pk=bound.pk).update(
        client_secret_sealed=old.client_secret_sealed, tenant_id=ELSEWHERE["tenant_id"]
    )
    check_key_ring()
    bind_credentials()
    with pytest.raises(SealBroken):
        Connection.objects.get(pk=bound.pk).client_secret()


def test_one_that_was_broken_stays_so_and_stops_nobody(world: World) -> None:
    broken = make_connection(world.team, "broken", ADMIN.client_id, "typed")
    as_version_0_1_left_it(world.connection)
    Connection.objects.filter(pk=broken.pk).update(client_secret_sealed="test:AAAA")
    check_key_ring()
    bind_credentials()
    assert Connection.objects.get(pk=world.connection.pk).client_secret() == ADMIN.client_secret
    assert Connection.objects.get(pk=broken.pk).client_secret_sealed == "test:AAAA"


def test_an_upgrade_and_a_new_key_at_once(world: World, settings: Settings) -> None:
    as_version_0_1_left_it(world.connection)
    settings.SEALING_KEYS = f"next:{base64.b64encode(bytes(range(32))).decode()},{settings.SEALING_KEYS}"
    check_key_ring()
    bind_credentials()
    bound = Connection.objects.get(pk=world.connection.pk)
    assert bound.client_secret() == ADMIN.client_secret
    assert bound.is_sealed_with_current_key()
    assert [canary.key_id for canary in SealedCanary.objects.all()] == ["next"]
