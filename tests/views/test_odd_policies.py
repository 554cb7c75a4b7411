"""Policies that are none, or whose parts are of another type: shown as they stand, and a new version still goes untouched."""

from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World
from tests.views.policies import set_rotation_policy
from vaults import clients
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import CERTIFICATE, KEY
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models.connection import NEWEST_API_VERSION

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
ITEM = f"{V}/certificates/tls/"
VAULT = "kv-shop-prod"


def created(emulator: Emulator) -> Any:
    return [each.body for each in emulator.requests if each.path.endswith("/create")][-1]


@pytest.fixture
def tls(azure: VaultClient, emulator: Emulator) -> None:
    policy = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")
    azure.certificates.create("tls", policy, tags={"team": "shop"})
    emulator.clock.advance(60)
    azure.certificates.get("tls")
    emulator.requests.clear()


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize(
    ("policy", "raw"),
    [(["a"], '["a"]'), ("by hand", '"by hand"'), (5, "5"), (True, "true"), ([], "[]"), ("", '""'), (0, "0")],
)
def test_a_policy_that_is_none_is_shown_as_it_stands(
    policy: object, raw: str, olga: Client, emulator: Emulator
) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy", policy)
    words = text_of(olga.get(ITEM))
    assert f"policy {raw} As Azure has it; it can't be read." in words
    page = olga.get(f"{ITEM}new-version/")
    assert f"Policy {raw} can't be read; the vault makes the new version by it" in text_of(page)
    assert "subject" not in main_form(page).fields
    assert "Authority" not in text_of(page)
    assert "Key Vault decides" not in text_of(page)
    assert olga.post(f"{ITEM}new-version/", filled(page)).status_code == 302
    assert created(emulator) == {"tags": {"team": "shop"}}


@pytest.mark.usefixtures("tls")
def test_beside_a_policy_that_is_none_the_tags_can_be_changed(olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy", ["a"])
    refused: Any = fill_in(olga, f"{ITEM}new-version/", tags="no equals")
    assert refused.status_code == 422
    assert 'Policy ["a"]' in text_of(refused)
    assert refused.context["changed_parts"] == ["Tags"]
    assert olga.post(f"{ITEM}new-version/", filled(refused, tags="a=b")).status_code == 302
    assert created(emulator) == {"tags": {"a": "b"}}


@pytest.mark.usefixtures("tls")
def test_no_policy_at_all_is_no_error(olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", "policy", None)
    assert olga.get(ITEM).status_code == 200
    assert fill_in(olga, f"{ITEM}new-version/").status_code == 302
    assert created(emulator) == {"tags": {"team": "shop"}}


PARTS = ["issuer", "x509_props", "x509_props.sans", "key_props", "secret_props", "lifetime_actions", "attributes"]


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize("value", [["a", {"b": [None]}], "text", None, 7, [{"trigger": "x"}], {"a": {"b": []}}])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_another_type_is_shown_and_kept(part: str, value: object, olga: Client, emulator: Emulator) -> None:
    emulator.hold(VAULT, CERTIFICATE, "tls", f"policy.{part}", value)
    page, form = olga.get(ITEM), olga.get(f"{ITEM}new-version/")
    assert (page.status_code, form.status_code) == (200, 200)
    if isinstance(value, str):
        assert f'{part} "text" kept as it is' in text_of(form)
        assert f'{part} "text" kept as it is' in text_of(page)
    assert olga.post(f"{ITEM}new-version/", filled(form)).status_code == 302
    assert created(emulator) == {"tags": {"team": "shop"}}


# Rotation policies


@pytest.fixture
def rotating(world: World, azure: VaultClient) -> None:
    world.connection.api_version = NEWEST_API_VERSION
    world.connection.save()
    newest = VaultClient(
        clients.vault_url(world.vault),
        clients.azure.cloud_of(world.connection),
        clients.azure.token_source(world.connection),
        api_version=NEWEST_API_VERSION,
    )
    newest.keys.create("signing", kty="EC", crv="P-384")
    set_rotation_policy(newest, "signing")


@pytest.mark.usefixtures("rotating")
@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("lifetimeActions", {"a": 1}, 'Rotation: lifetimeActions {"a": 1} can\'t be read'),
        ("lifetimeActions", "soon", 'lifetimeActions "soon" can\'t be read'),
        ("lifetimeActions", [{"action": {"type": "Rotate"}, "trigger": "x"}], 'Rotation: trigger "x" can\'t be read'),
        (
            "lifetimeActions",
            [{"action": {"type": "Rotate"}, "trigger": {"timeAfterCreate": 90}}],
            "timeAfterCreate 90 can't be read",
        ),
        ("lifetimeActions", [7, None], "Rotation not by itself"),
        ("lifetimeActions", None, "Rotation not by itself"),
        ("attributes", ["a"], 'attributes ["a"] can\'t be read'),
        ("attributes", None, "Expires never"),
        ("attributes.expiryTime", 90, "expiryTime 90 can't be read"),
        ("attributes.expiryTime", "soon", "Expires soon after it was made"),
    ],
)
def test_what_a_rotation_policy_has_in_place_of_a_part_is_shown(
    path: str, value: object, words: str, olga: Client, emulator: Emulator
) -> None:
    emulator.hold(VAULT, KEY, "signing", f"rotation_policy.{path}", value)
    page = olga.get(f"{V}/keys/signing/new-version/")
    assert words in text_of(page)
    if "can't be read" in words:
        assert "not by itself" not in text_of(page) or path.startswith("attributes")
        assert "Expires never" not in text_of(page) or path.startswith("lifetimeActions")
    assert olga.get(f"{V}/keys/signing/").status_code == 200
    assert olga.post(f"{V}/keys/signing/new-version/", filled(page)).status_code == 302
