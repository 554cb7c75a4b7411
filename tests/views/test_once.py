"""One form, one effect: double clicks, resubmits, another body under the same key, and twenty at once."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World, client_of, confirmed, in_threads, say, signed_in, vault_calls
from tests.views.forms import form
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.models import Submission
from vaults.web.submissions import _digest

V = "/vaults/kv-shop-prod"
NEW = f"{V}/new/secret/"


def changes(emulator: Emulator) -> list[tuple[str, str]]:
    return [call for call in vault_calls(emulator) if call[0] != "GET"]


def test_a_second_click_leads_to_where_the_first_one_led(olga: Client, emulator: Emulator) -> None:
    sent = form(olga, NEW, name="fresh", value="typed")
    first, second = olga.post(NEW, sent), olga.post(NEW, sent)
    assert first["Location"] == second["Location"] == f"{V}/secrets/fresh/"
    assert changes(emulator) == [("PUT", "/secrets/fresh")]


def test_another_body_under_the_same_key_is_refused(olga: Client, emulator: Emulator) -> None:
    sent = form(olga, NEW, name="fresh", value="typed")
    olga.post(NEW, sent)
    answer = olga.post(NEW, {**sent, "value": "changed"})
    assert answer.status_code == 422
    assert "This form was sent before, with other content" in text_of(answer)
    assert changes(emulator) == [("PUT", "/secrets/fresh")]


def test_anothers_key_and_another_page_are_refused(olga: Client, world: World, emulator: Emulator) -> None:
    sent = form(olga, NEW, name="fresh", value="typed")
    olga.post(NEW, sent)
    manager = signed_in(next(user for role, user in world.members.items() if role == "manager"))
    assert manager.post(NEW, sent).status_code == 422
    assert olga.post(f"{V}/new/key/", {**sent, "kty": "EC", "crv": "P-256"}).status_code == 422
    assert changes(emulator) == [("PUT", "/secrets/fresh")]


def test_a_form_that_came_back_with_errors_may_be_sent_again(olga: Client, emulator: Emulator) -> None:
    sent = form(olga, NEW, name="bad name", value="typed")
    assert olga.post(NEW, sent).status_code == 422
    assert olga.post(NEW, {**sent, "name": "fresh"}).status_code == 302
    assert changes(emulator) == [("PUT", "/secrets/fresh")]


def test_a_click_while_the_first_is_at_work_is_told_to_wait(olga: Client, world: World, emulator: Emulator) -> None:
    sent = form(olga, NEW, name="fresh", value="typed")
    olga.post(NEW, sent)
    Submission.objects.update(location="")  # as it is before the first has ended
    answer = olga.post(NEW, sent)
    assert answer.status_code == 409
    assert "The first click is still at work" in text_of(answer)


def test_a_form_that_was_cut_off_is_not_called_at_work(olga: Client, emulator: Emulator) -> None:
    sent = form(olga, NEW, name="fresh", value="typed")
    olga.post(NEW, sent)
    Submission.objects.update(location="", created_at=timezone.now() - timedelta(minutes=3))
    answer = olga.post(NEW, sent)
    assert answer.status_code == 409
    assert "What came of it could not be noted" in text_of(answer)
    assert changes(emulator) == [("PUT", "/secrets/fresh")]


def test_no_field_of_the_form_is_kept(olga: Client) -> None:
    olga.post(NEW, form(olga, NEW, name="fresh", value="a-value-to-look-for"))
    assert "a-value-to-look-for" not in str(list(Submission.objects.values()))


@pytest.mark.parametrize("key", ["", "no uuid", "00000000"])
def test_a_form_without_its_key_still_works(key: str, olga: Client) -> None:
    answer = olga.post(NEW, {"name": "fresh", "value": "v", "enabled": "on", "form_key": key})
    assert answer.status_code in (302, 422)


ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "create a secret": (NEW, {"name": "fresh", "value": "typed"}),
    "new version": (f"{V}/secrets/kept/new-version/", {"value": "second"}),
    "delete": (f"{V}/secrets/kept/delete/", {}),
    "recover": (f"{V}/deleted/secrets/gone/recover/", {}),
    "purge": (f"{V}/deleted/secrets/old/purge/", {"confirm_name": "old"}),
    "create a key": (f"{V}/new/key/", {"name": "signing", "kty": "EC", "crv": "P-256"}),
    "request a certificate": (f"{V}/new/certificate/", {"name": "tls", "subject": "CN=shop.example"}),
}


@pytest.fixture
def stock(file_world: World) -> VaultClient:
    azure = client_of(file_world.vault)
    for name in ("kept", "gone", "old"):
        azure.secrets.set(name, "hidden")
    for name in ("gone", "old"):
        azure.secrets.delete(name)
    return azure


@pytest.mark.slow
def test_many_clicks_at_once_reach_azure_once(file_world: World, stock: VaultClient, emulator: Emulator) -> None:
    browser = confirmed(signed_in(file_world.olga))
    cookies = browser.cookies
    seen: dict[str, int] = {}
    statuses: set[int] = set()
    for name, (address, typed) in ROUTES.items():
        sent = form(browser, address, **typed)
        vault_calls(emulator)

        def click(address: str = address, sent: dict[str, Any] = sent) -> int:
            client = Client()
            client.cookies = cookies
            return int(client.post(address, sent).status_code)

        found = in_threads(*([click] * 12))
        assert not [each for each in found if isinstance(each, Exception)], name
        statuses |= set(found)
        seen[name] = len(changes(emulator))
    say(f"12 clicks at once on {len(ROUTES)} forms: effects {seen}, answers {sorted(statuses)}")
    assert seen == dict.fromkeys(ROUTES, 1)
    assert statuses <= {302, 409}


def test_a_key_made_up_by_a_stranger_is_only_a_key(olga: Client, emulator: Emulator) -> None:
    key = str(uuid.uuid4())
    for number in range(2):
        olga.post(NEW, {"name": f"fresh-{number}", "value": "v", "enabled": "on", "form_key": key})
    assert changes(emulator) == [("PUT", "/secrets/fresh-0")]


def test_another_file_is_another_form(rf: RequestFactory) -> None:
    def digest(content: bytes) -> str:
        file = SimpleUploadedFile("sp.pem", content)
        return _digest(rf.post("/new/connection/", {"name": "x", "certificate": file}))  # type: ignore[arg-type]

    assert digest(b"one") == digest(b"one")
    assert digest(b"one") != digest(b"two")
