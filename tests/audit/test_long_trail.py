"""The pages of a trail of a million entries: read by an index, a page at a time, never counted in full."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from tests.attacks.records import write
from tests.conftest import World, say, signed_in
from tests.databases import is_sqlite
from vaults.access import visible_to
from vaults.actors import Person
from vaults.acts import act
from vaults.audit import queries
from vaults.audit.looks import WINDOW
from vaults.models import AuditEntry
from vaults.permissions import Action

A_MILLION = 1_000_000
#: Of the trail that `fill` writes, an entry each 30 seconds.
A_MONTH_IN = datetime(2025, 2, 1, tzinfo=UTC)

#: Pairs of a start and an outcome; one act in five is news; every tenth act is another team's, every twentieth a sign-in
#: of one person.
FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - 1)
INSERT INTO vaults_auditentry (schema, chain, seq, event, at, state, look, news, team_id, team_name, actor_id, actor_label,
    source, action, because, connection_name, client_id, vault_id, vault_cloud, vault_host, vault_name, vault_slug, kind, name,
    folded_name, version, detail, code, inner_code, azure_request_ids, previous_hash, hash)
SELECT 2, CASE WHEN n / 2 % 20 = 3 THEN {zero} WHEN n / 2 % 10 = 1 THEN {other} ELSE {team} END, n + 1, {event}, {at},
    CASE n % 2 WHEN 0 THEN 'started' ELSE 'succeeded' END, {false}, n / 2 % 5 = 0,
    CASE WHEN n / 2 % 20 = 3 THEN NULL WHEN n / 2 % 10 = 1 THEN {other} ELSE {team} END, 'Shop', {person}, 'Olga',
    'person', CASE WHEN n / 2 % 20 = 3 THEN 'account.sign_in' WHEN n / 2 % 5 = 0 THEN 'secret.reveal' ELSE 'vault.scan' END,
    'role:owner', 'sp', '', CASE WHEN n / 2 % 20 = 3 THEN NULL ELSE {vault} END, 'local', 'kv', 'kv', 'kv',
    CASE WHEN n / 2 % 20 = 3 THEN 'account' ELSE 'secret' END,
    CASE WHEN n / 2 % 20 = 3 THEN '{email}' ELSE 'secret-' || (n % 5000) END,
    CASE WHEN n / 2 % 20 = 3 THEN '{email}' ELSE 'secret-' || (n % 5000) END, '', {detail}, '', '', {ids}, '', {hash}
FROM numbers
"""
DIALECTS = {
    "sqlite": {
        "uuid": "'{}'", "json": "'{}'", "false": "0", "event": "printf('%032x', n / 2)", "hash": "hex(randomblob(32))",
        "at": "datetime('2025-01-01', (n * 30) || ' seconds')",
    },
    "postgresql": {
        "uuid": "'{}'::uuid", "json": "'{}'::jsonb", "false": "false", "event": "lpad(to_hex(n / 2), 32, '0')::uuid",
        "hash": "md5(n::text) || md5((-n)::text)", "at": "timestamptz '2025-01-01Z' + n * interval '30 seconds'",
    },
}  # fmt: skip


def fill(world: World, count: int) -> None:
    spelled = DIALECTS[connection.vendor]
    ids = {
        "zero": UUID(int=0), "team": world.team.pk, "other": world.otto.memberships.get().team.pk, "vault": world.vault.pk,
        "person": world.olga.pk,
    }  # fmt: skip
    facts = {name: spelled["uuid"].format(identifier.hex) for name, identifier in ids.items()}
    facts |= {name: spelled[name] for name in ("false", "event", "hash", "at")}
    facts |= {
        "detail": spelled["json"].format(json.dumps({"actor_email": world.olga.email})),
        "ids": spelled["json"].format("[]"),
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(count=count, email=world.olga.email, **facts))
        if not is_sqlite():
            cursor.execute("ANALYZE vaults_auditentry")  # as PostgreSQL itself does after a minute


def milliseconds(work: Callable[[], object]) -> float:
    """The best of five, with what the database has in memory then."""
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return min(taken)


def changed(world: World, before: int | None = None) -> queries.Page:
    trails = visible_to(Person(world.olga), world.team).trails
    return queries.page_of([queries.changes(trail) for trail in trails], before)


