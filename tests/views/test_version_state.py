"""Enabling and disabling one version, of each kind."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, text_of
from tests.conftest import World, last_entry, signed_in, vault_calls
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import BY_NAME
from vaults.permissions import Role

V = "/vaults/kv-shop-prod"
SELF_SIGNED = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")
KINDS = ["secret", "key", "certificate"]
MAKE: dict[str, Callable[[VaultClient], Any]] = {
    "secret": lambda azure: azure.secrets.set("api", "v"),
    "key": lambda azure: azure.keys.create("api", kty="RSA"),
    "certificate": lambda azure: azure.certificates.create("api", SELF_SIGNED),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ids(kind: str, azure: VaultClient, emulator: Emulator) -> list[str]:
    """The ids of two versions, the current one first."""
    for _ in range(2):
        MAKE[kind](azure)
        emulator.clock.advance(60)
    found = [version.version for version in versions(kind, azure)]
    vault_calls(emulator)
    return found


def versions(kind: str, azure: VaultClient) -> Any:
    return BY_NAME[kind].client(azure).versions("api")


def states(kind: str, azure: VaultClient) -> list[bool]:
    return [version.enabled for version in versions(kind, azure)]


def page_of(kind: str, version: str, verb: str) -> str:
    return f"{V}/{kind}s/api/versions/{version}/{verb}/"


def test_one_version_is_switched_and_no_other(
    kind: str, ids: list[str], olga: Client, world: World, azure: VaultClient
) -> None:
    current, earlier = ids
    assert fill_in(olga, page_of(kind, earlier, "disable")).status_code == 302
    assert states(kind, azure) == [True, False]
    entry = last_entry(BY_NAME[kind].actions.update)
    assert (entry.state, entry.version, entry.detail["attributes"]) == ("succeeded", earlier, ["enabled"])
    assert fill_in(olga, page_of(kind, current, "disable")).status_code == 302
    assert states(kind, azure) == [False, False]
    for version in ids:
        assert fill_in(olga, page_of(kind, version, "enable")).status_code == 302
    assert states(kind, azure) == [True, True]


def test_the_page_says_what_the_current_version_means(kind: str, ids: list[str], olga: Client) -> None:
    current, earlier = ids
    words = text_of(olga.get(page_of(kind, current, "disable")))
    assert f"Disable the current version of api? {kind.capitalize()}" in words
    assert f"asks for the {kind} without a version or for this version" in words
    assert "No earlier version becomes current by this." in words
    words = text_of(olga.get(page_of(kind, earlier, "disable")))
    assert "Whoever asks for this version" in words
    assert "becomes current" not in words


def test_each_version_leads_there_for_those_who_may(
    kind: str, ids: list[str], olga: Client, world: World, azure: VaultClient
) -> None:
    fill_in(olga, page_of(kind, ids[1], "disable"))
    page, viewed = (who.get(f"{V}/{kind}s/api/") for who in (olga, signed_in(world.members[Role.VIEWER])))
    shown = page.content.decode()
    assert page_of(kind, ids[0], "disable") in shown
    assert page_of(kind, ids[1], "enable") in shown
    assert f"versions/{ids[0]}/disable/" not in viewed.content.decode()
    assert f"versions/{ids[1]}/enable/" not in viewed.content.decode()


def test_what_is_so_already_is_left(kind: str, ids: list[str], olga: Client, emulator: Emulator) -> None:
    answer = olga.get(page_of(kind, ids[0], "enable"), follow=True)
    assert "is enabled already" in text_of(answer)
    assert "PATCH" not in {method for method, _ in vault_calls(emulator)}


def test_somebody_elses_change_is_shown_first(
    kind: str, ids: list[str], olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    page = olga.get(page_of(kind, ids[0], "disable"))
    client: Any = BY_NAME[kind].client(azure)
    client.update("api", ids[0], tags={"by": "somebody else"})
    emulator.clock.advance(3)
    answer = olga.post(page_of(kind, ids[0], "disable"), filled(page))
    assert answer.status_code == 422
    assert "Somebody else changed this" in text_of(answer)
    assert states(kind, azure) == [True, True]
    assert olga.post(page_of(kind, ids[0], "disable"), filled(answer)).status_code == 302
    assert states(kind, azure) == [False, True]
    assert dict(versions(kind, azure)[0].tags) == {"by": "somebody else"}


def test_a_form_about_another_version_changes_nothing(
    kind: str, ids: list[str], olga: Client, azure: VaultClient
) -> None:
    form = filled(olga.get(page_of(kind, ids[1], "disable")))
    for opened_on in (form["opened_on"], "", "unread", "nonsense"):
        answer = olga.post(page_of(kind, ids[0], "disable"), {**form, "opened_on": opened_on})
        assert answer.status_code == 422
    assert states(kind, azure) == [True, True]


@pytest.mark.parametrize("version", ["0" * 32, "nonsense"])
def test_a_version_that_is_not_there_is_not_found(
    kind: str, ids: list[str], olga: Client, azure: VaultClient, version: str
) -> None:
    assert olga.get(page_of(kind, version, "disable")).status_code == 404
    assert olga.post(page_of(kind, version, "disable"), {}).status_code == 422
    assert states(kind, azure) == [True, True]


def test_a_managed_secret_is_changed_at_its_certificate(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    MAKE["certificate"](azure)
    emulator.clock.advance(60)
    for collection in ("secrets", "keys"):
        assert "/disable/" not in olga.get(f"{V}/{collection}/api/").content.decode()
