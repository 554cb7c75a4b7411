"""The first start: create the first team, a link or account for its owner, and, with the local vault, ready connections."""

import json
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from vaults import clients
from vaults.actions.connections import Credential, create_connection
from vaults.actions.teams import InvitationSpent, join_team
from vaults.actions.vaults import add_vault
from vaults.actors import Command, System
from vaults.acts import act
from vaults.models import Connection, Invitation, Membership, Team
from vaults.permissions import Action, Role


def first_team() -> Team:
    """The first team; of two starts at once, one creates it."""
    return Team.objects.order_by("pk").first() or Team.objects.get_or_create(name="Our team")[0]


def has_owner() -> bool:
    return Membership.objects.filter(role=Role.OWNER).exists()


def first_owner_link() -> str:
    """A new one-time link; earlier links for the first owner end."""
    team = first_team()
    with (
        act(Command(), Action.MEMBER_INVITE, team, role=Role.OWNER),
        transaction.atomic(),
    ):
        Invitation.objects.of_commands().end()
        _, token = Invitation.issue(team, Role.OWNER)
    scheme = "https" if settings.HTTPS else "http"
    return f"{scheme}://localhost:{settings.PORT}{reverse('join', args=[token])}"


def create_owner(email: str, password: str) -> None:
    """Create the first owner. If another process creates one at the same time, do nothing."""
    _, token = Invitation.issue(first_team(), Role.OWNER, email)
    try:
        join_team(token, email, "", password, by_command=True)
    except InvitationSpent:
        if not has_owner():
            raise


def store_local_connections(team: Team) -> None:
    """Store connections for the local vault's two service principals: the first reaches three vaults, the second one of them.

    The first has many rights; the second has few, and comes second in the order of its vault. Only on the first start: later,
    people may have changed or removed them.
    """
    if team.connections.exists():
        return
    known: dict[str, Any] = json.loads((settings.DATA_DIR / "emulator" / "credentials.json").read_text())
    all_vaults = list(clients.azure.clouds()["local"].vault_hosts)
    for number, (name, principal) in enumerate(known["principals"].items()):
        connection = Connection(
            name=name, cloud="local", tenant_id=known["tenant_id"], client_id=principal["client_id"]
        )
        create_connection(System(), team, connection, Credential(client_secret=principal["client_secret"]))
        for vault in all_vaults if number == 0 else all_vaults[:1]:
            add_vault(System(), connection, vault, production=vault.endswith("-prod"))
