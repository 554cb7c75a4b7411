"""Any input from outside is either parsed or refused with the documented exception."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaults.azure import json_values, responses
from vaults.azure.clouds import AZURE_CLOUDS
from vaults.azure.errors import HostileLink, InvalidIdentifier, InvalidInput, ServiceError
from vaults.azure.members import Members
from vaults.azure.transport import Response
from vaults.keyvault import bundles
from vaults.keyvault.identifiers import parse
from vaults.keyvault.paging import skip_token
from vaults.keyvault.policies import policy_from_json

pytestmark = pytest.mark.sweep

LIST = "https://kv-one.vault.azure.net/secrets"
PIECES = st.sampled_from(
    ["https://", "http://", "kv-one", ".vault.azure.net", "evil.test", ":443", ":", "@", "/", "//", "\\", "?",
     "#", "secrets", "$skiptoken=x", "&", "%", "..", "[", "]", "\n", "\x00", "ü"]
)  # fmt: skip
ADDRESSES = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40)
NAMES = st.sampled_from(
    ["id", "value", "attributes", "tags", "enabled", "exp", "nextLink", "error", "code", "innererror",
     "message", "key_props", "x509_props", "sans", "dns_names", "issuer", "name",
     "lifetime_actions", "trigger"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=6)
many = settings(max_examples=60, deadline=None, database=None)


@many
@given(ADDRESSES)
def test_no_text_leads_to_a_foreign_vault(address: str) -> None:
    cloud = AZURE_CLOUDS["azure"]
    try:
        url = cloud.vault_url(address)
    except InvalidInput:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.path, parts.query, parts.username, parts.port) == (
        "https",
        "",
        "",
        None,
        None,
    )
    assert (parts.hostname or "").endswith(".vault.azure.net")


@many
@given(ADDRESSES)
def test_no_link_leads_to_a_foreign_list(link: str) -> None:
    try:
        token = skip_token(link, LIST)
    except HostileLink:
        return
    assert token
    assert urlsplit(link).hostname == "kv-one.vault.azure.net"


@many
@given(ADDRESSES)
def test_no_text_makes_a_strange_identifier(url: str) -> None:
    try:
        identifier = parse(url)
    except InvalidIdentifier:
        return
    assert identifier.name.replace("-", "").isalnum()


@many
@given(st.binary(max_size=60) | OBJECTS.map(lambda value: json.dumps(value).encode()))
def test_any_error_body_makes_an_error(content: bytes) -> None:
    error = responses.service_error(Response(400, {}, content), absent=(), hidden=["token"])
    assert isinstance(error, ServiceError)
    assert error.message.isprintable()


@many
@given(OBJECTS)
def test_any_object_is_read(data: dict[str, object]) -> None:
    parsed = json_values.parse_object(json.dumps(data).encode())
    bundles.attributes(Members(parsed))
    bundles.deletion(parsed, bundles.Requested("https://kv-one.vault.test", "secrets", "x"))
    policy_from_json(parsed)
