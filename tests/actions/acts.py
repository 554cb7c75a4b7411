"""What holds for every act on a vault: done and recorded, refused by the role, refused by Azure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import World, vault_calls
from vaults.actors import Actor, Person
from vaults.audit.verification import verify
from vaults.azure.errors import Forbidden
from vaults.emulator import Emulator
from vaults.models import AuditEntry, Vault
from vaults.permissions import LOOKS, ROLE_ACTIONS, Action, Role, RoleMissing


@dataclass(frozen=True)
class Act:
    """An action function with its arguments, and the permission that Azure asks for."""

    action: Action
    permission: str
    do: Callable[[Actor, Vault], Any]
    of: str = ""  # where there is more than one act of an action

    def __str__(self) -> str:
        return f"{self.action.value} of {self.of}" if self.of else self.action.value


def named(acts: list[Act], name: str) -> Act:
    """An act by its words, for tests that know it before there is anything to act on."""
    [act] = [act for act in acts if str(act) == name]
    return act


def entries() -> list[AuditEntry]:
    """The entries of the newest act, its start first; a look has one."""
    return list(AuditEntry.objects.filter(event=AuditEntry.objects.latest("id").event).order_by("id"))


def is_recorded(act: Act, world: World, emulator: Emulator) -> Any:
    """Do it; its record names person, vault and service principal, joins Azure's log, and the chain holds."""
    emulator.requests.clear()
    result = act.do(Person(world.olga), world.vault)
    started, ended = entries()[0], entries()[-1]
    states = ["looked"] if act.action in LOOKS else ["started", "succeeded"]
    assert (started.action, [entry.state for entry in entries()]) == (act.action, states)
    assert (ended.actor_label, ended.vault_name, ended.client_id) == (
        "Olga Brandt",
        "kv-shop-prod",
        world.connection.client_id,
    )
    assert started.at <= ended.at
    assert ended.azure_request_ids or act.action in LOOKS  # which is committed before Azure has answered
    sent = [each for each in emulator.requests if each.host.endswith(".vault.test")]
    assert {each.headers["x-ms-client-request-id"] for each in sent} == {str(ended.event)}
    assert verify(world.team.pk).broken is None
    return result


def is_refused_by_role(act: Act, world: World, emulator: Emulator) -> None:
    """Somebody whose role does not hold the act: it is recorded as denied, and Azure hears nothing of it."""
    poor = next((world.members[role] for role in Role if act.action not in ROLE_ACTIONS[role]), world.otto)
    vault_calls(emulator)
    with pytest.raises(RoleMissing) as refusal:
        act.do(Person(poor), world.vault)
    ended = entries()[-1]
    assert (ended.action, ended.state, ended.code) == (act.action, "denied", "RoleMissing")
    assert ended.actor_id == poor.pk
    assert refusal.value.role in Role
    assert vault_calls(emulator) == []


def is_refused_by_azure(act: Act, world: World, emulator: Emulator) -> None:
    """The service principal lacks the permission: denied, with Azure's status, code and request id."""
    emulator.deny(act.permission)
    with pytest.raises(Forbidden) as refusal:
        act.do(Person(world.olga), world.vault)
    assert refusal.value.permission == act.permission
    ended = entries()[-1]
    assert (ended.action, ended.state, ended.status) == (act.action, "denied", 403)
    assert (ended.code, ended.inner_code) == ("Forbidden", "ForbiddenByPolicy")
    assert ended.azure_request_ids
