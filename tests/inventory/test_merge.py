"""A scan merges: nothing older overwrites newer, and an item is gone only where its list was read to its end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests.conftest import World
from vaults import clients
from vaults.actions import certificates, items, keys, secrets
from vaults.actions.changes import edit_token_of
from vaults.actions.keys import KeyContent
from vaults.actions.scans import scan_vault
from vaults.actions.secrets import SecretContent
from vaults.actors import Person, System
from vaults.azure.limits import Caller
from vaults.emulator import Emulator
from vaults.inventory import scan
from vaults.inventory.rows import Live, item_of
from vaults.inventory.scan import LISTINGS, Progress
from vaults.inventory.store import GONE_ROWS_KEPT, store
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, DeletedSecret, SecretProperties
from vaults.kinds import BY_NAME, CERTIFICATE, KEY, KINDS, SECRET
from vaults.models import InventoryItem, Vault

NOW = timezone.now() - timedelta(hours=1)
SECOND = timedelta(seconds=1)
SELF_SIGNED = CertificatePolicy(issuer_name="Self", subject="CN=shop.example")
State = dict[str, object]


def state(world: World, name: str = "it") -> State:
    """What is known of the items of this name, by kind: "live", "deleted" or "gone", and the columns that acts here change."""
    return {
        row.kind: (_place(row), row.enabled, row.tags, row.pending, row.transition, row.transition_since)
        for row in InventoryItem.objects.filter(vault=world.vault, folded_name=name)
    }


def _place(row: InventoryItem) -> str:
    return "gone" if row.gone_since else "deleted" if row.deleted_on else "live"


def seen(world: World, name: str, at: datetime, *, deleted: bool = False) -> InventoryItem:
    properties = SecretProperties(id="", name=name, version="")
    return item_of(
        world.vault, DeletedSecret(recovery_id="", deleted_on=at, properties=properties) if deleted else properties, at
    )


class Scan:
    """A scan that has read its lists and has not merged them yet."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._progress = Progress(lambda _progress: None)
        tokens = clients.azure.token_source(vault.connection)
        self._client = clients.azure.client(vault, tokens, Caller.SCAN, request_id="scan")
        self.lists = scan.read_lists(self._client, LISTINGS, self._progress)

    def merge(self) -> None:
        scan.merge(self._vault, self._client, self._progress, self.lists)


@pytest.fixture
def stock(world: World, azure: VaultClient, emulator: Emulator) -> None:
    """Of each kind an item `it`, and a deleted one `old`; all of them known."""
    for name in ("it", "old"):
        azure.secrets.set(name, "hidden")
        azure.keys.create(name, kty="EC")
    for name in ("it-tls", "old-tls"):
        azure.certificates.create(name, SELF_SIGNED)
    emulator.clock.advance(60)
    for kind, name in ((SECRET, "old"), (KEY, "old"), (CERTIFICATE, "old-tls")):
        kind.client(azure).delete(name)
    scan_vault(System(), world.vault)


def names_of(kind: str) -> tuple[str, str]:
    return ("it-tls", "old-tls") if kind == CERTIFICATE.name else ("it", "old")


def create(world: World, kind: str) -> str:
    olga, vault = Person(world.olga), world.vault
    match kind:
        case "secret":
            secrets.create_secret(olga, vault, "new", SecretContent("v"))
        case "key":
            keys.create_key(olga, vault, "new", KeyContent("EC"))
        case _:
            certificates.create_certificate(olga, vault, "new", SELF_SIGNED, {}, None)
    return "new"


def update(world: World, kind: str) -> str:
    olga, vault, name = Person(world.olga), world.vault, names_of(kind)[0]
    wanted = {"enabled": False, "tags": {"team": "shop"}}
    match kind:
        case "secret":
            current = (secrets.read_secret(olga, vault, name).value or ())[0]
            secrets.update_secret(olga, vault, name, wanted, edit_token_of(current))
        case "key":
            token = edit_token_of(keys.read_public_key(olga, vault, name).properties)
            keys.update_key(olga, vault, name, wanted, None, token)
        case _:
            token = edit_token_of(certificates.read_issued(olga, vault, name).properties)
            certificates.update_certificate(olga, vault, name, wanted, token)
    return name


