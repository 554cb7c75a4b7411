"""The columns of the list of certificates that Azure's list does not have: what scans and pages have read of them."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.chains import import_certificate, make_chain, pem
from tests.conftest import World, unreadable
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.models import KnownCertificate

LIST = "/vaults/kv-shop-prod/certificates/"
NOT_READ = "not read yet: a scan reads it"


def cells(page: Any, name: str) -> str:
    """The markup of a certificate's row."""
    found = re.search(rf'<tr [^>]*data-name="{name}".*?</tr>', page.content.decode(), re.DOTALL)
    assert found
    return found.group()


@pytest.fixture(autouse=True)
def tls(azure: VaultClient) -> None:
    """A certificate that a CA issued."""
    issued = make_chain("EC")
    import_certificate(azure, "tls", issued.key_pem + pem(issued.leaf))


def test_they_are_there_after_a_scan_and_ask_azure_for_nothing_more(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.certificates.create("own", CertificatePolicy(issuer_name="Self", subject='CN="Shop, Ltd.", O=x'))
    emulator.clock.advance(60)
    assert cells(olga.get(LIST), "tls").count(NOT_READ) == 4
    scan_vault(System(), world.vault)
    emulator.requests.clear()
    page = olga.get(LIST)
    assert [each.path for each in emulator.requests] == ["/certificates"]
    row = cells(page, "tls")
    for part in ('title="CN=shop.example"', "<bdi>shop.example</bdi>", "<bdi>Lower CA</bdi>", "EC P-256"):
        assert part in row, part
    own = cells(page, "own")
    assert "<bdi>Shop, Ltd.</bdi>" in own
    assert "self-signed" in own
    # 80 % of a year, and of the three months of the chain's leaf.
    assert re.search('tone-ok" title="automatic".*?<time datetime="2027-', own, re.DOTALL)
    assert 'title="by hand"' in row or 'title="will break"' in row
    assert "RSA 2048" in own
    assert NOT_READ not in row + own


def test_what_was_read_of_an_earlier_version_is_not_shown(olga: Client, world: World, azure: VaultClient) -> None:
    scan_vault(System(), world.vault)
    other = make_chain("RSA")
    import_certificate(azure, "tls", other.key_pem + pem(other.leaf))
    row = cells(olga.get(LIST), "tls")
    assert row.count(NOT_READ) == 4
    assert "EC P-256" not in row


def test_one_odd_row_spoils_its_cells_only(olga: Client, world: World) -> None:
    scan_vault(System(), world.vault)
    KnownCertificate.objects.update(
        subject="CN=<b>\u202e", issuer="", self_signed=None, key_type="", key_size=2**31 - 1
    )
    row = cells(olga.get(LIST), "tls")
    assert "<b>" not in row
    assert "\u202e" not in row
    assert 'class="name"' in row


def test_an_index_that_cant_be_read_leaves_them_empty(olga: Client, world: World) -> None:
    scan_vault(System(), world.vault)
    with unreadable("vaults_knowncertificate"):
        page = olga.get(LIST)
    assert page.status_code == 200
    assert cells(page, "tls").count(NOT_READ) == 4
