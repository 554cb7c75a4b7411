"""What an error of a vault is taken for: its codes and its text decide, and only a missing permission is to be granted."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.browsing import text_of
from tests.conftest import World, move_connections
from vaults.emulator import Emulator
from vaults.models import Vault

SECRETS = "/vaults/kv-shop-prod/secrets/"
RBAC = (
    "Caller is not authorized to perform action on resource.\r\nAction: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action'"
    "\r\nResource: '/subscriptions/x/providers/microsoft.keyvault/vaults/kv-shop-prod/secrets/my-policy'\r\n"
)
POLICY = (
    "The user, group or application 'appid=x;oid=y' does not have secrets list permission on key vault 'kv-shop-prod'"
)

#: Status, inner code, message; the title; whether a grant is shown.
REFUSALS: dict[str, tuple[int, str, str, str, bool]] = {
    "access policy": (403, "AccessDenied", POLICY, "secrets/list is missing", True),
    "access policy, no inner code": (403, "", POLICY, "secrets/list is missing", True),
    "access policy, no words": (403, "AccessDenied", "", "secrets/list is missing", True),
    "role": (
        403,
        "ForbiddenByRbac",
        f"{RBAC}DenyAssignmentId: null\r\nDecisionReason: null",
        "secrets/list is missing",
        True,
    ),
    "role, no inner code": (403, "", RBAC, "secrets/list is missing", True),
    "deny assignment": (
        403,
        "ForbiddenByRbac",
        f"{RBAC}DenyAssignmentId: '0f3d7c1e-1111-4000-8000-000000000000'\r\nDecisionReason: 'DeniedByDenyAssignment'",
        "A deny assignment forbids this",
        False,
    ),
    "private link": (
        403,
        "ForbiddenByConnection",
        "Public network access is disabled and request is not from a trusted service nor via an approved private link.",
        "The vault takes no calls from public networks",
        False,
    ),
    "private link, no inner code": (
        403,
        "",
        "Public network access is disabled",
        "takes no calls from public networks",
        False,
    ),
    "firewall, no inner code": (
        403,
        "",
        "Client address is not authorized and caller is not",
        "The vault's firewall",
        False,
    ),
    "perimeter": (
        403,
        "ForbiddenByNsp",
        "Blocked by network security perimeter.",
        "network security perimeter turned",
        False,
    ),
    "Azure Policy": (
        403,
        "ForbiddenByPolicy",
        "Operation disallowed by Azure Policy 'Secrets should have an expiration date'",
        "Azure Policy forbids this request",
        False,
    ),
    "compound identity": (
        403,
        "ForbiddenByPolicy",
        "The policy requires the caller 'x' to use on-behalf-of (OBO) flow.",
        "asks for a user behind the application",
        False,
    ),
    "disabled, no inner code": (
        403,
        "",
        "Operation get is not allowed on a disabled secret.",
        "The item is disabled",
        False,
    ),
    "managed, no inner code": (
        403,
        "",
        "Operation is not allowed on a managed key.",
        "It belongs to a certificate",
        False,
    ),
    "key_ops": (
        403,
        "KeyOperationForbidden",
        "Operation sign is not permitted on this key.",
        "not made for this",
        False,
    ),
    "expired": (403, "", "Operation decrypt is not allowed on an expired key.", "The item is outside its dates", False),
    "operation ended": (
        403,
        "",
        "Pending status must be in progress to allow update.",
        "The operation has ended",
        False,
    ),
    "anything": (403, "", "The moon is full.", "The moon is full.", False),
    "nothing": (403, "", "", "Azure refused, without a reason.", False),
    "no vault": (404, "", "The vault does not exist.", "There is no such vault", False),
    "API version": (
        400,
        "",
        "The specified version (2026-04-01) is not recognized. Consider using the latest supported version (7.6).",
        "field “API version” of the connection",
        False,
    ),
    "method": (405, "", "The method is not allowed.", "The vault does not offer this operation", False),
    "teapot": (418, "", "I am a teapot.", "I am a teapot.", False),
}


def body(message: str, inner_code: str) -> dict[str, Any]:
    inner = {"innererror": {"code": inner_code}} if inner_code else {}
    return {"error": {"code": "Refused", "message": message, **inner}}


@pytest.mark.sweep
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_judged_by_code_and_text(kind: str, olga: Client, world: World, emulator: Emulator) -> None:
    status, inner_code, message, title, granted = REFUSALS[kind]
    emulator.answer_next(status, body(message, inner_code))
    page: Any = olga.get(SECRETS)
    shown = text_of(page)
    assert title in shown
    assert bool(page.context["problem"].command) == granted
    assert ("emulator grant" in shown) == granted
    assert ("Azure's words" in shown) == bool(message)
    assert "The vault answered with status" not in shown


@pytest.mark.parametrize(
    ("message", "spreading"), [(RBAC, "takes up to 10 minutes to spread"), (POLICY, "a policy changed lately")]
)
def test_what_was_granted_lately_may_not_count_yet(
    message: str, spreading: str, olga: Client, world: World, emulator: Emulator, settings: Settings
) -> None:
    settings.CLOUDS = {"azure": settings.CLOUDS["local"]}
    move_connections(cloud="azure")
    emulator.answer_next(403, body(message, ""))
    assert spreading in text_of(olga.get(SECRETS))


@pytest.mark.parametrize("name", ["my-vault", "vault"])
def test_an_items_name_makes_no_missing_vault(name: str, olga: Client, world: World, emulator: Emulator) -> None:
    message = f"A secret with (name/id) {name} was not found in this key vault."
    emulator.answer_next(404, {"error": {"code": "SecretNotFound", "message": message}}, times=9)
    assert "Item not found" in text_of(olga.get(f"{SECRETS}{name}/"))


WAITS = [
    ("30", "Wait 30 s,"),
    ("600", "Wait 10 min,"),
    ("601", "Wait 11 min,"),
    ("5400", "Wait 90 min,"),
    ("7200", "Wait 2 h,"),
    ("7201", "Wait 2 h 1 min,"),
    ("86340", "Wait 23 h 59 min,"),
    ("604800", "Wait 168 h,"),
]


@pytest.mark.sweep
@pytest.mark.parametrize(("seconds", "told"), WAITS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_long_wait_is_told_in_minutes_and_hours(
    status: int, seconds: str, told: str, olga: Client, sick_vault: Vault, emulator: Emulator
) -> None:
    emulator.answer_next(status, body("Later.", ""), {"Retry-After": seconds}, times=9)
    assert told in text_of(olga.get(f"/vaults/{sick_vault.slug}/secrets/"))


def test_a_wait_until_a_date_is_told_too(olga: Client, world: World, emulator: Emulator) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(hours=5, minutes=29, seconds=50), usegmt=True)
    emulator.answer_next(429, body("Later.", ""), {"Retry-After": until}, times=9)
    assert "Wait 5 h 30 min," in text_of(olga.get(SECRETS))


@pytest.mark.sweep
@pytest.mark.parametrize("said", ["-5", "0", "soon", "1e9", "9" * 400, "Mon, 01 Jan 2001 00:00:00 GMT", ""])
def test_no_wait_is_made_up_of_what_is_none(said: str, olga: Client, sick_vault: Vault, emulator: Emulator) -> None:
    emulator.answer_next(429, body("Later.", ""), {"Retry-After": said}, times=9)
    answer = olga.get(f"/vaults/{sick_vault.slug}/secrets/")
    assert "Wait 10 s," in text_of(answer)
    assert answer["Retry-After"] == "10"


def test_words_of_a_gateway_are_not_called_azures(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.answer_next(403, b"<html><title>Blocked</title><p>Ask the network team.</p>")
    shown = text_of(olga.get(SECRETS))
    assert "Ask the network team." in shown
    assert "Azure's words" not in shown


def test_a_deny_assignment_is_no_missing_permission_on_the_access_page(
    olga: Client, world: World, emulator: Emulator
) -> None:
    status, inner_code, message, title, _ = REFUSALS["deny assignment"]
    emulator.answer_next(status, body(message, inner_code), times=999)
    shown = text_of(olga.get("/vaults/kv-shop-prod/access/"))
    assert title in shown
    assert "are missing" not in shown
