"""Queries whose SQL is compiled once: they find what the same query built anew finds, whatever they were asked before."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from tests.conftest import World, make_vault
from vaults.models import InventoryItem, Team, Vault
from vaults.models.prepared import Parameter, Prepared

NAMED: Prepared[Vault] = Prepared(
    lambda: (
        Vault.objects.filter(name=Parameter("name", Vault._meta.get_field("name")), production=False)
        .annotate(team_name=F("team__name"))
        .with_state()
    )
)


def test_each_run_has_its_own_values(world: World) -> None:
    other = make_vault(connection=world.connection, name="kv-other", slug="kv-other")
    assert NAMED(name="kv-other") == [other]
    assert NAMED(name=world.vault.name) == [world.vault]
    assert NAMED(name="kv-other' OR 1=1 --") == []


def test_each_run_reads_the_rows_as_they_are_now(world: World) -> None:
    assert [found.team_name for found in NAMED(name=world.vault.name)] == [world.vault.team.name]  # type: ignore[attr-defined]
    Team.objects.filter(pk=world.vault.team_id).update(name="Renamed")
    assert [found.team_name for found in NAMED(name=world.vault.name)] == ["Renamed"]  # type: ignore[attr-defined]
    Vault.objects.update(production=True)
    assert NAMED(name=world.vault.name) == []


def test_annotations_have_the_types_of_the_query(world: World) -> None:
    end = timezone.now() + timedelta(days=3)
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="one", enabled=True, expires_on=end)
    (found,) = NAMED(name=world.vault.name)
    (built,) = Vault.objects.filter(name=world.vault.name).with_state()
    assert found.first_expiry == built.first_expiry == end


def test_a_parameter_without_a_value_is_an_error(world: World) -> None:
    with pytest.raises(KeyError):
        NAMED()