def new_version(world: World, kind: str) -> str:
    olga, vault, name = Person(world.olga), world.vault, names_of(kind)[0]
    match kind:
        case "secret":
            current = (secrets.read_secret(olga, vault, name).value or ())[0]
            secrets.new_version_of_secret(olga, vault, name, "v", {"enabled": False}, edit_token_of(current))
        case "key":
            token = edit_token_of(keys.read_public_key(olga, vault, name).properties)
            keys.new_version_of_key(olga, vault, name, {"enabled": False}, token)
        case _:
            token = certificates.read_for_new_version(olga, vault, name).opened_on
            certificates.new_version_of_certificate(olga, vault, name, certificates.VersionWanted(), token)
    return name


def delete(world: World, kind: str) -> str:
    name = names_of(kind)[0]
    items.delete_item(Person(world.olga), world.vault, BY_NAME[kind], name)
    return name


def recover(world: World, kind: str) -> str:
    name = names_of(kind)[1]
    items.recover_deleted(Person(world.olga), world.vault, BY_NAME[kind], name)
    return name


def purge(world: World, kind: str) -> str:
    name = names_of(kind)[1]
    items.purge_deleted(Person(world.olga), world.vault, BY_NAME[kind], name)
    return name


CHANGES: dict[str, Callable[[World, str], str]] = {
    each.__name__: each for each in (create, update, new_version, delete, recover, purge)
}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
@pytest.mark.parametrize("change", CHANGES)
def test_a_scan_that_read_before_a_change_does_not_hide_it(change: str, kind: str, world: World, stock: None) -> None:
    paused = Scan(world.vault)
    before = state(world, "new") | state(world, names_of(kind)[0]) | state(world, names_of(kind)[1])
    name = CHANGES[change](world, kind)
    done = state(world, name)[kind]
    assert done != before.get(kind)
    paused.merge()
    assert state(world, name)[kind] == done


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
@pytest.mark.parametrize("change", CHANGES)
def test_the_next_scan_sees_it_too(change: str, kind: str, world: World, stock: None, emulator: Emulator) -> None:
    name = CHANGES[change](world, kind)
    expected = {"delete": "deleted", "purge": "gone"}.get(change, "live")
    scan_vault(System(), world.vault)
    assert _place(InventoryItem.objects.get(kind=kind, folded_name=name)) == expected


def test_nothing_older_overwrites_newer(world: World) -> None:
    store(world.vault, [seen(world, "it", NOW, deleted=True)])
    store(world.vault, [seen(world, "it", NOW - SECOND)])
    assert InventoryItem.objects.get().deleted_on == NOW
    store(world.vault, [seen(world, "IT", NOW + SECOND)])
    row = InventoryItem.objects.get()
    assert (row.name, row.deleted_on, row.first_seen, row.last_seen) == ("IT", None, NOW, NOW + SECOND)


