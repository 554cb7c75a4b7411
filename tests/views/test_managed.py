"""A certificate's managed secret and key stand behind it: no list has them as rows beside it, and their pages lead to it."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.browsing import text_of
from tests.conftest import World
from tests.views.rights import KEY, NAME, TABLE, V
from tests.views.test_rights import places
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import InventoryItem

__all__ = ["places"]
pytestmark = pytest.mark.sweep

VAULT = f"/vaults/{V}"
CERTIFICATE = f"{VAULT}/certificates/front-tls/"
#: Links to the managed ones of the two certificates below.
TWIN = re.compile(rf'href="({VAULT}/(?:deleted/)?(?:secrets|keys)/(?:front|former)-tls/[^"]*)"')
#: Addresses beside those of the table, with what people ask for.
ASKED = (
    "/inventory/?q=front-tls",
    "/inventory/?q=former-tls&state=deleted",
    "/inventory/?state=30",
    "/inventory/?state=90",
    "/inventory/?state=deleted",
    "/inventory/?kind=secret",
    "/inventory/?kind=key",
    "/inventory/?sort=expires",
    "/deleted/?q=former-tls",
    "/deleted/?kind=secret",
    "/go/?q=front-tls",
    f"{VAULT}/certificates/front-tls/",
)
#: The lists of the kinds themselves have them, as rows that are folded away; the trail says what was done with them.
OWN_LISTS = {"secret_list", "key_list"}
TRAIL = {"audit_list", "audit_detail"}
#: Pages that would change a managed item. Others that are about it alone may lead to its page, and that to the certificate.
CHANGES = re.compile(r"(?<!rotation_)edit|new_version|delete|rotate|roll_back|enable|disable")
FILES = {"key_public"}


@pytest.fixture
def certificates(azure: VaultClient, emulator: Emulator, world: World, places: dict[str, object]) -> dict[str, object]:
    """A live certificate that soon expires, and a deleted one; in the addresses, its secret and key stand for all others."""
    for name in ("front-tls", "former-tls"):
        azure.certificates.create(
            name, CertificatePolicy(issuer_name="Self", subject="CN=shop.example", validity_in_months=1)
        )
    emulator.clock.advance(60)
    azure.certificates.get("front-tls")
    azure.certificates.delete("former-tls")
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    assert InventoryItem.objects.filter(managed=True).count() == 6
    return places | {
        NAME: "front-tls",
        KEY: "front-tls",
        "version": azure.secrets.versions("front-tls")[0].version,
        "key version": azure.keys.versions("front-tls")[0].version,
    }


def address(name: str, stand_ins: dict[str, object]) -> str:
    return reverse(name, args=[stand_ins.get(str(each), each) for each in TABLE[name][1]])


#: Pages that are opened, apart from those of one secret or key.
PAGES = [
    name for name, (method, args, _, _) in TABLE.items() if method == "get" and not {NAME, KEY} & {*map(str, args)}
]
#: Pages of one secret or key.
OF_ONE = [name for name, (method, args, _, _) in TABLE.items() if method == "get" and {NAME, KEY} & {*map(str, args)}]


def test_no_page_has_them_beside_their_certificate(olga: Client, certificates: dict[str, object]) -> None:
    shown = {}
    for where in [address(name, certificates) for name in PAGES if name not in OWN_LISTS | TRAIL] + [*ASKED]:
        page: Any = olga.get(where, follow=True)
        if page.status_code == 200 and not where.startswith(CERTIFICATE):
            shown[where] = sorted(set(TWIN.findall(page.content.decode())))
    assert len(shown) > 40
    assert {where: found for where, found in shown.items() if found} == {}


@pytest.mark.parametrize("kind", ["secret", "key"])
def test_in_the_list_of_their_kind_they_are_folded_away(
    olga: Client, certificates: dict[str, object], kind: str
) -> None:
    page = olga.get(f"{VAULT}/{kind}s/").content.decode()
    rows = {row.partition('"')[0]: row for row in page.split('<tr data-row="')[1:]}
    assert f"{VAULT}/{kind}s/front-tls/" in rows
    assert all(("data-managed" in row) is (row.count("-tls/") > 0) for row in rows.values())
    assert 'data-show="managed"' in page


def test_no_count_has_them(olga: Client, certificates: dict[str, object]) -> None:
    for where in ("/", f"{VAULT}/", "/inventory/"):
        summary = olga.get(where).context["summary"]
        figures = summary.figures
        # the secret and the key of the places, and two certificates; one certificate ends soon
        assert (figures.secrets, figures.keys, figures.certificates, figures.total) == (1, 1, 2, 4), where
        assert (figures.within_90, figures.deleted) == (1, 2), where
        assert [item.name for item in summary.next_to_expire] == ["front-tls", "shop-tls"], where
    assert olga.get("/inventory/?state=90").context["page"].paginator.count == 1
    rows = list(csv.reader(io.StringIO(olga.get("/inventory.csv").content.decode("utf-8-sig"))))
    assert [row for row in rows if "front-tls" in row and "certificate" not in row] == []


def test_a_search_says_that_there_are_more_and_marks_them(olga: Client, certificates: dict[str, object]) -> None:
    page = olga.get("/inventory/?q=front-tls")
    assert "2 items that belong to a certificate match the search too" in text_of(page)
    everything = olga.get("/inventory/?q=front-tls&managed=on").content.decode()
    rows = everything.split('<tr data-row="')[1:]
    assert len(rows) == 3
    assert sum("certificate" in row.partition("</th>")[0] and "managed" in row for row in rows) >= 2


def test_a_deleted_certificate_stands_for_them(olga: Client, certificates: dict[str, object]) -> None:
    page = olga.get(f"{VAULT}/deleted/")
    assert sorted((row.kind.name, row.item.properties.name) for row in page.context["items"]) == [
        ("certificate", "former-tls"),
        ("secret", "gone"),
    ]
    assert "former-tls with its secret and key certificate" in text_of(page)


def test_a_deleted_one_without_its_certificate_is_shown_and_leads_to_it(
    olga: Client, certificates: dict[str, object], emulator: Emulator
) -> None:
    InventoryItem.objects.filter(name="former-tls", kind="certificate").delete()
    emulator.deny("certificates/list")
    page = olga.get(f"{VAULT}/deleted/")
    assert [row.item.properties.name for row in page.context["items"]].count("former-tls") == 2
    assert f'href="{VAULT}/deleted/certificates/former-tls/"' in page.content.decode()


@pytest.mark.parametrize("collection", ["secrets", "keys"])
def test_the_page_of_a_deleted_one_leads_to_the_certificate(
    olga: Client, certificates: dict[str, object], collection: str
) -> None:
    page = olga.get(f"{VAULT}/deleted/{collection}/former-tls/").content.decode()
    assert f'href="{VAULT}/deleted/certificates/former-tls/"' in page


@pytest.mark.parametrize("name", OF_ONE)
def test_each_page_of_one_leads_to_the_certificate(olga: Client, certificates: dict[str, object], name: str) -> None:
    page: Any = olga.get(address(name, certificates), follow=True)
    if name in FILES:
        assert page["Content-Disposition"]
        return
    assert page.status_code == 200
    body = page.content.decode()
    own = f'href="{VAULT}/{"keys" if KEY in TABLE[name][1] else "secrets"}/front-tls/"'
    led = bool(page.redirect_chain) and page.redirect_chain[-1][0] == CERTIFICATE
    assert led or f'href="{CERTIFICATE}"' in body or (not CHANGES.search(name) and own in body)


@pytest.mark.parametrize(
    ("collection", "page"),
    [
        ("secrets", "edit/"),
        ("secrets", "new-version/"),
        ("secrets", "delete/"),
        ("keys", "edit/"),
        ("keys", "new-version/"),
        ("keys", "delete/"),
    ],
)
def test_a_form_that_would_change_it_leads_to_the_certificate_and_says_why(
    olga: Client, certificates: dict[str, object], collection: str, page: str
) -> None:
    answer: Any = olga.get(f"{VAULT}/{collection}/front-tls/{page}", follow=True)
    assert answer.redirect_chain == [(CERTIFICATE, 302)]
    assert f"The {collection[:-1]} of this name belongs to the certificate, and changes only with it." in text_of(
        answer
    )
