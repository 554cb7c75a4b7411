"""The issuers of a vault: listed, created, shown, changed section by section, deleted; the password never comes back."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.browsing import fill_in, filled, text_of
from tests.conftest import World, confirmed, last_detail, last_entry, signed_in
from vaults.emulator import Emulator
from vaults.emulator.state.issuers import write_issuer
from vaults.emulator.state.registry import find_vault
from vaults.keyvault.client import VaultClient
from vaults.keyvault.issuers import changed_members, read_issuer
from vaults.keyvault.types import IssuerAdmin, IssuerSettings
from vaults.models import AuditEntry
from vaults.permissions import Action, Role

LIST = "/vaults/kv-shop-prod/issuers/"
NEW = "/vaults/kv-shop-prod/new/issuer/"
PAGE = f"{LIST}digi/"
EDIT = f"{PAGE}edit/"
DELETE = f"{PAGE}delete/"
PASSWORD = "the-account's-p4ssword"
ADA = IssuerAdmin("Ada", "Lovelace", "ada@example.com", "+44 1")
ADA_SENT = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "+44 1"}
SETTINGS = IssuerSettings("DigiCert", "account-1", "org-1", (ADA,), True)


@pytest.fixture
def digi(azure: VaultClient, emulator: Emulator) -> VaultClient:
    azure.issuers.create("digi", SETTINGS, PASSWORD)
    emulator.requests.clear()
    return azure


def sent(emulator: Emulator, method: str) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == method and ".vault." in each.host]


def test_an_empty_list_says_what_an_issuer_is(olga: Client, world: World) -> None:
    words = text_of(olga.get(LIST))
    assert "No issuers yet" in words
    assert "New issuer" in words
    assert "New issuer" not in text_of(signed_in(world.members[Role.WRITER]).get(LIST))


def test_the_list_takes_one_round_trip(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    page = olga.get(LIST)
    assert [each.path for each in emulator.requests if ".vault." in each.host] == ["/certificates/issuers"]
    assert f'href="{PAGE}"' in page.content.decode()
    assert "DigiCert" in text_of(page)
    assert f'href="{LIST}"' in olga.get("/vaults/kv-shop-prod/certificates/").content.decode()


def test_the_page_of_an_issuer_says_all_but_its_password(olga: Client, digi: VaultClient) -> None:
    page = olga.get(PAGE)
    words = text_of(page)
    for word in (
        "DigiCert",
        "account-1",
        "org-1",
        "Ada Lovelace",
        "ada@example.com · +44 1",
        "Enabled",
        "never read back",
    ):
        assert word in words
    assert PASSWORD not in page.content.decode()
    assert last_entry(Action.ISSUER_READ).name == "digi"


def test_a_new_issuer_is_sent_whole(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    answer = fill_in(
        olga,
        NEW,
        name="digi",
        provider="DigiCert",
        account_id="account-1",
        password=PASSWORD,
        organization_id="org-1",
        admins="Ada, Lovelace, ada@example.com, +44 1\r\n\r\nBo, , bo@example.com",
    )
    assert answer["Location"] == PAGE
    assert sent(emulator, "PUT") == [
        {
            "provider": "DigiCert",
            "credentials": {"account_id": "account-1", "pwd": PASSWORD},
            "org_details": {
                "id": "org-1",
                "admin_details": [
                    {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "+44 1"},
                    {"first_name": "Bo", "email": "bo@example.com"},
                ],
            },
            "attributes": {"enabled": True},
        }
    ]
    assert last_entry(Action.ISSUER_CREATE).state == "succeeded"
    assert not [entry for entry in AuditEntry.objects.values() if PASSWORD in str(entry)]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "SELF"}, "Self and Unknown mean something else"),
        ({"name": "unknown"}, "Self and Unknown mean something else"),
        ({"name": "a b"}, "letters, digits and hyphens"),
        ({"provider": "other"}, "Type the provider"),
        ({"other_provider": "Test"}, "Choose “another one” above"),
        ({"password": PASSWORD}, "A password belongs to an account"),
        ({"admins": "Ada, Lovelace, not-an-address"}, "“not-an-address” is no e-mail address"),
        ({"admins": 'Ada, "Lovelace'}, "Line 1 has a quote that does not end"),
        ({"admins": "\r\na, b, a@example.com, 1, 2"}, "Line 2 has 5 parts"),
        ({"admins": "a, b, a@example.com\r\n" * 101}, "At most 100 fit here; these are 101."),
    ],
)
def test_what_does_not_fit_is_said_at_the_field(
    olga: Client, emulator: Emulator, typed: dict[str, str], sentence: str
) -> None:
    answer = fill_in(olga, NEW, **({"name": "digi", "organization_id": "kept-1"} | typed))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "kept-1" in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert sent(emulator, "PUT") == []


def test_a_present_issuer_is_not_overwritten(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    answer = fill_in(olga, NEW, name="DIGI", provider="GlobalSign")
    assert answer.status_code == 422
    assert "This name is in use" in text_of(answer)
    assert sent(emulator, "PUT") == []
    assert digi.issuers.get("digi").settings == SETTINGS


def test_an_untouched_form_sends_nothing(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    assert fill_in(olga, EDIT)["Location"] == PAGE
    assert sent(emulator, "PATCH") == []
    assert "Nothing was different" in text_of(olga.get(PAGE))


@pytest.mark.parametrize(
    ("typed", "body"),
    [
        ({"password": "new"}, {"credentials": {"account_id": "account-1", "pwd": "new"}}),
        ({"enabled": None}, {"attributes": {"enabled": False}}),
        ({"provider": "GlobalSign"}, {"provider": "GlobalSign"}),
        ({"admins": ""}, {"org_details": {"id": "org-1", "admin_details": []}}),
        ({"organization_id": ""}, {"org_details": {"admin_details": [ADA_SENT]}}),
    ],
)
def test_only_the_sections_that_differ_are_sent(
    olga: Client, digi: VaultClient, emulator: Emulator, typed: dict[str, Any], body: dict[str, Any]
) -> None:
    assert fill_in(olga, EDIT, **typed)["Location"] == PAGE
    assert sent(emulator, "PATCH") == [body]
    assert last_detail(Action.ISSUER_UPDATE) == {"attributes": sorted(body)}


def test_an_organization_id_that_is_taken_away_is_gone(olga: Client, digi: VaultClient) -> None:
    fill_in(olga, EDIT, organization_id="")
    assert digi.issuers.get("digi").settings == replace(SETTINGS, organization_id="")
    assert "Issuer digi was changed." in text_of(olga.get(PAGE))


def test_an_organization_id_that_the_vault_keeps_is_said(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    def kept(body: Any) -> Any:
        return {**body, "org_details": {**body["org_details"], "id": "org-1"}}

    emulator.rewrite(kept, method="PATCH", path="/issuers/digi")
    fill_in(olga, EDIT, organization_id="")
    assert "was changed, but the vault kept its organization ID." in text_of(olga.get(PAGE))


def test_another_account_needs_its_password(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    answer = fill_in(olga, EDIT, account_id="account-2")
    assert "Another account has another password" in text_of(answer)
    assert sent(emulator, "PATCH") == []


def test_an_issuer_of_another_provider_stays_as_it_is(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.issuers.create("digi", IssuerSettings("Test"))
    assert filled(olga.get(EDIT))["other_provider"] == ["Test"]
    assert fill_in(olga, EDIT, organization_id="org-2")["Location"] == PAGE
    assert sent(emulator, "PATCH") == [{"org_details": {"id": "org-2", "admin_details": []}}]


def test_a_change_meanwhile_is_shown_and_not_overwritten(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    form = filled(olga.get(EDIT), organization_id="mine")
    digi.issuers.update("digi", {"credentials": {"account_id": "theirs", "pwd": "x"}})
    emulator.requests.clear()
    answer = olga.post(EDIT, form)
    assert answer.status_code == 422
    assert "Somebody else changed the issuer" in text_of(answer)
    assert "theirs" in text_of(answer)
    assert sent(emulator, "PATCH") == []
    again = filled(answer, account_id="theirs")
    assert again["organization_id"] == ["mine"]
    assert olga.post(EDIT, again)["Location"] == PAGE
    settings = digi.issuers.get("digi").settings
    assert (settings.account_id, settings.organization_id) == ("theirs", "mine")


def test_an_issuer_is_deleted_for_good_after_the_password(world: World, digi: VaultClient, emulator: Emulator) -> None:
    mona = signed_in(world.members[Role.MANAGER])
    asked = fill_in(mona, DELETE)
    assert asked.status_code == 422
    assert sent(emulator, "DELETE") == []
    assert fill_in(confirmed(mona), DELETE)["Location"] == LIST
    assert "No issuers yet" in text_of(mona.get(LIST))
    assert mona.get(PAGE).status_code == 404
    assert last_entry(Action.ISSUER_DELETE).state == "succeeded"


@pytest.mark.parametrize("name", ["issuer_detail", "issuer_edit", "issuer_delete"])
def test_an_absent_issuer_is_not_found(olga: Client, world: World, name: str) -> None:
    assert olga.get(reverse(name, args=["kv-shop-prod", "none"])).status_code == 404


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        ({"credentials": {"account_id": "a"}, "org_details": {"id": "o", "zip": 0, "admin_details": []}}, set()),
        ({"credentials": None, "org_details": None}, set()),
        ({"credentials": {"account_id": 7}}, {"credentials"}),
        ({"credentials": "text"}, {"credentials"}),
        ({"credentials": {"account_id": "a", "region": "eu"}}, {"credentials"}),
        ({"org_details": {"admin_details": [{"email": ["x"]}]}}, {"org_details"}),
        ({"org_details": {"admin_details": [{"email": "a@b.c", "title": "Dr"}]}}, {"org_details"}),
        ({"org_details": {"admin_details": [{"first_name": "a\nb"}]}}, {"org_details"}),
        ({"org_details": {"admin_details": ["x"]}}, {"org_details"}),
        ({"org_details": {"zip": 80331}}, {"org_details"}),
    ],
)
def test_a_section_with_more_than_is_known_is_closed(data: dict[str, Any], closed: set[str]) -> None:
    issuer = read_issuer({"provider": "Test", **data}, "digi")
    assert issuer.closed == closed
    assert changed_members(issuer.settings, "", issuer.settings) == {}


def test_an_administrator_with_commas_and_quotes_stays(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    odd = IssuerAdmin('Ada "A", Countess', "of Lovelace, née Byron")
    azure.issuers.create("digi", replace(SETTINGS, admins=(odd, IssuerAdmin(phone="1, 2"))))
    assert fill_in(olga, EDIT)["Location"] == PAGE
    assert sent(emulator, "PATCH") == []


def test_a_password_that_was_sent_back_is_not_read() -> None:
    issuer = read_issuer({"provider": "Test", "credentials": {"account_id": "a", "pwd": PASSWORD}}, "digi")
    assert PASSWORD not in repr(issuer)
    assert issuer.closed == set()


def test_a_closed_section_is_not_in_the_form_and_stays(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    odd = {
        "provider": "Test",
        "attributes": {"enabled": True, "created": 1, "updated": 1},
        "credentials": {"account_id": "a", "region": "eu"},
    }
    with emulator.store.writing() as db:
        vault = find_vault(db, "kv-shop-prod")
        assert vault
        write_issuer(db, vault.id, "digi", odd)
    page = olga.get(EDIT)
    assert "The account: It holds something that can't be read here" in text_of(page)
    assert {"account_id", "password"}.isdisjoint(filled(page))
    assert olga.post(EDIT, filled(page, organization_id="org-2"))["Location"] == PAGE
    assert sent(emulator, "PATCH") == [{"org_details": {"id": "org-2", "admin_details": []}}]
    forced = olga.post(EDIT, filled(olga.get(EDIT), account_id="mine", password=PASSWORD))
    assert forced["Location"] == PAGE
    assert len(sent(emulator, "PATCH")) == 1


def test_a_list_that_breaks_off_shows_what_was_read(olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    elsewhere = {"nextLink": "https://evil.example/certificates/issuers?$skiptoken=a"}
    emulator.rewrite(lambda answer: answer | elsewhere, path="/issuers$")
    page = olga.get(LIST)
    assert (page.status_code, f'href="{PAGE}"' in page.content.decode()) == (200, True)
    assert "So there may be more issuers than these." in text_of(page)
    assert "evil.example" not in page.content.decode()


@pytest.mark.parametrize("odd", [7, {"id": "https://kv-shop-prod.vault.test/", "provider": "DigiCert"}, {}])
def test_issuers_without_a_name_are_counted(odd: Any, olga: Client, digi: VaultClient, emulator: Emulator) -> None:
    emulator.rewrite(lambda answer: answer | {"value": [odd, *answer["value"], odd]}, path="/issuers$")
    page = olga.get(LIST)
    assert f'href="{PAGE}"' in page.content.decode()
    assert "2 more issuers here have no name that can be read." in text_of(page)
