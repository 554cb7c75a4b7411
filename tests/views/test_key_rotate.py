"""Rotating a key now: what the page says, what it does, and when it is not offered."""

import pytest
from django.test import Client

from tests.browsing import fill_in, filled, text_of, timeline
from tests.conftest import World, last_detail, last_entry, signed_in, vault_calls
from tests.views.policies import newest, set_rotation_policy
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.permissions import Action, Role

__all__ = ["newest"]
KEY = "/vaults/kv-shop-prod/keys/signing/"
ROTATE = f"{KEY}rotate/"


@pytest.fixture
def key(newest: VaultClient, emulator: Emulator) -> str:
    """The version of an EC key with a tag."""
    made = newest.keys.create("signing", kty="EC", crv="P-384", key_ops=["sign"], tags={"team": "shop"})
    emulator.clock.advance(3)
    vault_calls(emulator)
    return made.properties.version


def test_a_rotation_makes_a_version_like_the_one_before(
    olga: Client, world: World, newest: VaultClient, key: str, emulator: Emulator
) -> None:
    answer = fill_in(olga, ROTATE)
    assert (answer.status_code, answer["Location"]) == (302, KEY)
    after = newest.keys.get("signing")
    assert (after.key_type, after.jwk["crv"], after.key_ops) == ("EC", "P-384", ("sign",))
    assert dict(after.properties.tags) == {"team": "shop"}
    assert [version.version for version in newest.keys.versions("signing")] == [after.properties.version, key]
    assert vault_calls(emulator).count(("POST", "/keys/signing/rotate")) == 1
    entry = last_entry(Action.KEY_ROTATE)
    assert (entry.state, entry.version) == ("succeeded", after.properties.version)
    assert f"{world.olga.email} owner · {Action.KEY_ROTATE.label}" in timeline(olga.get(KEY))[0]


def test_the_page_says_what_happens(olga: Client, newest: VaultClient, key: str) -> None:
    words = text_of(olga.get(ROTATE))
    assert "a new version of the same type and size (EC P-384), with the same permitted operations and tags" in words
    assert "The key has no rotation policy of its own, so the new version never expires." in words
    assert "Whoever names one, a pinned version, goes on using it" in words
    set_rotation_policy(newest, "signing")
    assert "It expires 90 days after it was made, as the rotation policy says." in text_of(olga.get(ROTATE))


def test_a_policy_that_may_not_be_read_is_said(olga: Client, key: str, emulator: Emulator) -> None:
    emulator.deny("keys/getrotationpolicy")
    assert "The rotation policy could not be read. If it sets an expiry" in text_of(olga.get(ROTATE))
    assert fill_in(olga, ROTATE).status_code == 302


def test_the_menu_leads_there_for_who_may_rotate(world: World, key: str) -> None:
    writer, viewer = signed_in(world.members[Role.WRITER]), signed_in(world.members[Role.VIEWER])
    assert ROTATE in writer.get(KEY).content.decode()
    assert ROTATE not in viewer.get(KEY).content.decode()
    assert viewer.get(ROTATE).status_code == 403


def test_a_key_that_was_rotated_meanwhile_is_not_rotated_again(
    olga: Client, newest: VaultClient, key: str, emulator: Emulator
) -> None:
    page = olga.get(ROTATE)
    newest.keys.rotate("signing")
    answer = olga.post(ROTATE, filled(page))
    assert answer.status_code == 422
    assert "Somebody else changed this after you opened it." in text_of(answer)
    assert len(newest.keys.versions("signing")) == 2
    assert olga.post(ROTATE, filled(answer)).status_code == 302  # now that it has been seen
    assert len(newest.keys.versions("signing")) == 3


def test_one_form_rotates_once(olga: Client, newest: VaultClient, key: str) -> None:
    form = filled(olga.get(ROTATE))
    assert [olga.post(ROTATE, form).status_code for _ in range(3)] == [302] * 3
    assert len(newest.keys.versions("signing")) == 2


def test_a_lost_answer_is_looked_up(olga: Client, newest: VaultClient, key: str, emulator: Emulator) -> None:
    page = olga.get(ROTATE)
    emulator.lose_answer(method="POST")
    assert olga.post(ROTATE, filled(page)).status_code == 302
    versions = newest.keys.versions("signing")
    assert len(versions) == 2
    assert last_entry(Action.KEY_ROTATE).version == versions[0].version
    assert last_detail(Action.KEY_ROTATE)["unconfirmed"] is True


def test_a_lost_request_is_no_rotation(olga: Client, newest: VaultClient, key: str, emulator: Emulator) -> None:
    page = olga.get(ROTATE)
    emulator.lose_request(method="POST")
    assert olga.post(ROTATE, filled(page)).status_code == 504
    assert len(newest.keys.versions("signing")) == 1


def test_versions_that_may_not_be_listed_are_said_and_stop_nobody(
    olga: Client, newest: VaultClient, key: str, emulator: Emulator
) -> None:
    emulator.deny("keys/list")
    page = olga.get(ROTATE)
    assert "it can't be found out whether the key was rotated" in text_of(page)
    assert olga.post(ROTATE, filled(page)).status_code == 302
    assert newest.keys.get("signing").properties.version != key


def test_a_refusal_of_azure_is_explained_on_the_page(olga: Client, key: str, emulator: Emulator) -> None:
    emulator.deny("keys/rotate")
    answer = fill_in(olga, ROTATE)
    assert answer.status_code == 403
    assert "keys/rotate" in text_of(answer)
    assert "a new version of the same type and size" in text_of(answer)


def test_the_key_of_a_certificate_is_not_rotated(olga: Client, newest: VaultClient, emulator: Emulator) -> None:
    newest.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    page = "/vaults/kv-shop-prod/keys/tls/"
    assert f"{page}rotate/" not in olga.get(page).content.decode()
    answer = olga.get(f"{page}rotate/", follow=True)
    assert answer.redirect_chain[-1][0] == page
    assert "it gets a new version with each version of the certificate" in text_of(answer)


def test_an_older_api_version_has_no_rotation_and_the_menu_says_so(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    azure.keys.create("signing", kty="RSA")
    words = "This connection uses API version 7.0. Rotation exists from 7.3 on."
    page = olga.get(KEY)
    assert words in text_of(page)
    assert ROTATE not in page.content.decode()
    assert words in text_of(olga.get(ROTATE, follow=True))
    vault_calls(emulator)
    assert olga.post(ROTATE, {"opened_on": "unread"})["Location"] == KEY
    assert vault_calls(emulator) == []


def test_a_key_that_is_not_there(olga: Client, newest: VaultClient) -> None:
    assert olga.get("/vaults/kv-shop-prod/keys/none/rotate/").status_code == 404
    assert olga.post("/vaults/kv-shop-prod/keys/none/rotate/", {"opened_on": "unread"}).status_code in (404, 422)


def test_an_odd_time_turns_no_consequence_around(
    olga: Client, newest: VaultClient, key: str, emulator: Emulator
) -> None:
    set_rotation_policy(newest, "signing")
    odd = {"expiryTime": "\u202eP90D"}
    emulator.rewrite(lambda answer: answer | {"attributes": answer["attributes"] | odd}, path="/rotationpolicy$")
    page = olga.get(ROTATE)
    assert "⟨U+202E⟩P90D" in text_of(page)
    assert "\u202e" not in page.content.decode()
