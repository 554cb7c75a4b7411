"""A new version of a secret: what it has from the current one, and what is said before sending of all that it has not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import vault_calls
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import SECRET
from vaults.keyvault.client import VaultClient

pytestmark = pytest.mark.sweep

V = "/vaults/kv-shop-prod"
PAGE = f"{V}/secrets/api/new-version/"
VAULT = "kv-shop-prod"
AHEAD = datetime(2090, 5, 1, 12, 30, 7, tzinfo=UTC)
PAST = datetime(2020, 5, 1, 12, 30, 7, tzinfo=UTC)


def sent(emulator: Emulator) -> Any:
    return [each.body for each in emulator.requests if each.method == "PUT" and ".vault." in each.host][-1]


def choices(page: Any) -> list[str]:
    fields = page.context["form"].fields
    return [value for value, _ in fields["until"].choices] if "until" in fields else []


# What stays


@pytest.mark.parametrize("content_type", ["text/plain", " text/plain ", "x" * 255])
def test_content_type_and_tags_are_carried_over_as_they_are(
    content_type: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    tags = {" a": "b\r\nc", "n": "x" * 400}
    azure.secrets.set("api", "v", tags=tags)
    emulator.hold(VAULT, SECRET, "api", "contentType", content_type)
    assert fill_in(olga, PAGE, value="w").status_code == 302
    assert sent(emulator) == {"value": "w", "contentType": content_type, "tags": tags}


def test_what_key_vault_takes_no_more_is_for_it_to_refuse(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v")
    emulator.hold(VAULT, SECRET, "api", "contentType", "x" * 300)
    answer = fill_in(olga, PAGE, value="w")
    assert sent(emulator) == {"value": "w", "contentType": "x" * 300}
    assert answer.status_code == 400


def test_the_page_lists_what_stays(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("api", "v", content_type="text/plain", tags={"team": "shop"})
    words = text_of(olga.get(PAGE))
    for part in ("Content type text/plain", "State enabled", "Activates at once", "Expires never"):
        assert part in words
    assert "Only the value is new, all 5 parts stay." in words
    assert "Not carried over" not in words


def test_a_part_that_is_changed_changes_alone(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v", content_type="text/plain", tags={"team": "shop"})
    emulator.clock.advance(3)  # which of two versions is newer shows by the second
    assert fill_in(olga, PAGE, value="w", content_type="").status_code == 302
    assert sent(emulator) == {"value": "w", "tags": {"team": "shop"}}
    emulator.clock.advance(3)
    assert fill_in(olga, PAGE, value="w", tags="", enabled=["false"]).status_code == 302
    assert sent(emulator) == {"value": "w", "attributes": {"enabled": False}}


def test_after_somebody_elses_change_the_form_shows_what_stands_there_now(
    olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("api", "v", content_type="text/plain", tags={"team": "shop"})
    page = olga.get(PAGE)
    emulator.clock.advance(3)
    azure.secrets.set("api", "other", content_type="application/json", tags={"team": "web"}, expires_on=AHEAD)
    answer: Any = olga.post(PAGE, filled(page, value="w", tags="team=ops"))
    assert answer.status_code == 422
    assert "Somebody else changed this" in text_of(answer)
    fields = main_form(answer).fields
    assert (fields["content_type"], fields["tags"]) == (["application/json"], ["team=ops"])
    assert choices(answer) == ["same", "span", "never", "date"]
    assert olga.post(PAGE, filled(answer, until="never")).status_code == 302
    assert sent(emulator) == {"value": "w", "contentType": "application/json", "tags": {"team": "ops"}}


# Its end


def test_an_end_is_neither_lost_nor_kept_unasked(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v", expires_on=AHEAD)
    page = olga.get(PAGE)
    assert "The current version expires on 1 May 2090, 12:30 UTC." in text_of(page)
    vault_calls(emulator)
    refused: Any = olga.post(PAGE, filled(page, value="w"))
    assert refused.status_code == 422
    assert "Choose until when the new version is valid" in text_of(refused)
    assert "PUT" not in {method for method, _ in vault_calls(emulator)}
    assert choices(refused) == choices(page) == ["same", "span", "never", "date"]


@pytest.mark.parametrize(
    ("typed", "exp"),
    [
        ({"until": "same"}, AHEAD),
        ({"until": "never"}, None),
        ({"until": "date", "expires_on": "2080-01-02T03:04:05"}, datetime(2080, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"expires_on": "2080-01-02"}, datetime(2080, 1, 2, tzinfo=UTC)),
    ],
)
def test_the_end_is_what_was_chosen(
    typed: dict[str, str], exp: datetime | None, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("api", "v", expires_on=AHEAD)
    assert fill_in(olga, PAGE, value="w", **typed).status_code == 302
    attributes = {"attributes": {"exp": int(exp.timestamp())}} if exp else {}
    assert sent(emulator) == {"value": "w", **attributes}


def test_it_lasts_as_long_as_the_current_one(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    made = azure.secrets.set("api", "v")
    assert made.created_on
    azure.secrets.update("api", made.version, expires_on=made.created_on + timedelta(days=90))
    page = olga.get(PAGE)
    assert "90 days from now, as long as the current version lasts" in text_of(page)
    assert olga.post(PAGE, filled(page, value="w", until="span")).status_code == 302
    away = sent(emulator)["attributes"]["exp"] - (timezone.now() + timedelta(days=90)).timestamp()
    assert abs(away) < 60


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"until": "date"}, "Give the date"),
        ({"until": "same", "expires_on": "2080-01-02"}, "A date is given as well"),
        ({"until": "date", "expires_on": "nonsense"}, "valid date"),
        ({"until": "soon"}, "not one of the available choices"),
        ({"until": "same", "not_before": "2091-01-01"}, "expire before it activates"),
    ],
)
def test_what_can_not_be_meant_is_said_at_the_field(
    typed: dict[str, str], words: str, olga: Client, azure: VaultClient
) -> None:
    azure.secrets.set("api", "v", expires_on=AHEAD)
    answer = fill_in(olga, PAGE, value="w", **typed)
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_an_end_that_is_past_is_not_offered(olga: Client, azure: VaultClient) -> None:
    azure.secrets.set("api", "v", expires_on=PAST)
    page = olga.get(PAGE)
    assert "The current version expired on 1 May 2020, 12:30 UTC." in text_of(page)
    assert choices(page) == ["never", "date"]
    assert fill_in(olga, PAGE, value="w", until="same").status_code == 422


@pytest.mark.parametrize("exp", [253402303861, "soon", {"a": 1}])
def test_an_end_that_is_no_date_is_asked_about(
    exp: object, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("api", "v")
    emulator.hold(VAULT, SECRET, "api", "attributes.exp", exp)
    page = olga.get(PAGE)
    assert "can't be read" in text_of(page)
    assert choices(page) == ["never", "date"]
    assert olga.post(PAGE, filled(page, value="w")).status_code == 422
    assert fill_in(olga, PAGE, value="w", until="never").status_code == 302
    assert sent(emulator) == {"value": "w"}


def test_a_secret_without_an_end_asks_nothing(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v")
    page = olga.get(PAGE)
    assert choices(page) == []
    assert olga.post(PAGE, filled(page, value="w", expires_on="2080-01-02")).status_code == 302
    assert sent(emulator)["attributes"] == {"exp": int(datetime(2080, 1, 2, tzinfo=UTC).timestamp())}


# What else is not carried over


def test_a_start_still_ahead_is_kept(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v", not_before=AHEAD)
    page = olga.get(PAGE)
    assert "Activates 1 May 2090, 12:30 UTC as the current version" in text_of(page)
    assert olga.post(PAGE, filled(page, value="w")).status_code == 302
    assert sent(emulator) == {"value": "w", "attributes": {"nbf": int(AHEAD.timestamp())}}


def test_a_start_that_is_past_is_not(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v", not_before=PAST)
    assert fill_in(olga, PAGE, value="w").status_code == 302
    assert sent(emulator) == {"value": "w"}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("contentType", {"a": 1}, 'The content type of the current version can\'t be read: {"a": 1}'),
        ("tags", ["a"], 'The tags of the current version can\'t be read: ["a"]'),
        ("attributes.nbf", "soon", 'The start of the current version can\'t be read: "soon"'),
        ("attributes.enabled", "perhaps", 'The state of the current version can\'t be read: "perhaps"'),
    ],
)
def test_what_can_not_be_read_is_said(
    path: str, value: object, words: str, olga: Client, azure: VaultClient, emulator: Emulator
) -> None:
    azure.secrets.set("api", "v")
    emulator.hold(VAULT, SECRET, "api", path, value)
    page = olga.get(PAGE)
    assert words in text_of(page)
    assert "Not carried over" in text_of(page)
    assert olga.post(PAGE, filled(page, value="w")).status_code == 302
    assert sent(emulator) == {"value": "w"}


@pytest.mark.parametrize("collection", ["secrets", "keys"])
def test_that_a_disabled_version_gets_an_enabled_successor_is_said(
    collection: str, olga: Client, azure: VaultClient
) -> None:
    azure.secrets.set("api", "v", enabled=False)
    azure.keys.create("api", kty="EC", enabled=False)
    words = text_of(olga.get(f"{V}/{collection}/api/new-version/"))
    assert "The current version is disabled; the new one is enabled unless you change its state." in words


def test_more_tags_than_key_vault_takes_are_said(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v")
    emulator.hold(VAULT, SECRET, "api", "tags", {f"t{number}": "x" for number in range(17)})
    page = olga.get(PAGE)
    assert "The current version has 17 tags; Key Vault may refuse a new one with more than 15." in text_of(page)
    answer = olga.post(PAGE, filled(page, value="w"))
    assert len(sent(emulator)["tags"]) == 17
    assert answer.status_code in (302, 400)


def test_a_refused_version_keeps_what_was_chosen(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("api", "v", expires_on=AHEAD, content_type="text/plain")
    page = olga.get(PAGE)
    emulator.deny("secrets/list")
    refused: Any = olga.post(PAGE, filled(page, value="w", until="same", tags="no equals"))
    assert refused.status_code == 422
    assert main_form(refused).fields["until"] == ["same"]
    again: Any = olga.post(PAGE, filled(refused, tags="a=b"))  # the current version can't be read any more: says so
    assert again.status_code == 422
    assert olga.post(PAGE, filled(again)).status_code == 302
    assert sent(emulator) == {
        "value": "w",
        "contentType": "text/plain",
        "tags": {"a": "b"},
        "attributes": {"exp": int(AHEAD.timestamp())},
    }