@pytest.mark.parametrize("deleted_last", [True, False])
def test_of_an_item_in_both_lists_the_one_seen_last_counts(
    deleted_last: bool, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("it", "hidden")
    azure.secrets.set("old", "hidden")
    azure.secrets.delete("old")
    both = [{"id": f"https://kv-shop-prod.vault.test/secrets/{name}", "attributes": {}} for name in ("it", "old")]
    emulator.rewrite(lambda answer: answer | {"value": both}, path="^/secrets$")
    emulator.rewrite(lambda answer: answer | {"value": both}, path="^/deletedsecrets$")
    paused = Scan(world.vault)
    paused.lists = [
        scan.List([replace(each, at=each.at + late * SECOND) for each in read.value or ()], begun=read.begun)
        for read, listing in zip(paused.lists, LISTINGS, strict=True)
        for late in [listing.deleted == deleted_last]
    ]
    paused.merge()
    assert {_place(row) for row in InventoryItem.objects.filter(kind="secret")} == {
        "deleted" if deleted_last else "live"
    }


NAMELESS: dict[str, object] = {"value": [{"id": None, "attributes": {}}]}
NO_END: dict[str, object] = {"value": [], "nextLink": 3}


def rewrite_keys(emulator: Emulator, answer: dict[str, object]) -> None:
    for path in ("^/keys$", "^/deletedkeys$"):
        emulator.rewrite(lambda _: answer, path=path)


BROKEN: dict[str, Callable[[Emulator], None]] = {
    "refused": lambda emulator: emulator.deny("keys/list"),
    "failed": lambda emulator: rewrite_keys(emulator, NO_END),
    "nameless": lambda emulator: rewrite_keys(emulator, NAMELESS),
}


@pytest.mark.parametrize("how", BROKEN)
def test_items_of_a_list_that_was_not_read_to_its_end_are_kept(
    how: str, world: World, azure: VaultClient, emulator: Emulator, stock: None
) -> None:
    known = InventoryItem.objects.get(kind="key", name="it")
    azure.keys.delete("it")
    azure.secrets.delete("it")
    azure.secrets.purge("it")
    BROKEN[how](emulator)
    scan_vault(System(), world.vault)
    row = InventoryItem.objects.get(kind="key", name="it")
    assert (_place(row), row.last_seen) == ("live", known.last_seen)
    assert InventoryItem.objects.get(kind="secret", name="it").gone_since
    assert set(Vault.objects.get(pk=world.vault.pk).unread_lists) == {"keys", "deleted keys"}


def test_a_list_read_before_an_item_was_seen_does_not_make_it_gone(world: World, stock: None) -> None:
    paused = Scan(world.vault)
    store(world.vault, [seen(world, "elsewhere", timezone.now())])
    paused.merge()
    assert state(world, "elsewhere")["secret"][0] == "live"  # type: ignore[index]


def test_an_item_that_comes_back_is_the_same(world: World, azure: VaultClient, stock: None) -> None:
    first = InventoryItem.objects.get(kind="secret", name="old")
    azure.secrets.purge("old")
    scan_vault(System(), world.vault)
    assert InventoryItem.objects.get(kind="secret", name="old").gone_since
    azure.secrets.set("OLD", "hidden")
    scan_vault(System(), world.vault)
    row = InventoryItem.objects.get(kind="secret", folded_name="old")
    assert (row.pk, row.first_seen, row.gone_since, row.name) == (first.pk, first.first_seen, None, "OLD")


def test_what_has_long_been_gone_is_removed(world: World, stock: None) -> None:
    long_ago = timezone.now() - GONE_ROWS_KEPT - SECOND
    lately = timezone.now() - GONE_ROWS_KEPT + timedelta(hours=1)
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="long", gone_since=long_ago)
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="lately", gone_since=lately)
    scan_vault(System(), world.vault)
    assert not InventoryItem.objects.filter(name="long").exists()
    assert InventoryItem.objects.filter(name="lately").exists()


def test_a_renewal_that_a_scan_has_not_seen_stays_pending(world: World, stock: None, emulator: Emulator) -> None:
    new_version(world, "certificate")
    for _ in range(2):
        scan_vault(System(), world.vault)
        row = InventoryItem.objects.get(kind="certificate", name="it-tls")
        assert (row.pending, row.issued, row.transition) == (True, True, "pending")
    emulator.clock.advance(60)
    scan_vault(System(), world.vault)
    row = InventoryItem.objects.get(kind="certificate", name="it-tls")
    assert (row.pending, row.transition) == (False, "")


def test_texts_for_search(world: World) -> None:
    found: Live = SecretProperties(id="", name="Checkout", version="", tags={"Team": "STRASSE Straße", "a=b": "c"})
    store(world.vault, [item_of(world.vault, found, NOW)])
    row = InventoryItem.objects.get()
    assert (row.folded_name, row.tag_text) == ("checkout", "team=strasse strasse\na=b=c")
