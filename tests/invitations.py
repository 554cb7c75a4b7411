"""Inviting somebody."""

from tests.conftest import World
from vaults.actions import teams
from vaults.actors import Person
from vaults.permissions import Role


def link(world: World, email: str = "new@example.com", role: Role = Role.WRITER) -> str:
    return f"/join/{teams.invite_member(Person(world.olga), world.team, email, role)}/"
