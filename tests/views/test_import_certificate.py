"""The page on which a certificate is imported: shown first, sent once, kept nowhere."""

import io
import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import filled, main_form, text_of, timeline
from tests.conftest import World, last_detail, last_entry, session_contents, signed_in
from tests.emulator.caller import Caller
from tests.views.import_files import MIDDLE, OTHER, OWN, PASSWORD, SITE, bundle, pfx
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy, LifetimeAction
from vaults.models import AuditEntry, Submission
from vaults.permissions import Action, Role

pytestmark = pytest.mark.slow

V = "/vaults/kv-shop-prod"
PAGE = f"{V}/import/certificate/"
HTMX = {"HX-Request": "true"}


def site() -> SimpleUploadedFile:
    return SimpleUploadedFile("site.pem", SITE.key_pem() + bundle(SITE, MIDDLE))


def other() -> SimpleUploadedFile:
    return SimpleUploadedFile("other.pem", OTHER.key_pem() + bundle(OTHER, MIDDLE))


def look(client: Client, file: Any = None, address: str = PAGE, **typed: Any) -> Any:
    typed = {"name": "tls", **typed} if address == PAGE else typed
    return client.post(PAGE, filled(client.get(address), upload=file or site(), step="look", **typed))


def send(client: Client, shown: Any, file: Any = None, **typed: Any) -> Any:
    return client.post(PAGE, filled(shown, upload=file or site(), step="import", **typed))


def sent(emulator: Emulator) -> list[Any]:
    return [each.body for each in emulator.requests if each.path.endswith("/import")]


def x5t(who: Any) -> str:
    return str(who.leaf.fingerprint(hashes.SHA1()).hex().upper())  # noqa: S303


# What is sent


def test_it_is_sent_as_it_was_shown_and_recorded_by_its_thumbprint(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    shown = look(olga, tags="team=shop")
    assert not sent(emulator)
    assert send(olga, shown)["Location"] == f"{V}/certificates/tls/"
    [body] = sent(emulator)
    assert body["policy"] == {
        "key_props": {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False},
        "secret_props": {"contentType": "application/x-pem-file"},
        "lifetime_actions": [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}}],
        "issuer": {"name": "Unknown"},
    }
    assert (body["tags"], "pwd" in body, "attributes" in body) == ({"team": "shop"}, False, False)
    now = azure.certificates.get("tls")
    entry = last_entry(Action.CERTIFICATE_IMPORT)
    assert (entry.state, entry.version) == ("succeeded", now.properties.version)
    assert (
        f"{world.olga.email} owner · {Action.CERTIFICATE_IMPORT.label}"
        in timeline(olga.get(f"{V}/certificates/tls/"))[0]
    )
    assert last_detail(Action.CERTIFICATE_IMPORT)["thumbprint"] == now.properties.x5t == x5t(SITE)
    assert x5t(SITE) in text_of(olga.get(f"/audit/{entry.event}/"))


def test_without_an_e_mail_no_lifetime_action_is_left_to_the_vault(
    olga: Client, azure: VaultClient, emulator: Emulator, world: World
) -> None:
    shown = look(olga, before_end="nothing", exportable=["false"], reuse_key="on", enabled=["false"])
    assert "Nobody is e-mailed before it ends" in text_of(shown)
    assert send(olga, shown).status_code == 302
    [body] = sent(emulator)
    assert body["policy"]["lifetime_actions"] == []
    assert body["policy"]["key_props"] == {"exportable": False, "kty": "RSA", "key_size": 2048, "reuse_key": True}
    assert body["attributes"] == {"enabled": False}
    policy = azure.certificates.get("tls").policy
    assert policy is not None
    assert policy.lifetime_actions == ()


def test_a_pfx_is_sent_with_a_password_of_its_own(olga: Client, world: World, emulator: Emulator) -> None:
    content = pfx(SITE, PASSWORD, MIDDLE)
    shown = look(olga, SimpleUploadedFile("a.pfx", content), password=PASSWORD)
    assert send(olga, shown, SimpleUploadedFile("a.pfx", content), password=PASSWORD).status_code == 302
    [body] = sent(emulator)
    assert body["pwd"] not in ("", PASSWORD)
    assert body["policy"]["secret_props"]["contentType"] == "application/x-pkcs12"


# What is shown


def test_what_will_follow_is_said_in_dates(olga: Client, world: World) -> None:
    words = text_of(look(olga, lifetime_percentage="50"))
    start, end = SITE.leaf.not_valid_before_utc, SITE.leaf.not_valid_after_utc
    middle = start + (end - start) / 2
    for moment in (start, middle, end):
        assert f"{moment:%-d %b %Y}" in words
    assert "the vault does not renew it" in words
    assert "Key Vault stores it as a new certificate" in words


def test_for_htmx_only_the_part_is_answered(olga: Client, world: World) -> None:
    page = olga.get(PAGE)
    part = olga.post(PAGE, filled(page, upload=site(), step="look", name="tls"), headers=HTMX)
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert "Import this certificate" in text_of(part)
    refused = olga.post(PAGE, filled(page, upload=site(), step="look", name="no name"), headers=HTMX)
    assert refused.status_code == 422
    assert b"<html" not in refused.content
    assert "Use 1 to 127 letters" in text_of(refused)


