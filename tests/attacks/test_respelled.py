"""Entries that whoever writes the database spells anew, keeps out, or makes unreadable."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.test import Client

from tests.attacks.records import write
from tests.browsing import text_of
from tests.conftest import World, confirmed, last_entry, signed_in
from tests.databases import is_sqlite
from tests.triggers import IGNORED, trigger
from vaults.audit import verification
from vaults.audit.appending import DETAIL_KEYS, AuditUnavailable, append
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, InventoryItem
from vaults.permissions import Action

pytestmark = pytest.mark.sweep

#: The same for whoever reads it, and found by no query. PostgreSQL has types for these, with one form each.
RESPELLED = {
    "a team in capitals": "team_id = upper(team_id)",
    "a team in braces": "team_id = '{' || team_id || '}'",
    "a team with hyphens": "team_id = substr(team_id, 1, 8) || '-' || substr(team_id, 9)",
    "an act in capitals": "event = upper(event)",
    "a vault in capitals": "vault_id = upper(vault_id)",
    "an actor in capitals": "actor_id = upper(actor_id)",
    "a moment with a T": "at = replace(at, ' ', 'T')",
    "a moment in another zone": "at = at || '+00:00'",
    "a fact twice": """detail = '{"actor_email": "x", ' || substr(detail, 2)""",
    "a chain in capitals": "chain = upper(chain)",
    "a connection in capitals": "connection_id = upper(connection_id)",
    "a truth of another spelling": "news = 'true'",
    "blanks in the facts": "detail = replace(detail, ': ', ':  ')",
    "escaped letters in the facts": "detail = replace(detail, 'owner', '\\u006fwner')",
}
#: What no entry has in this field, as far as PostgreSQL takes it.
UNREADABLE_TYPED = {
    "at = 'infinity'", "at = '-infinity'", "at = '4714-11-24 BC'", "at = '99999-01-01'", "detail = '5'", "detail = '[]'",
    "detail = 'null'", "detail = repeat('9', 5000)::jsonb", "detail = (repeat('[', 6000) || repeat(']', 6000))::jsonb",
    "azure_request_ids = '7'", "azure_request_ids = '{}'", "azure_request_ids = '[[[]]]'", "action = '7'",
    "name = 'x'", "hash = 'é'", "hash = ''", "previous_hash = '5'", "event = '00000000-0000-0000-0000-000000000000'",
    "team_id = '00000000-0000-0000-0000-000000000000'",
}  # fmt: skip
#: The same with SQLite, which takes everything.
UNREADABLE = {
    "at = 'x'", "at = '2026-13-45 00:00:00'", "at = 5", "event = 'x'", "event = zeroblob(3)", "event = 5",
    "team_id = 'x'", "vault_id = 'zz'", "actor_id = '-'", "detail = 'x'", "detail = ''", "detail = '5'", "detail = '[]'",
    "detail = zeroblob(9)", "detail = printf('%.*c', 100000, '[')", "azure_request_ids = '{'",
    "azure_request_ids = '7'", "azure_request_ids = printf('%.*c', 200000, '[')", "detail = printf('%.*c', 5000, '9')",
    "status = 'x'", "state = zeroblob(2)", "name = zeroblob(2)", "action = 7", "hash = zeroblob(64)", "hash = 'é'",
    "parent = 'x'", "request = 5", "connection_id = zeroblob(2)", "source = zeroblob(2)", "because = 7", "kind = zeroblob(6)",
    "folded_name = zeroblob(4)", "vault_host = zeroblob(1)", "schema = 'x'", "news = 'x'", "look = 5",
    "previous_hash = 5", "name = CAST(x'ff' AS TEXT)",
}  # fmt: skip


def spell(change: str, pk: int) -> None:
    with unchecked(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE vaults_auditentry SET {change} WHERE id = {pk}")  # noqa: S608
        assert cursor.rowcount == 1


@contextmanager
def unchecked() -> Iterator[None]:
    """SQLite checks nothing that is written meanwhile. PostgreSQL's types can't be switched off."""
    with connection.cursor() as cursor:
        if is_sqlite():
            cursor.execute("PRAGMA ignore_check_constraints = on")
        yield
        if is_sqlite():
            cursor.execute("PRAGMA ignore_check_constraints = off")


@pytest.fixture
def reveal(world: World, azure: VaultClient, olga: Client) -> AuditEntry:
    """An entry with all its fields, and some on either side."""
    write(3, world.team.pk)
    azure.secrets.set("kept", "the-value-itself")
    olga.post("/vaults/kv-shop-prod/secrets/kept/reveal/", {"version": ""})
    entry = last_entry(Action.SECRET_REVEAL)
    write(3, world.team.pk)
    return entry


@pytest.mark.skipif(not is_sqlite(), reason="SQLite only: PostgreSQL has one spelling of each value")
@pytest.mark.parametrize("change", RESPELLED.values(), ids=RESPELLED.keys())
def test_an_entry_that_no_query_finds_any_more_is_found(change: str, reveal: AuditEntry) -> None:
    assert verification.verify(reveal.chain).broken is None
    spell(change, reveal.pk)
    assert verification.verify(reveal.chain).broken is not None


@pytest.mark.parametrize("change", sorted(UNREADABLE if is_sqlite() else UNREADABLE_TYPED))
def test_an_entry_that_cannot_be_read_is_found_and_said(change: str, reveal: AuditEntry) -> None:
    spell(change, reveal.pk)
    found = verification.verify(reveal.chain)
    assert found.broken == reveal.seq
    assert "was changed" in found.reason
    with pytest.raises(CommandError, match=f"broken at entry {reveal.seq}"):
        call_command("verify_audit")


def is_json(text: str) -> bool:
    """As the database takes it, which searches in it."""
    with connection.cursor() as cursor:
        if is_sqlite():
            return bool(cursor.execute("SELECT json_valid(%s)", [text]).fetchone()[0])
        with suppress(Error), transaction.atomic():
            cursor.execute("SELECT %s::jsonb", [text])
            return True
    return False


def is_stored(text: str) -> bool:
    """Whether it can be in a column of JSON: with SQLite any text can."""
    return is_sqlite() or is_json(text)


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


#: By the fact that is odd: texts that stand in the place of all facts.
ODD_FACTS: dict[str, list[str]] = {
    "all": [
        "x", "", "5", "null", "[]", '"text"', deep(100_000), deep(900), "9" * 5000,
        '{"actor_email": ' + deep(100_000) + "}",
    ],
    **{name: [json.dumps({name: odd}) for odd in (7, [1, [2]], {"a": {"b": 1}}, None, True)] for name in sorted(DETAIL_KEYS)},
    **{
        f"{name} in a list": [json.dumps({name: ["a", 7], "odd": {"a": 1}})]
        for name in ("attributes", "not_read", "verdicts", "members")
    },
}  # fmt: skip
ODD_TAGS = ['{"a": 7}', '{"a": ["b"]}', '{"a": {"b": 1}}', '{"a": null}', f'{{"a": {deep(900)}}}']


@pytest.mark.parametrize("fact", ODD_FACTS)
def test_no_page_fails_over_odd_facts(fact: str, reveal: AuditEntry, olga: Client) -> None:
    failed = []
    for odd in filter(is_stored, ODD_FACTS[fact]):
        with unchecked(), connection.cursor() as cursor:
            cursor.execute("UPDATE vaults_auditentry SET detail = %s, azure_request_ids = %s", [odd, odd])
        pages = [
            "/",
            "/audit/",
            f"/audit/{reveal.event}/",
            "/vaults/kv-shop-prod/secrets/kept/",
            "/vaults/kv-shop-prod/",
        ]
        failed += [(odd[:60], path) for path in pages if olga.get(path).status_code != 200]
    assert failed == []


@pytest.mark.parametrize("like", [*ODD_FACTS, "tags"])
def test_no_page_fails_over_odd_tags(like: str, world: World, olga: Client) -> None:
    InventoryItem.objects.create(vault=world.vault, kind="secret", name="kept", tags={"a": "b"})
    failed = []
    for odd in [odd for odd in ODD_FACTS.get(like, ODD_TAGS) if is_json(odd)]:
        with unchecked(), connection.cursor() as cursor:
            cursor.execute("UPDATE vaults_inventoryitem SET tags = %s, odd = %s", [odd, odd])
        pages = ["/", "/inventory/", "/inventory/csv/", "/inventory/?q=kept", "/go/?q=kept"]
        failed += [(odd[:60], path) for path in pages if olga.get(path).status_code not in (200, 302)]
    assert failed == []


#: Something else in the place of an identifier: with SQLite the same in a spelling that no query finds.
OTHER = "upper({})" if is_sqlite() else "gen_random_uuid()"
ENTRY, HEAD = "vaults_auditentry", "vaults_auditchain"
TRIGGERS = {
    "the entry": ("BEFORE INSERT", ENTRY, IGNORED[connection.vendor]),
    "the head": ("BEFORE UPDATE", HEAD, IGNORED[connection.vendor]),
    "the entry afterwards": ("AFTER INSERT", ENTRY, "DELETE FROM vaults_auditentry WHERE seq = NEW.seq"),
    "its team": ("AFTER INSERT", ENTRY, f"UPDATE {ENTRY} SET team_id = {OTHER.format('team_id')}"),  # noqa: S608
    "its actor": ("AFTER INSERT", ENTRY, f"UPDATE {ENTRY} SET actor_id = {OTHER.format('actor_id')}"),  # noqa: S608
    "the head afterwards": ("AFTER UPDATE", HEAD, "UPDATE vaults_auditchain SET seq = OLD.seq, hash = OLD.hash"),
}


@pytest.mark.parametrize("keeps_out", TRIGGERS.values(), ids=TRIGGERS.keys())
def test_nothing_is_handed_out_where_a_trigger_keeps_entries_out(
    keeps_out: tuple[str, str, str], reveal: AuditEntry, world: World
) -> None:
    browser = confirmed(signed_in(world.rafi))
    with trigger("keeps_out", *keeps_out, when="pg_trigger_depth() = 0" if not is_sqlite() else "true"):
        count = AuditEntry.objects.count()
        answer: Any = browser.post("/vaults/kv-shop-prod/secrets/kept/reveal/", {"version": ""})
        assert answer.status_code == 503
        assert b"the-value-itself" not in answer.content
        assert "audit" in text_of(answer)
        assert AuditEntry.objects.count() == count
        entry = AuditEntry(event=uuid.uuid4(), state="started", team_id=world.team.pk, action=Action.SECRET_READ)
        entry.actor_id = world.rafi.pk
        with pytest.raises(AuditUnavailable):
            append(entry)
