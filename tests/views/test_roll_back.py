"""Rolling a secret back: an earlier version's value becomes a new version, and nobody is shown it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, last_detail, last_entry, signed_in, vault_calls
from vaults.actions.secrets import ORIGIN_TAG
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry
from vaults.permissions import Action, Role

V = "/vaults/kv-shop-prod"
SECRET = f"{V}/secrets/api/"
OLD, NEW = "the-earlier-value", "the-present-value"
AHEAD = datetime(2090, 5, 1, 12, 30, 7, tzinfo=UTC)


@pytest.fixture
def earlier(azure: VaultClient, emulator: Emulator) -> str:
    """The id of the earlier one of two versions."""
    made = azure.secrets.set("api", OLD, content_type="text/plain", tags={"team": "shop"})
    emulator.clock.advance(3)  # which of two versions is newer shows by the second
    azure.secrets.set("api", NEW, content_type="application/json", tags={"team": "web"})
    emulator.clock.advance(3)
    vault_calls(emulator)
    return made.version


def page_of(version: str) -> str:
    return f"{SECRET}versions/{version}/roll-back/"


def puts(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.method == "PUT" and ".vault." in each.host]


def test_the_earlier_value_is_a_new_version(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator, earlier: str
) -> None:
    before = len(azure.secrets.versions("api"))
    answer = fill_in(olga, page_of(earlier))
    assert answer.status_code == 302
    assert answer["Location"] == SECRET
    now = azure.secrets.get("api")
    assert (now.value, now.properties.content_type) == (OLD, "text/plain")  # the type is about the value
    assert dict(now.properties.tags) == {"team": "web"}
    assert len(azure.secrets.versions("api")) == before + 1
    entry = last_entry(Action.SECRET_NEW_VERSION)
    assert (entry.state, entry.version) == ("succeeded", now.properties.version)
    assert last_detail(Action.SECRET_NEW_VERSION)["origin"] == earlier


def test_nobody_is_shown_the_value(olga: Client, world: World, earlier: str) -> None:
    page = olga.get(page_of(earlier))
    answer = olga.post(page_of(earlier), filled(page), follow=True)
    trail = olga.get(f"/audit/{last_entry(Action.SECRET_NEW_VERSION).event}/")
    assert "With the value of version" in text_of(trail)
    for shown in (page, answer, trail):
        assert OLD not in shown.content.decode()
    assert not any(OLD in str(vars(entry)) for entry in AuditEntry.objects.all())
    assert not AuditEntry.objects.filter(action=Action.SECRET_REVEAL).exists()


def test_who_may_write_but_not_reveal_may_roll_back(world: World, azure: VaultClient, earlier: str) -> None:
    assert fill_in(signed_in(world.members[Role.WRITER]), page_of(earlier)).status_code == 302
    assert azure.secrets.get("api").value == OLD


def test_the_page_of_the_earlier_version_leads_there_and_that_of_the_present_one_does_not(
    olga: Client, world: World, azure: VaultClient, earlier: str
) -> None:
    viewer = signed_in(world.members[Role.VIEWER])
    now = azure.secrets.versions("api")[0].version
    assert page_of(earlier) in olga.get(f"{SECRET}versions/{earlier}/").content.decode()
    assert page_of(earlier) not in viewer.get(f"{SECRET}versions/{earlier}/").content.decode()
    assert "roll-back" not in olga.get(SECRET).content.decode()
    assert "roll-back" not in olga.get(f"{SECRET}versions/{now}/").content.decode()
    assert olga.get(page_of(now))["Location"] == SECRET


def test_the_page_says_what_happens(olga: Client, earlier: str) -> None:
    words = text_of(olga.get(page_of(earlier)))
    assert "nobody is shown it" in words
    assert "a single version can't be deleted, only disabled" in words
    assert "Content type text/plain" in words
    assert "team=web" in words
    assert "Stays the same but for the content type" in words
    assert "Only the value changes, and the content type with it, the other 4 parts stay." in words


def test_where_the_content_type_is_the_same_all_else_stays(olga: Client, azure: VaultClient, earlier: str) -> None:
    azure.secrets.set("api", "a third", content_type="text/plain")
    assert "Only the value changes, all 5 parts stay." in text_of(olga.get(page_of(earlier)))


def test_a_part_that_is_changed_changes_alone(olga: Client, emulator: Emulator, earlier: str) -> None:
    assert fill_in(olga, page_of(earlier), tags="", content_type="text/x").status_code == 302
    assert puts(emulator)[-1] == {"value": OLD, "contentType": "text/x"}


def test_an_end_is_asked_for(olga: Client, azure: VaultClient, emulator: Emulator, earlier: str) -> None:
    azure.secrets.set("api", "a third", expires_on=AHEAD)
    page = olga.get(page_of(earlier))
    refused = olga.post(page_of(earlier), filled(page))
    assert refused.status_code == 422
    assert "Choose until when the new version is valid" in text_of(refused)
    assert olga.post(page_of(earlier), filled(refused, until="never")).status_code == 302
    assert azure.secrets.get("api").properties.expires_on is None


# The tag


def test_the_origin_stands_in_a_tag_if_wanted(olga: Client, azure: VaultClient, earlier: str) -> None:
    assert fill_in(olga, page_of(earlier), note_origin="on").status_code == 302
    assert dict(azure.secrets.get("api").properties.tags) == {"team": "web", ORIGIN_TAG: earlier}


def test_a_sixteenth_tag_is_refused_at_its_field(
    olga: Client, azure: VaultClient, emulator: Emulator, earlier: str
) -> None:
    azure.secrets.set("api", "a third", tags={f"tag-{number}": "" for number in range(15)})
    vault_calls(emulator)
    refused: Any = fill_in(olga, page_of(earlier), note_origin="on")
    assert refused.status_code == 422
    assert refused.context["form"].errors["note_origin"] == ["There are 15 tags, and Key Vault takes 15."]
    assert "PUT" not in {method for method, _ in vault_calls(emulator)}
    assert olga.post(page_of(earlier), filled(refused, note_origin=None)).status_code == 302


# What goes wrong


def test_somebody_elses_version_is_not_overwritten(
    olga: Client, azure: VaultClient, emulator: Emulator, earlier: str
) -> None:
    page = olga.get(page_of(earlier))
    azure.secrets.set("api", "a third", tags={"team": "ops"})
    emulator.clock.advance(3)
    answer = olga.post(page_of(earlier), filled(page, content_type="text/x"))
    assert answer.status_code == 422
    assert "Somebody else changed this" in text_of(answer)
    assert azure.secrets.get("api").value == "a third"
    fields = main_form(answer).fields
    assert (fields["content_type"], fields["tags"]) == (["text/x"], ["team=ops"])
    assert olga.post(page_of(earlier), filled(answer)).status_code == 302
    assert azure.secrets.get("api").value == OLD


def test_a_disabled_version_has_no_value_to_give(
    olga: Client, azure: VaultClient, emulator: Emulator, earlier: str
) -> None:
    azure.secrets.update("api", earlier, enabled=False)
    page = olga.get(page_of(earlier))
    assert "Key Vault hands out no value of a disabled version" in text_of(page)
    vault_calls(emulator)
    answer = olga.post(page_of(earlier), filled(page, content_type="text/x"))
    assert answer.status_code == 403
    assert main_form(answer).fields["content_type"] == ["text/x"]
    assert "PUT" not in {method for method, _ in vault_calls(emulator)}
    assert last_entry(Action.SECRET_NEW_VERSION).state == "denied"


@pytest.mark.parametrize("version", ["0" * 32, "nonsense", "api", "%F0%9F%98%80"])
def test_a_version_that_is_not_there_is_not_found(olga: Client, azure: VaultClient, earlier: str, version: str) -> None:
    assert olga.get(page_of(version)).status_code == 404
    page = olga.get(page_of(earlier))
    answer = olga.post(page_of(version), filled(page))
    assert 400 <= answer.status_code < 500
    assert azure.secrets.get("api").value == NEW


def test_a_form_that_is_sent_twice_makes_one_version(olga: Client, azure: VaultClient, earlier: str) -> None:
    before = len(azure.secrets.versions("api"))
    form = filled(olga.get(page_of(earlier)))
    assert [olga.post(page_of(earlier), form).status_code for _ in range(2)] == [302, 302]
    assert len(azure.secrets.versions("api")) == before + 1


def test_a_lost_answer_is_looked_up(olga: Client, azure: VaultClient, emulator: Emulator, earlier: str) -> None:
    before = len(azure.secrets.versions("api"))
    form = filled(olga.get(page_of(earlier)))
    emulator.lose_answer(method="PUT")
    assert olga.post(page_of(earlier), form).status_code == 302
    assert len(azure.secrets.versions("api")) == before + 1
    assert last_detail(Action.SECRET_NEW_VERSION)["unconfirmed"] is True


@pytest.mark.parametrize("opened_on", ["", "unread", "nonsense"])
def test_a_form_that_does_not_say_what_it_was_opened_on_changes_nothing(
    olga: Client, azure: VaultClient, earlier: str, opened_on: str
) -> None:
    answer = olga.post(page_of(earlier), filled(olga.get(page_of(earlier)), opened_on=opened_on))
    assert answer.status_code == 422
    assert azure.secrets.get("api").value == NEW
