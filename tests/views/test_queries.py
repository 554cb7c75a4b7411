"""How often a page asks our own database: a fixed number, whatever the vault holds and however many vaults there are."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import World, make_vault, say
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Vault

#: For the record: chain's head, entry, new head, and whether both are there.
ENTRY = 4
#: Session, person, vault with the role there, its connections; whether the look is one that is known, and its entry; the teams,
#: and the sidebar.
LIST = 4 + 1 + ENTRY + 2
#: ... and the item's latest activity, under all ids that the vault has had; if there is none, whether that is known; what
#: the inventory knows of the item.
DETAIL = LIST + 4
#: Session, person, vault, its connections; the act has two entries; the role is read again for the act and for the value, and
#: the reveals of the last minutes are counted.
REVEAL = 4 + 2 * ENTRY + 2 + 1

BASE = "/vaults/kv-shop-prod"


def queries(client: Client, path: str) -> int:
    """How many statements one page takes; what opens and ends transactions is not counted. No look is one that is known."""
    AuditEntry.objects.update(look=False)
    return queries_again(client, path)


def queries_again(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        if path.endswith("/reveal/"):
            page = client.post(f"{BASE}{path}", headers={"HX-Request": "true"})
        else:
            page = client.get(f"{BASE}{path}")
    assert page.status_code == 200
    statements = [query["sql"].split()[0] for query in captured]
    return sum(word in ("SELECT", "INSERT", "UPDATE", "DELETE") for word in statements)


def fill(azure: VaultClient, world: World, count: int) -> None:
    """So many secrets, so many versions of one secret and one key, so many vaults."""
    for number in range(count):
        azure.secrets.set(f"secret-{number}", "a value", tags={"service": "shop"})
        azure.secrets.set("password", "a value")
        azure.keys.create("signing", kty="RSA")
        make_vault(connection=world.connection, name=f"kv-{count}-{number}", slug=f"kv-{count}-{number}")


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/secrets/", LIST),
        ("/keys/", LIST),
        ("/certificates/", LIST + 2),  # which are pending; empty: how many are deleted is looked up
        ("/secrets/password/", DETAIL),
        ("/keys/signing/", DETAIL),
        ("/secrets/password/reveal/", REVEAL),
    ],
)
def test_a_page_asks_the_database_a_fixed_number_of_times(
    olga: Client, world: World, azure: VaultClient, path: str, expected: int
) -> None:
    fill(azure, world, 1)
    queries(olga, "/secrets/")  # the session notes once a minute that somebody was there
    few = queries(olga, path)
    fill(azure, world, 6)
    many = queries(olga, path)
    say(f"{path}: {many} queries")
    assert (few, many) == (expected, expected)


def test_a_look_that_is_known_takes_no_entry(olga: Client, world: World) -> None:
    for _ in range(2):  # the session notes once a minute that somebody was there
        queries(olga, "/secrets/")
    assert queries_again(olga, "/secrets/") == LIST - ENTRY + 1  # empty: how many are deleted is looked up


@pytest.mark.parametrize("count", [5, 30])
def test_the_total_of_a_scanned_list_is_one_query_more(
    olga: Client, world: World, azure: VaultClient, count: int
) -> None:
    """Whether the list goes on is not known when it is asked."""
    for number in range(count):
        azure.secrets.set(f"secret-{number}", "a value")
    Vault.objects.update(scanned_at=timezone.now())
    queries(olga, "/secrets/")
    assert queries(olga, "/secrets/") == LIST + 1
