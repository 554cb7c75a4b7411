"""Queries whose SQL is compiled once: they find what the same query built anew finds, whatever they were asked before."""

from datetime import timedelta

import pytest
from django.db.models import Count, F
from django.utils import timezone

from tests.conftest import World, make_vault
from vaults.models import InventoryItem, Team, Vault
from vaults.models.prepared import Parameter, Prepared, PreparedRows

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


STATES = PreparedRows(
    lambda: (
        InventoryItem.objects.filter(vault=Parameter("vault", Vault._meta.pk))
        .order_by()
        .values_list("vault_id", "enabled")
        .annotate(count=Count("pk"))
    )
)


def test_rows_have_the_types_of_the_query(world: World) -> None:
    for number, enabled in enumerate((True, True, None)):
        InventoryItem.objects.create(vault=world.vault, kind="secret", name=f"s{number}", enabled=enabled)
    other = make_vault(connection=world.connection, name="kv-other", slug="kv-other")
    assert set(STATES(vault=world.vault.pk)) == {(world.vault.pk, True, 2), (world.vault.pk, None, 1)}
    assert STATES(vault=other.pk) == []
    assert all(state is True or state is None for _, state, _ in STATES(vault=world.vault.pk))
