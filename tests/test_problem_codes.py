"""Problems are kept as a code with its facts, and put into words where they are shown."""

import ast
import re
from pathlib import Path

import pytest
from django.test import Client

from tests.browsing import text_of
from tests.conftest import World, make_vault
from tests.databases import is_sqlite
from tests.migrating import database_at, migrate_to
from vaults.actions.scans import scan_vault
from vaults.actors import System
from vaults.emulator import Emulator
from vaults.models import Vault
from vaults.problems.scans import ListProblem, problem_of_lists, words_of_scan
from vaults.problems.titles import TITLES, title_of

ROOT = Path(__file__).resolve().parent.parent
#: Codes whose titles are made by hand, because they count.
BY_HAND = {"refused.missing_permission", "connection.vaults_listed", "scan.nameless", "scan.incomplete"}
CODE = re.compile(r"(sign_in|refused|vault|service|response|portal|connection|team|scan|job)\.[a-z_]+")


def test_every_code_in_use_has_a_title_and_every_title_is_in_use() -> None:
    used = {
        node.value
        for room in ("problems", "views", "web", "actions", "jobs")
        for path in (ROOT / "vaults" / room).rglob("*.py")
        if path.name != "titles.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }
    assert used - BY_HAND == set(TITLES)


@pytest.mark.parametrize("code", ["of.a.later.version", "vault.keeps_failing", ""])
def test_a_code_that_can_not_be_put_into_words_is_shown_as_it_is(code: str) -> None:
    assert title_of(code, {}) == code


def test_lists_that_met_the_same_have_one_code() -> None:
    firewall = [ListProblem(name, "refused.firewall", {}, failed=False) for name in ("secrets", "keys")]
    assert problem_of_lists(firewall).code == "refused.firewall"
    missing = [
        ListProblem(name, "refused.missing_permission", {"permissions": [f"{name}/list"]}, failed=False)
        for name in ("secrets", "keys")
    ]
    found = problem_of_lists(missing)
    assert words_of_scan(found.code, found.facts) == "Azure refused: secrets/list and keys/list are missing"
    assert problem_of_lists([]).code == ""


def test_lists_that_met_different_things_keep_them_all() -> None:
    found = problem_of_lists(
        [
            ListProblem("secrets", "refused.missing_permission", {"permissions": ["secrets/list"]}, failed=False),
            ListProblem("keys", "service.error", {}, failed=True),
            ListProblem("deleted keys", "scan.nameless", {"count": 1}, failed=True),
        ]
    )
    assert found.code == "scan.incomplete"
    assert words_of_scan(found.code, found.facts) == (
        "Azure refused: secrets/list is missing; keys: Key Vault returned a server error; "
        "deleted keys: 1 item has no identifier that can be read"
    )


def test_one_can_ask_for_the_vaults_whose_firewall_refused_us(olga: Client, world: World, emulator: Emulator) -> None:
    others = [make_vault(connection=world.connection, name=f"kv-{number}", slug=f"kv-{number}") for number in "123"]
    Vault.objects.update(scanned_at="2026-11-01T00:00Z")
    Vault.objects.filter(pk=others[0].pk).update(scan_problem="service.throttled")
    refusal = {"error": {"code": "Forbidden", "message": "m", "innererror": {"code": "ForbiddenByFirewall"}}}
    emulator.answer_next(403, refusal, times=6)
    scan_vault(System(), world.vault)
    assert Vault.objects.get(pk=world.vault.pk).scan_problem == "refused.firewall"
    page = olga.get("/vaults/?problem=refused.firewall")
    assert [row.vault.name for row in page.context["page"].object_list] == ["kv-shop-prod"]
    assert "The vault's firewall turned this server away" in text_of(page)


def test_a_problem_of_one_list_is_found_too(olga: Client, world: World) -> None:
    lists = [
        {"list": "secrets", "code": "refused.firewall", "failed": False, "facts": {}},
        {"list": "keys", "code": "service.error", "failed": True, "facts": {}},
    ]
    Vault.objects.update(scan_problem="scan.incomplete", scan_problem_facts={"lists": lists})
    for code in ("refused.firewall", "service.error"):
        page = olga.get(f"/vaults/?problem={code}")
        assert [row.vault.name for row in page.context["page"].object_list] == ["kv-shop-prod"]
    assert olga.get("/vaults/?problem=service.throttled").context["table"].form.errors


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"lists": 3},
        {"lists": ["x", {"list": 1}, {"facts": 2, "code": None}]},
        {"lists": [{"code": "x"}] * 3},
        {"lists": [{"code": {"a": 1}}, {"code": ["x"], "list": {}}]},
        pytest.param(
            {"lists": [{"code": "\ud800", "facts": {"cause": "\udc00"}}], "\ud83d": "\ud83d\ude00"},
            marks=pytest.mark.skipif(not is_sqlite(), reason="SQLite only: PostgreSQL takes no lone surrogates"),
        ),
    ],
)
def test_facts_that_somebody_else_has_written_spoil_no_page(
    facts: dict[str, object], olga: Client, world: World
) -> None:
    Vault.objects.update(scan_problem="scan.incomplete", scan_problem_facts=facts, scanned_at="2026-11-01T00:00Z")
    for address in ("/", "/vaults/", "/vaults/kv-shop-prod/", "/inventory/"):
        assert olga.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_sentences_of_earlier_versions_are_still_shown() -> None:
    with database_at("0011_guess_network") as old:
        team = old.get_model("vaults", "Team").objects.create(name="Shop")
        connection = old.get_model("vaults", "Connection").objects.create(
            team=team, name="sp", test_sentence="It was refused."
        )
        old.get_model("vaults", "Vault").objects.create(
            connection=connection, name="kv", slug="kv", scan_problem="The firewall refused this server"
        )
        new = migrate_to("0012_problems_as_codes")
        vault = new.get_model("vaults", "Vault").objects.get()
        assert words_of_scan(vault.scan_problem, vault.scan_problem_facts) == "The firewall refused this server"
        kept = vault.connection
        assert title_of(kept.test_result, kept.test_facts) == "It was refused."