@pytest.mark.slow
@pytest.mark.sweep
def test_first_page_and_count_of_a_million_entries(share: int, file_world: World) -> None:
    size = A_MILLION // share
    fill(file_world, size)
    visible = visible_to(Person(file_world.olga), file_world.team)
    trails = visible.trails
    client = signed_in(file_world.olga)
    vault = file_world.vault
    figures = {
        "changes": milliseconds(lambda: changed(file_world)),
        "everything": milliseconds(lambda: queries.page_of(trails)),
        "an old page": milliseconds(lambda: changed(file_world, before=size // 10)),
        "overview": milliseconds(lambda: queries.newest_changes(visible.teams or (), visible.accounts)),
        "one item": milliseconds(lambda: queries.activity(trails[0], vault, "secret", "secret-1234")),
        "the whole page": milliseconds(lambda: client.get("/audit/")),
        "acts cut off": milliseconds(lambda: queries.open_entries(before=A_MONTH_IN)),
        "one act": milliseconds(lambda: client.get("/audit/?show=all&action=secret.reveal")),
    }
    say(f"{size:,} entries, ms: " + ", ".join(f"{name} {figure:.1f}" for name, figure in figures.items()))
    assert changed(file_world).count is None  # more than are counted
    assert max(figures.values()) < 400


@pytest.mark.parametrize("more", [0, 30], ids=["few accounts", "more than are asked for one by one"])
def test_the_newest_changes_are_those_of_the_trails(world: World, more: int) -> None:
    fill(world, 400)
    with connection.cursor() as cursor:  # a sign-in is news from a browser that is new to the account
        cursor.execute("UPDATE vaults_auditentry SET news = %s WHERE kind = 'account'", [True])
    visible = visible_to(Person(world.olga), world.team)
    wanted = queries.newest([queries.changes(trail) for trail in visible.trails])
    accounts = [*visible.accounts, *(f"nobody-{number}@example.com" for number in range(more))]
    assert queries.newest_changes(visible.teams or (), accounts) == wanted
    assert {entry.kind for entry in wanted.entries} == {"account", "secret"}  # of both parts


def plans(query: QuerySet[AuditEntry, Any]) -> list[str]:
    """How SQLite reads it."""
    with connection.cursor() as cursor:
        sql, parameters = query.query.sql_with_params()
        return [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()]


@pytest.mark.skipif(not is_sqlite(), reason="SQLite only: reads its plans")
def test_no_page_reads_the_whole_trail_or_sorts_it(world: World) -> None:
    fill(world, 2000)
    trails = visible_to(Person(world.olga), world.team).trails
    read = [
        *(queries._changes_in(trail) for trail in trails),
        *(queries._latest(queries.changes(trail))[:50] for trail in trails),
        *(queries._latest(trail)[:50] for trail in trails),
        queries._latest(trails[0].filter(action=Action.SECRET_REVEAL))[:50],
        queries._latest(trails[0].filter(id__gt=50).reverse())[:50],
        AuditEntry.objects.filter(vault_id=world.vault.pk, kind="secret", folded_name="a").order_by("-id")[:8],
        AuditEntry.objects.filter(actor_id=world.olga.pk, at__gt=timezone.now() - WINDOW, look=True).order_by(
            "-at", "-id"
        ),
    ]
    for query in read:
        for step in plans(query):
            assert "TEMP B-TREE" not in step, step
            assert not step.startswith("SCAN"), step


@pytest.mark.skipif(not is_sqlite(), reason="SQLite only: PostgreSQL chooses by the number of entries of each account")
def test_entries_about_an_account_are_read_by_an_index_of_what_is_asked(world: World) -> None:
    """Otherwise all sign-ins of a person are read to find that there is no such act, or no news."""
    fill(world, 2000)
    for trail in visible_to(Person(world.olga), world.team).trails[1:]:
        asked = {
            "audit_account_news": queries.changes(trail),
            "audit_account_action": trail.filter(action=Action.SECRET_REVEAL),
            "audit_account": trail,
        }
        for index, entries in asked.items():
            [step, *others] = plans(queries._latest(entries)[:50])
            assert f"USING INDEX {index} " in step
            assert not any("TEMP B-TREE" in other for other in others)


def test_the_newest_verdict_is_found_by_an_index_of_its_act(world: World) -> None:
    fill(world, 2000)
    entries = visible_to(Person(world.olga), world.team).team_entries
    plan = queries.verdicts(entries).explain()
    assert "audit_action" in plan, plan


def test_acts_that_were_cut_off_are_found_by_an_index_of_what_was_started(world: World) -> None:
    fill(world, 2000)
    plan = queries._open(A_MONTH_IN).explain()
    say(plan)
    assert "audit_started" in plan
    assert "TEMP B-TREE" not in plan


def test_older_and_newer_lead_through_the_whole_trail(olga: Client, world: World) -> None:
    for number in range(60):
        write(1, world.team.pk)
        with act(Person(world.olga), Action.SECRET_DELETE, world.vault, name=f"n{number}"):
            pass
    first = olga.get("/audit/?show=all").context["page"]
    assert (len(first.object_list), first.count, first.newer) == (50, 120, None)
    second = olga.get(f"/audit/?show=all&before={first.older}").context["page"]
    third = olga.get(f"/audit/?show=all&before={second.older}").context["page"]
    assert third.older is None
    found = [entry.pk for page in (first, second, third) for entry in page.object_list]
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 120
    back = olga.get(f"/audit/?show=all&after={third.newer}").context["page"]
    assert [entry.pk for entry in back.object_list] == [entry.pk for entry in second.object_list]


@pytest.mark.parametrize("odd", ["x", "-1", "9" * 40, "\N{SUPERSCRIPT TWO}", ""])
def test_an_odd_place_to_go_on_from_is_the_beginning(odd: str, olga: Client, world: World) -> None:
    write(3, world.team.pk)
    assert len(olga.get("/audit/", {"show": "all", "before": odd}).context["page"].object_list) == 3
