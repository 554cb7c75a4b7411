"""Parsing of identifiers."""

from __future__ import annotations

import pytest

from vaults.azure.errors import InvalidIdentifier
from vaults.keyvault.identifiers import Identifier, parse

HOST = "kv-one.vault.test"


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/secrets/one", ("secrets", "one", "", "")),
        ("/secrets/one/", ("secrets", "one", "", "")),
        ("/keys/one/0123456789abcdef0123456789abcdef",
         ("keys", "one", "0123456789abcdef0123456789abcdef", "")),
        ("/certificates/one/pending", ("certificates", "one", "", "pending")),
        ("/certificates/one/policy", ("certificates", "one", "", "policy")),
        ("/secrets/one/pending", ("secrets", "one", "pending", "")),
        ("/deletedsecrets/one", ("deletedsecrets", "one", "", "")),
        ("/deletedkeys/one", ("deletedkeys", "one", "", "")),
        ("/deletedcertificates/one", ("deletedcertificates", "one", "", "")),
    ],
)  # fmt: skip
def test_identifiers_come_apart(path: str, parts: tuple[str, str, str, str]) -> None:
    assert parse(f"https://{HOST}{path}") == Identifier(HOST, *parts)


def test_a_host_may_have_a_port() -> None:
    assert parse("https://LOCALHOST:8444/secrets/One").host == "localhost:8444"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "one",
        "https://",
        f"http://{HOST}/secrets/one",
        f"https://{HOST}",
        f"https://{HOST}/secrets",
        f"https://{HOST}/secrets/",
        f"https://{HOST}/storage/one",
        f"https://{HOST}/secrets/one/version/more",
        f"https://{HOST}/secrets/o%20ne",
        f"https://{HOST}/secrets/one/not-hex",
        f"https://user@{HOST}/secrets/one",
        "https://[::1/secrets/one",
    ],
)
def test_other_texts_are_refused(url: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse(url)
