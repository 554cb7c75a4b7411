"""The "By hand" panel: a page's requests to Azure as REST, curl and az, without values or tokens."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vaults import az_clouds
from vaults.actors import Actor
from vaults.keyvault.request_samples import sample_text
from vaults.keyvault.session import Exchange
from vaults.models import Connection, Vault
from vaults.web.az import az_command
from vaults.web.planned import planned


@dataclass(frozen=True, slots=True)
class ByHand:
    """One request. `body` is its JSON with "…" in place of values, "" if it has none. `planned`: the page's form sends it."""

    method: str
    url: str
    status: int | None
    azure_request_id: str
    milliseconds: int
    body: str
    az: str
    planned: bool = False

    @property
    def curl(self) -> str:
        parts = [
            "curl",
            "--request",
            self.method,
            shlex.quote(self.url),
            "--header",
            '"Authorization: Bearer $TOKEN"',
        ]
        if self.body:
            parts += ["--header", "'Content-Type: application/json'", "--data @body.json"]
        return " ".join(parts)


def by_hand(exchanges: Sequence[Exchange], connection: Connection) -> list[ByHand]:
    """The requests that were sent; of a body only the names of its members are known."""
    return [_shown(sent, connection, _members_only(sent)) for sent in exchanges]


def by_hand_of_form(actor: Actor, vault: Vault, page: str, facts: Mapping[str, Any]) -> list[ByHand]:
    """The requests that the form of a page will send, by the name of its URL and the arguments of its address.

    Those that were sent already are left out: a form that comes back shows what it did send.
    """
    sent = {exchange.operation for exchange in actor.exchanges}
    return [
        _shown(exchange, vault.connection, _sample(body), planned=True)
        for exchange, body in planned(actor, vault, page, facts)
        if exchange.operation not in sent
    ]


def _shown(exchange: Exchange, connection: Connection, body: str, *, planned: bool = False) -> ByHand:
    return ByHand(
        exchange.method,
        exchange.url,
        exchange.status,
        exchange.azure_request_id,
        exchange.milliseconds,
        body,
        az_clouds.in_cloud(connection, az_command(exchange)),
        planned,
    )


def _members_only(sent: Exchange) -> str:
    members = ", ".join(f'"{name}": …' for name in sent.body_members)
    return f"{{ {members} }}" if members else ""


def _sample(body: Mapping[str, Any] | None) -> str:
    return sample_text(body, placeholder="…") if body else ""
