"""The "By hand" panel: a page's requests to Azure as REST, curl and az, without values or tokens."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from vaults import az_clouds
from vaults.keyvault.session import Exchange
from vaults.models import Connection
from vaults.web.az import az_command


@dataclass(frozen=True, slots=True)
class ByHand:
    method: str
    url: str
    status: int | None
    azure_request_id: str
    milliseconds: int
    body_members: tuple[str, ...]
    az: str

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
        if self.body_members:
            parts += ["--header", "'Content-Type: application/json'", "--data @body.json"]
        return " ".join(parts)


def by_hand(exchanges: Sequence[Exchange], connection: Connection) -> list[ByHand]:
    return [
        ByHand(
            sent.method,
            sent.url,
            sent.status,
            sent.azure_request_id,
            sent.milliseconds,
            sent.body_members,
            az_clouds.in_cloud(connection, az_command(sent)),
        )
        for sent in exchanges
    ]
