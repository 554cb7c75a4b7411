"""What another team has can't be read off one's own addresses."""

import re

from tests.conftest import World, make_connection
from vaults.actions.vaults import add_vault
from vaults.actors import System
from vaults.emulator import ADMIN
from vaults.models import Team


def test_a_taken_name_tells_not_how_often_it_is_taken(world: World) -> None:
    slugs = []
    for number in range(6):
        team = Team.objects.create(name=f"team {number}")
        connection = make_connection(team, "theirs", ADMIN.client_id, ADMIN.client_secret)
        slugs.append(add_vault(System(), connection, "kv-shop-prod").vault.slug)
    assert len(set(slugs)) == 6
    assert all(re.fullmatch(r"kv-shop-prod-[0-9a-f]{6}", slug) for slug in slugs)


def test_the_longest_name_has_room_for_it(world: World) -> None:
    name = "kv-" + "a" * 21
    first = add_vault(System(), world.connection, name).vault
    other = make_connection(Team.objects.create(name="Third"), "other", ADMIN.client_id, ADMIN.client_secret)
    assert re.fullmatch(f"{first.slug}-[0-9a-f]{{6}}", add_vault(System(), other, name).vault.slug)
