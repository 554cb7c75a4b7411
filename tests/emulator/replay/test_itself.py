"""What the replay plays that none of the recordings at hand has."""

from pathlib import Path
from typing import Any

import pytest

from tests.emulator.replay.vault import Tally, play

BASE = "https://vaultname.vault.azure.net/certificates/cert1"
WAITING = {
    "id": f"{BASE}/pending",
    "issuer": {"name": "Unknown"},
    "csr": "AAAA",
    "cancellation_requested": False,
    "status": "inProgress",
    "status_details": "Pending certificate created. Please Perform Merge to complete the request.",
    "request_id": "0123456789abcdef0123456789abcdef",
}
POLICY = {"policy": {"issuer": {"name": "Unknown"}, "x509_props": {"subject": "CN=shop.example"}}}


def exchange(method: str, path: str, status: int, answer: Any, body: Any = None) -> dict[str, Any]:
    return {
        "RequestMethod": method,
        "RequestUri": f"{BASE}/{path}?api-version=7.0",
        "RequestHeaders": {},
        "RequestBody": body,
        "StatusCode": status,
        "ResponseHeaders": {},
        "ResponseBody": answer,
    }


def played(*entries: dict[str, Any]) -> Tally:
    tally = Tally()
    play(Path("made-up.json"), list(entries), tally, {})
    return tally


def test_a_signing_request_alone_is_played() -> None:
    created = exchange("POST", "create", 202, WAITING, POLICY)
    tally = played(created, exchange("GET", "pending", 200, "MIIB"))
    assert (tally.equal, tally.differences, tally.skipped) == (2, [], {})


@pytest.mark.parametrize("body", ["<html>", ["<html>", "</html>"]])
def test_a_web_servers_page_is_not(body: Any) -> None:
    created = exchange("POST", "create", 202, WAITING, POLICY)
    tally = played(created, exchange("GET", "pending", 400, body))
    assert (tally.equal, list(tally.skipped)) == (1, ["answer of a web server in front of the vault"])
