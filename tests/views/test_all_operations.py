"""The operations of all vaults on one page: in progress, and with their outcome after they have ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World, client_of, make_vault, signed_in, vault_calls
from vaults.actions import certificates
from vaults.actions.changes import UNREAD
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.state.policies import EVERYTHING
from vaults.keyvault.types import CertificatePolicy
from vaults.models import RecordedOperation, Vault
from vaults.permissions import Role

NOW = timezone.now()
BY_HAND = CertificatePolicy(issuer_name="Unknown", subject="CN=shop.example")
V = "/vaults/kv-shop-prod/certificates"


def record(vault: Vault, name: str, hours: float = 1, **columns: Any) -> RecordedOperation:
    """An operation that began so many hours ago."""
    return RecordedOperation.objects.create(
        vault=vault,
        name=name,
        **{
            "request_id": name,
            "issuer": "DigiCert",
            "status": "inProgress",
            "begun_at": NOW - timedelta(hours=hours),
            **columns,
        },
    )


def running(page: Any) -> list[str]:
    return [row.name for row in page.context["in_progress"]]


def ended(page: Any) -> list[str]:
    return [row.name for row, *_ in page.context["outcomes"]]


def test_operations_of_all_vaults_with_their_acts(olga: Client, world: World, emulator: Emulator) -> None:
    emulator.add_vault("kv-crm")
    emulator.set_permissions("kv-crm", ADMIN.object_id, EVERYTHING)
    other = make_vault(world.connection, "kv-crm")
    certificates.create_certificate(Person(world.olga), world.vault, "shop-tls", BY_HAND, {}, None)
    client_of(other).certificates.create("crm-tls", BY_HAND)
    scan_vault(System(), other)
    emulator.requests.clear()
    page = olga.get("/operations/")
    assert vault_calls(emulator) == []
    assert running(page) == ["shop-tls", "crm-tls"]
    text = page.content.decode()
    for act in ("", "csr/", "cancel/", "delete/"):
        assert f'href="{V}/shop-tls/operation/{act}"' in text
    assert "Olga Brandt" in text_of(page)
    assert "elsewhere" in text_of(page)
    assert "Please Perform Merge" in text_of(page)
    assert 'hx-trigger="every 10s"' in text


def test_an_outcome_stays_when_the_vault_has_forgotten_it(olga: Client, world: World) -> None:
    certificates.create_certificate(Person(world.olga), world.vault, "shop-tls", BY_HAND, {}, None)
    certificates.delete_operation(Person(world.olga), world.vault, "shop-tls", UNREAD)
    page = olga.get("/operations/")
    assert (running(page), ended(page)) == ([], ["shop-tls"])
    assert "Deleted by Olga Brandt" in " ".join(text_of(page).split())
    assert 'hx-trigger="every' not in page.content.decode()  # nothing moves any more
    assert f"{V}/shop-tls/operation/delete/" not in page.content.decode()


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("issued", "Issued"),
        ("failed", "Failed"),
        ("cancelled", "Cancelled"),
        ("replaced", "by a later operation"),
        ("forgotten", "deleted elsewhere, or with its certificate"),
        ("nonsense", "nonsense"),  # somebody wrote to the database
    ],
)
def test_each_outcome_in_words(outcome: str, words: str, olga: Client, world: World) -> None:
    record(world.vault, "it", outcome=outcome, ended_at=NOW)
    page = olga.get("/operations/")
    assert ended(page) == ["it"]
    assert words in text_of(page)


def test_the_longest_first_and_the_latest_outcome_first(olga: Client, world: World) -> None:
    record(world.vault, "new", 1)
    record(world.vault, "old", 100)
    record(world.vault, "ended-first", 5, outcome="issued", ended_at=NOW - timedelta(days=2))
    record(world.vault, "ended-last", 9, outcome="failed", ended_at=NOW)
    record(world.vault, "long-ago", 9, outcome="failed", ended_at=NOW - timedelta(days=31))
    page = olga.get("/operations/")
    assert (running(page), ended(page)) == (["old", "new"], ["ended-last", "ended-first"])


def test_error_and_status_of_others_are_spelled_out(olga: Client, world: World) -> None:
    record(
        world.vault, "it", issuer="<b>\u202e", status="odd\u200b", status_details="<script>",
        error_code="<i>", error_message="bad\u202e <img>",
    )  # fmt: skip
    page = olga.get("/operations/").content.decode()
    for raw in ('<script>"', "<img>", "<i>", "\u202e", "\u200b"):
        assert raw not in page.split("<main")[1]
    assert "⟨U+202E⟩" in page


def test_filters_stand_in_the_address(olga: Client, world: World) -> None:
    other = make_vault(world.connection, "kv-crm")
    record(world.vault, "shop-tls", 3)
    record(other, "crm-tls", 2, issuer="Self")
    record(other, "crm-old", outcome="failed", ended_at=NOW)
    record(other, "crm-new", outcome="issued", ended_at=NOW)
    assert running(olga.get("/operations/?vault=kv-crm")) == ["crm-tls"]
    assert running(olga.get("/operations/?q=DIGICERT")) == ["shop-tls"]
    assert running(olga.get("/operations/?q=kv-crm+tls")) == ["crm-tls"]
    page = olga.get("/operations/?outcome=failed")
    assert (running(page), ended(page)) == (["shop-tls", "crm-tls"], ["crm-old"])
    for wrong in ("?vault=removed", "?outcome=none", "?q=nothing-of-this-name", "?q=%00&vault=%00"):
        page = olga.get(f"/operations/{wrong}")
        assert (page.status_code, running(page), ended(page)) == (200, [], [])


def test_both_lists_have_pages_of_their_own(olga: Client, world: World) -> None:
    for number in range(60):
        record(world.vault, f"open-{number}", number)
        record(world.vault, f"ended-{number}", outcome="issued", ended_at=NOW - timedelta(hours=number))
    first = olga.get("/operations/")
    second = olga.get(f"/operations/{first.context['pending'].next}")
    assert sorted(running(first) + running(second)) == sorted(f"open-{number}" for number in range(60))
    assert ended(second) == ended(first)
    both = olga.get(f"/operations/{second.context['ended'].next}")
    assert (running(both), len(ended(both))) == (running(second), 10)
    assert not set(ended(both)) & set(ended(first))


def test_a_viewer_may_look_and_no_more(world: World) -> None:
    record(world.vault, "it")
    page = signed_in(world.members[Role.VIEWER]).get("/operations/").content.decode()
    assert f"{V}/it/operation/" in page
    assert f"{V}/it/operation/cancel/" not in page
    assert f"{V}/it/operation/delete/" not in page


def test_another_team_sees_nothing_of_it(world: World) -> None:
    record(world.vault, "it")
    otto = signed_in(world.otto)
    for path in ("/operations/", "/operations/?vault=kv-shop-prod", "/operations/?q=it"):
        page = otto.get(path)
        assert running(page) == []
        assert "kv-shop-prod</" not in page.content.decode()


def test_the_rail_says_how_many_are_in_progress(olga: Client, world: World) -> None:
    for number in range(3):
        record(world.vault, f"it-{number}")
    record(world.vault, "done", outcome="issued", ended_at=NOW)
    for path in ("/operations/", "/vaults/", "/vaults/kv-shop-prod/secrets/"):
        rail = olga.get(path).content.decode().split("</nav>")[0]
        assert '3<span class="visually-hidden"> in progress</span>' in rail
    RecordedOperation.objects.all().delete()
    assert "in progress" not in olga.get("/vaults/").content.decode().split("</nav>")[0]


def test_a_poll_gets_the_lists_alone(olga: Client, world: World) -> None:
    record(world.vault, "it")
    part = olga.get("/operations/?vault=kv-shop-prod", headers={"HX-Request": "true"}).content.decode()
    assert 'hx-get="/operations/?vault=kv-shop-prod"' in part
    assert "<html" not in part