def test_one_may_look_before_there_is_a_name(olga: Client, world: World, emulator: Emulator) -> None:
    shown = look(olga, name="")
    assert "CN=www.contoso.example" in text_of(shown)
    refused = send(olga, shown)
    assert refused.status_code == 422
    assert "This field is required." in text_of(refused)
    assert not sent(emulator)


@pytest.mark.parametrize("shown", ["other file", "other policy", "nothing", "nonsense"])
def test_what_was_not_shown_is_shown_and_not_sent(shown: str, olga: Client, world: World, emulator: Emulator) -> None:
    page = look(olga)
    form = filled(page, upload=site(), step="import")
    match shown:
        case "other file":
            form["upload"] = other()
        case "other policy":
            form["before_end"] = "nothing"
        case "nothing":
            del form["shown"]
        case "nonsense":
            form["shown"] = "é" * 64
    answer = olga.post(PAGE, form)
    assert answer.status_code == 200
    assert "Nothing was imported yet" in text_of(answer)
    assert not sent(emulator)
    again = other() if shown == "other file" else site()
    assert send(olga, answer, again).status_code == 302


# Names and versions


def test_a_name_that_is_in_use_is_refused_before_and_when_it_is_sent(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    shown = look(olga)
    azure.certificates.import_certificate("tls", OWN.key_pem().decode() + OWN.leaf_pem().decode(), policy=AS_PEM)
    before = len(sent(emulator))
    refused = send(olga, shown)
    assert refused.status_code == 422
    assert "This name is in use" in text_of(refused)
    assert "This name is in use" in text_of(look(olga))
    assert len(sent(emulator)) == before
    assert last_entry(Action.CERTIFICATE_IMPORT).state == "failed"


AS_PEM = CertificatePolicy(
    issuer_name="Self",
    content_type="application/x-pem-file",
    exportable=True,
    reuse_key=True,
    lifetime_actions=(LifetimeAction("AutoRenew", lifetime_percentage=80),),
)


@pytest.fixture
def present(azure: VaultClient, emulator: Emulator) -> str:
    made = azure.certificates.import_certificate(
        "tls", OWN.key_pem().decode() + OWN.leaf_pem().decode(), policy=AS_PEM, tags={"team": "shop"}
    )
    emulator.clock.advance(3)
    return made.properties.version


def test_a_version_is_added_from_the_page_of_the_certificate(
    olga: Client, world: World, azure: VaultClient, present: str
) -> None:
    address = f"{PAGE}?name=tls"
    assert address in olga.get(f"{V}/certificates/tls/").content.decode()
    page = olga.get(address)
    fields = main_form(page).fields
    assert (fields["name"], fields["as_version"], fields["tags"]) == (["tls"], ["on"], ["team=shop"])
    shown = olga.post(PAGE, filled(page, upload=site(), step="look"))
    words = text_of(shown)
    assert "It becomes the current version of tls" in words
    assert "The policy (Self, AutoRenew) is replaced by that of this import: issuer Unknown." in words
    assert send(olga, shown).status_code == 302
    versions = azure.certificates.versions("tls")
    assert [version.x5t for version in versions] == [x5t(SITE), x5t(OWN)]
    policy = azure.certificates.get("tls").policy
    assert policy is not None
    assert (policy.issuer_name, [each.action for each in policy.lifetime_actions]) == ("Unknown", ["EmailContacts"])


def test_a_version_of_what_is_not_there_is_refused(olga: Client, world: World, emulator: Emulator) -> None:
    refused = send(olga, look(olga, as_version="on"))
    assert refused.status_code == 422
    assert "There is no certificate of this name to add a version to." in text_of(refused)
    assert not sent(emulator)


def test_a_deleted_certificate_can_be_recovered_instead(
    olga: Client, world: World, azure: VaultClient, present: str, emulator: Emulator
) -> None:
    azure.certificates.delete("tls")
    emulator.clock.advance(60)
    refused = send(olga, look(olga))
    assert refused.status_code == 409
    assert f"{V}/deleted/certificates/tls/" in refused.content.decode()


@pytest.mark.parametrize("name", ["contacts", "Issuers"])
def test_a_word_of_key_vaults_own_addresses_is_no_name(
    name: str, olga: Client, world: World, emulator: Emulator
) -> None:
    refused = send(olga, look(olga, name=name))
    assert refused.status_code == 422
    assert "a word of Key Vault's own addresses" in text_of(refused)
    assert not sent(emulator)


def test_the_name_of_a_secret_is_refused_by_the_vault(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("tls", "v")
    assert send(olga, look(olga)).status_code == 409


@pytest.mark.parametrize("name", ["", "%F0%9F%98%80", "a/b", "x" * 300, "contacts", "missing"])
def test_any_name_may_stand_in_the_address(name: str, olga: Client, world: World) -> None:
    assert olga.get(f"{PAGE}?name={name}").status_code == 200


# What goes wrong


def test_a_lost_answer_is_looked_up_by_the_thumbprint(
    olga: Client, world: World, azure: VaultClient, emulator: Emulator, present: str
) -> None:
    shown = look(olga, address=f"{PAGE}?name=tls")
    emulator.lose_answer(method="POST")
    assert send(olga, shown).status_code == 302
    assert len(azure.certificates.versions("tls")) == 2
    assert last_detail(Action.CERTIFICATE_IMPORT)["unconfirmed"] is True
    assert len(sent(emulator)) == 2


def test_a_lost_request_is_not_repeated(olga: Client, world: World, emulator: Emulator) -> None:
    shown = look(olga)
    emulator.lose_request(method="POST")
    answer = send(olga, shown)
    assert answer.status_code >= 500
    assert last_entry(Action.CERTIFICATE_IMPORT).state == "unknown"
    assert len(sent(emulator)) == 1


def test_a_form_that_is_sent_twice_imports_once(olga: Client, world: World, azure: VaultClient) -> None:
    shown = look(olga)
    assert [send(olga, shown).status_code for _ in range(2)] == [302, 302]
    assert len(azure.certificates.versions("tls")) == 1


def test_a_missing_permission_is_explained(olga: Client, world: World, emulator: Emulator) -> None:
    shown = look(olga)
    emulator.deny("certificates/import")
    answer = send(olga, shown)
    assert answer.status_code == 403
    assert "certificates/import" in text_of(answer)
    assert "Choose or paste them again" in text_of(answer)


def test_a_reader_may_not(world: World, emulator: Emulator) -> None:
    reader = signed_in(world.members[Role.READER])
    assert reader.get(PAGE).status_code == 403
    assert reader.post(PAGE, {"name": "tls", "upload": site(), "step": "look"}).status_code == 403
    assert PAGE not in reader.get(f"{V}/certificates/").content.decode()


# What is kept


@pytest.fixture
def places(log: io.StringIO) -> Callable[[], str]:
    def kept() -> str:
        rows = [str(list(model.objects.values())) for model in (AuditEntry, Submission)]
        return " ".join([log.getvalue(), json.dumps(session_contents()), *rows])

    return kept


@pytest.mark.parametrize("trouble", ["", "refused", "denied", "lost", "broken"])
def test_key_and_password_are_kept_nowhere(
    trouble: str, olga: Client, world: World, emulator: Emulator, places: Any
) -> None:
    password = "the password of this file"
    key = SITE.key_pem(password).decode()
    pasted = key + SITE.leaf_pem().decode()
    plain = SITE.key_pem().decode()
    page = olga.get(PAGE)
    typed = {"name": "tls", "pasted": pasted, "password": "wrong" if trouble == "refused" else password}
    shown = olga.post(PAGE, filled(page, step="look", **typed))
    pages = [shown.content.decode()]
    if trouble != "refused":
        if trouble == "denied":
            emulator.deny("certificates/import")
        elif trouble == "lost":
            emulator.lose_request(method="POST")
        elif trouble == "broken":
            echoed = json.dumps({"error": {"code": "BadParameter", "message": f"{plain} is not valid"}}).encode()
            emulator.answer_next(400, echoed, method="POST")
        pages.append(olga.post(PAGE, filled(shown, step="import", **typed)).content.decode())
    for text in [*pages, places()]:
        for secret in (password, *key.splitlines()[1:4], *plain.splitlines()[1:4]):
            assert secret not in text


# The finding


@pytest.mark.parametrize(
    ("who", "issuer", "action", "words"),
    [
        (SITE, "Self", "AutoRenew", "The vault is going to replace this CA's certificate by a self-signed one"),
        (SITE, "Unknown", "AutoRenew", "The vault is going to request a version that nobody has asked for"),
        (SITE, "Self", "EmailContacts", ""),
        (OWN, "Self", "AutoRenew", ""),
    ],
)
def test_a_certificate_of_a_ca_that_the_vault_would_replace_is_found(
    who: Any, issuer: str, action: str, words: str, olga: Client, world: World, azure: VaultClient, emulator: Emulator
) -> None:
    policy = CertificatePolicy(
        issuer_name=issuer,
        content_type="application/x-pem-file",
        lifetime_actions=(LifetimeAction(action, lifetime_percentage=80),),
    )
    azure.certificates.import_certificate("tls", who.key_pem().decode() + who.leaf_pem().decode(), policy=policy)
    page = olga.get(f"{V}/certificates/tls/")
    assert words in text_of(page)
    assert ("The vault is going to" in text_of(page)) is bool(words)
    trap = page.context["renewal_trap"]
    assert (trap is not None) is bool(words)
    if trap:
        start, end = who.leaf.not_valid_before_utc, who.leaf.not_valid_after_utc
        assert trap.on == start + (end - start) * 0.8
        assert "/certificates/tls/policy?api-version=7.0" in trap.command
        assert "az rest --method patch --url" in text_of(page)
        Caller(emulator).patch("certificates/tls/policy", json.loads(shlex.split(trap.command)[-1]))
        assert olga.get(f"{V}/certificates/tls/").context["renewal_trap"] is None
        assert len(azure.certificates.versions("tls")) == 1
