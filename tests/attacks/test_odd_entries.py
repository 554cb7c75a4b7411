"""Entries that whoever writes the database has made unreadable: pages show the others, and say that some can't be shown."""

import pytest
from django.db import Error, transaction
from django.test import Client

from tests.attacks.test_respelled import UNREADABLE, UNREADABLE_TYPED, spell
from tests.browsing import text_of
from tests.conftest import World, last_entry
from tests.databases import is_sqlite
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

ODD = sorted(
    (UNREADABLE if is_sqlite() else UNREADABLE_TYPED)
    | {
        "vault_slug = 'a/b'", "vault_slug = ''", "vault_slug = zeroblob(2)", "source = 'nobody'", "source = zeroblob(1)",
        "kind = 'other'", "chain = 'x'", "chain = NULL", "seq = 'x'", "because = 'role:'", "action = 'x.y'", "state = 'odd'",
        "actor_label = zeroblob(2)", "client_id = zeroblob(2)", "vault_name = zeroblob(2)", "connection_name = 7",
    }
)  # fmt: skip
V = "/vaults/kv-shop-prod"


@pytest.mark.parametrize("change", ODD)
def test_no_page_fails_over_an_odd_entry(change: str, olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("kept", "the-value-itself")
    for _ in range(2):
        olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    entry = last_entry(Action.SECRET_REVEAL)
    try:
        with transaction.atomic():
            spell(change, entry.pk)
    except Error as error:  # the database does not take it
        pytest.skip(type(error).__name__)
    event = AuditEntry.objects.filter(action=Action.SECRET_REVEAL, pk__lt=entry.pk).values_list("event", flat=True)[0]
    pages = ["/", "/audit/", "/audit/?show=all", "/audit/?q=kept", f"/audit/{event}/", f"{V}/secrets/kept/", f"{V}/"]
    answers = {page: olga.get(page) for page in [*pages, f"/audit/{entry.event}/"]}
    assert {page: answer.status_code for page, answer in answers.items()} == {
        **dict.fromkeys(pages, 200),
        f"/audit/{entry.event}/": answers[f"/audit/{entry.event}/"].status_code,
    }
    assert answers[f"/audit/{entry.event}/"].status_code in (200, 404)
    assert "Reveal a secret" in text_of(answers["/audit/"])


def test_what_can_not_be_shown_is_said(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("kept", "the-value-itself")
    olga.post(f"{V}/secrets/kept/reveal/", {"version": ""})
    spell("at = 'x'" if is_sqlite() else "at = 'infinity'", last_entry(Action.SECRET_REVEAL).pk)
    for page in ("/audit/", f"{V}/secrets/kept/", "/"):
        assert "1 entry was changed in the database and can't be shown" in text_of(olga.get(page)), page
