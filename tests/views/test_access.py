"""The permission check where the vault itself can't be asked: the cause once, and nothing claimed that is not known."""

import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, vault_calls
from vaults.emulator import ADMIN, DEPLOY, Emulator
from vaults.keyvault.probes import AT_ONCE, PERMISSIONS
from vaults.models import Vault


def refuse(inner_code: str) -> dict[str, object]:
    return {"error": {"code": "Forbidden", "message": "m", "innererror": {"code": inner_code}}}


#: How the whole vault turns everybody away, and the title that the list of its secrets has then.
TROUBLE: dict[str, tuple[Callable[[Emulator], None], str]] = {
    "firewall": (
        lambda e: e.answer_next(403, refuse("ForbiddenByFirewall"), times=99),
        "The vault's firewall turned this server away",
    ),
    "no public access": (
        lambda e: e.answer_next(403, refuse("ForbiddenByConnection"), times=99),
        "The vault takes no calls from public networks",
    ),
    "throttled": (lambda e: e.throttle(99, retry_after="60"), "Azure is throttling this vault"),
    "outage": (lambda e: e.fail(99, 503, retry_after="60"), "Key Vault returned a server error"),
    "no answer": (lambda e: e.lose_request(99), "The vault can't be reached"),
    "a gateway's page": (
        lambda e: e.answer_next(200, b"<!doctype html>", times=99),
        "The answer does not look like Key Vault's",
    ),
    "token refused": (
        lambda e: e.answer_next(401, {"error": {"code": "Unauthorized", "message": "m"}}, times=99),
        "Azure did not accept the token",
    ),
    "no token": (
        lambda e: e.answer_next(
            401, {"error": "invalid_client", "error_description": "AADSTS7000215: no"}, times=99, host="login.test"
        ),
        "The client secret is wrong",
    ),
}


@pytest.mark.sweep
@pytest.mark.parametrize("kind", TROUBLE)
def test_the_cause_stands_once_on_top(kind: str, olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    make, title = TROUBLE[kind]
    make(emulator)
    page = olga.get(f"/vaults/{sick_vault.slug}/access/")
    words = text_of(page)
    assert page.status_code == 200
    assert words.count(title) == 1
    assert "nothing was learned of what sp-shop-admin may do here" in words
    assert "can't be probed safely" not in words
    assert "probably allowed" not in words
    assert b'class="table matrix"' not in page.content


def test_a_vault_that_turns_all_away_is_not_asked_on(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.answer_next(403, refuse("ForbiddenByFirewall"), times=99)
    vault_calls(emulator)
    olga.get(f"/vaults/{sick_vault.slug}/access/")
    assert len(vault_calls(emulator)) == AT_ONCE


def test_what_was_learned_before_stays(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.answer_next(403, refuse("ForbiddenByFirewall"), times=99, path="^/(keys|certificates)")
    page = olga.get("/vaults/kv-shop-prod/access/")
    words = text_of(page)
    assert words.count("The vault's firewall turned this server away") == 1
    assert "permissions could not be checked because of this" in words
    assert "not checked: see above" in words
    assert "secrets/get: allowed" in words
    assert "keys/get: not checked" in words
    assert "keys/import: unknown" in words


def test_an_api_version_that_azure_does_not_know_allows_nothing(
    olga: Client, emulator: Emulator, sick_vault: Vault
) -> None:
    said = "The specified version (7.9) is not recognized. Consider using the latest supported version (7.6)."
    emulator.answer_next(400, {"error": {"code": "BadParameter", "message": said}}, times=99)
    words = text_of(olga.get(f"/vaults/{sick_vault.slug}/access/"))
    assert "probably allowed" not in words
    assert said in words


def test_a_probe_that_succeeds_is_told_loudly(olga: Client, emulator: Emulator, sick_vault: Vault) -> None:
    emulator.answer_next(200, {"value": []}, times=99)
    words = text_of(olga.get(f"/vaults/{sick_vault.slug}/access/"))
    assert "A probe succeeded, which none should" in words


def ticked(page: Any) -> dict[str, bool]:
    """The permissions that may be ticked on a page, and which are."""
    boxes = re.findall(r'name="need" value="([^"]+)" aria-label="[^"]+" (checked)?', page.content.decode())
    return {permission: bool(checked) for permission, checked in boxes}


def test_many_that_are_missing_are_one_choice(olga: Client, narrow_vault: Vault) -> None:
    page = olga.get(f"/vaults/{narrow_vault.slug}/access/")
    denied = {result.permission for result in page.context["denied"]}
    assert len(denied) > 25
    untold = {"keys/create", "keys/import", "certificates/import"}
    assert ticked(page) == dict.fromkeys(denied | untold, False)
    assert "emulator grant" not in page.content.decode()
    assert text_of(page).count("the command appears here") == 1


def test_few_that_are_missing_are_ticked(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.deny("secrets/set", "keys/sign")
    page = olga.get("/vaults/kv-shop-prod/access/")
    denied = {result.permission for result in page.context["denied"]}
    assert {"secrets/set", "keys/sign"} <= denied
    assert {permission for permission, checked in ticked(page).items() if checked} == denied
    assert text_of(page).count("emulator grant") == 1


def test_what_is_ticked_gives_one_command_that_works(olga: Client, narrow_vault: Vault, emulator: Emulator) -> None:
    wanted = ["secrets/set", "keys/create", "keys/sign", "certificates/managecontacts"]
    vault_calls(emulator)
    page = olga.get(f"/vaults/{narrow_vault.slug}/access/grant/", {"need": wanted})
    command = page.context["grant"].remedy.command
    assert vault_calls(emulator) == []
    assert [permission for permission, checked in ticked(page).items() if checked] == sorted(
        wanted, key=PERMISSIONS.index
    )
    assert "<html" in page.content.decode()
    assert text_of(page).count(command) == 1
    words = shlex.split(command)
    words = words[words.index("manage.py") - 1 :]  # before it: the data directory and Python
    assert words[1:4] == ["manage.py", "emulator", "grant"]
    assert words[4] == DEPLOY.client_id
    emulator.grant(*words[5 : words.index("--vault")], principal=words[4], vault=words[words.index("--vault") + 1])
    after = olga.get(f"/vaults/{narrow_vault.slug}/access/")
    assert not set(wanted) & {result.permission for result in after.context["denied"]}


def test_a_tick_swaps_the_command_only(olga: Client, narrow_vault: Vault) -> None:
    part = olga.get(f"/vaults/{narrow_vault.slug}/access/grant/", {"need": ["secrets/set"]}, HTTP_HX_REQUEST="true")
    assert part.content.decode().strip().startswith('<div id="grant-command"')
    assert "secrets/set --vault kv-shop-prod" in text_of(part)
    none = olga.get(f"/vaults/{narrow_vault.slug}/access/grant/", HTTP_HX_REQUEST="true")
    assert "the command appears here" in text_of(none)


@pytest.mark.parametrize("hostile", ["secrets/$(reboot)", "secrets/*", "all", "<script>", "secrets/set; reboot"])
def test_only_permissions_come_into_a_command(hostile: str, olga: Client, world: World) -> None:
    page = olga.get("/vaults/kv-shop-prod/access/grant/", {"need": [hostile, "secrets/get"], "model": hostile})
    assert page.context["grant"].needed == ["secrets/get"]
    assert f"grant {ADMIN.client_id} secrets/get --vault" in page.context["grant"].remedy.command
