"""No secret in any sink: journeys through the portal with secrets that are looked for afterwards, everywhere.

Sinks: all that the database stores (with SQLite the bytes of its files and of the write-ahead log), what is in sessions and
audit entries once decoded, the log, and every page but the answer that reveals a value (and a form's own answer to what was
typed into it).
"""

import base64
import io
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from pytest_django import Settings

from tests import age
from tests.browsing import fill_in, filled
from tests.conftest import PASSWORD, World, confirmed, say, session_contents, signed_in
from tests.databases import is_sqlite, stored
from tests.identities import Identity
from tests.sweeping import leaks, written_forms
from tests.working import scan_what_is_due
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.state import directory
from vaults.models import AuditEntry, InventoryItem

V = "/vaults/kv-shop-prod"


def canary(kind: str) -> str:
    """Unique, and with signs that each encoding writes in its own way."""
    return f'{kind}-ä"<&>/+ {secrets.token_hex(12)}'


@dataclass
class Journey:
    """Somebody at work. `pages` is what the browser got, `allowed` what it asked to see."""

    browser: Client
    emulator: Emulator
    canaries: dict[str, str]
    pages: list[bytes] = field(default_factory=list)

    def keep(self, answer: Any) -> Any:
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        self.pages.append(headers.encode() + b"\n" + answer.content)
        return answer

    def see(self, address: str) -> Any:
        return self.keep(self.browser.get(address))

    def do(self, address: str, **typed: Any) -> Any:
        answer = fill_in(self.browser, address, **typed)
        # A refused form shows its typist what was typed, and nobody else.
        return answer if typed and answer.status_code >= 400 else self.keep(answer)


@pytest.fixture
def journey(file_world: World, emulator: Emulator, settings: Settings, log: io.StringIO) -> Journey:
    canaries = {
        kind: canary(kind) for kind in ("value", "second-value", "client-secret", "wrong-secret", "file-password")
    }
    canaries["password"] = PASSWORD
    emulator.add_client_secret(ADMIN.client_id, canaries["client-secret"])
    browser = Client(raise_request_exception=False)
    browser.cookies = confirmed(signed_in(file_world.olga)).cookies
    return Journey(browser, emulator, canaries)


def connect(journey: Journey, world: World) -> None:
    """Credentials: typed, wrong, kept, as a certificate, and back."""
    address, found = f"/connections/{world.connection.pk}/", journey.canaries
    who = Identity("client certificate")
    with journey.emulator.store.writing() as db:
        directory.add_certificate(db, ADMIN.client_id, who.leaf)
    key = who.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    found["private key"] = key.decode().splitlines()[3]
    found["private number"] = base64.b64decode(b"".join(key.splitlines()[1:-1]))[60:90].hex()
    wrong = {"client_secret": found["wrong-secret"]}
    certificate = {"certificate": SimpleUploadedFile("sp.pfx", who.pfx(found["file-password"]))}
    for typed in (
        wrong,
        {**certificate, "certificate_password": found["file-password"]},
        {"client_secret": found["client-secret"]},
    ):
        journey.do(f"{address}edit/", **typed)
        journey.keep(journey.browser.post(f"{address}test/"))
        journey.see(address)
    journey.do(f"{address}edit/", tenant_id="../common", client_secret=found["wrong-secret"])
    journey.see(f"{address}edit/")


def work(journey: Journey) -> None:
    """Secrets from birth to purge, with all that goes wrong on the way."""
    emulator, found = journey.emulator, journey.canaries
    journey.do(f"{V}/new/secret/", name="kept", value=found["value"], tags="owner=shop")
    for status, body in (
        (400, {"error": {"code": "BadParameter", "message": f"The value {found['second-value']} is not allowed."}}),
        (500, {"error": {"code": "InternalServerError", "message": found["second-value"]}}),
        (200, {"value": found["second-value"], "id": 7}),
        (200, found["second-value"].encode()),
    ):
        emulator.answer_next(status, body, {"Retry-After": "60"}, method="PUT")
        journey.do(f"{V}/secrets/kept/new-version/", value=found["second-value"])
    emulator.lose_request(method="PUT")
    journey.do(f"{V}/secrets/kept/new-version/", value=found["second-value"])
    journey.do(f"{V}/secrets/kept/new-version/", value=found["second-value"])
    journey.do(f"{V}/secrets/kept/edit/", tags="owner=web")
    journey.browser.post(f"{V}/secrets/kept/reveal/", {"version": ""})  # the one answer that may hold the value
    emulator.answer_next(200, {"value": found["value"], "id": 7}, method="GET", path="^/secrets/kept$")
    journey.keep(journey.browser.post(f"{V}/secrets/kept/reveal/", {"version": ""}))
    journey.do(f"{V}/new/certificate/", name="tls", subject="CN=shop.example")
    emulator.clock.advance(60)
    export_certificate(journey)
    back_up_and_restore(journey)
    journey.do(f"{V}/new/key/", name="signing", kty="EC", crv="P-256")
    use_key(journey)
    for path in (
        "secrets/",
        "secrets/kept/",
        "certificates/tls/",
        "keys/signing/",
        "secrets/tls/",
        "access/",
        "deleted/",
    ):
        journey.see(f"{V}/{path}")
    journey.do(f"{V}/secrets/kept/delete/")
    journey.do(f"{V}/deleted/secrets/kept/recover/")
    journey.do(f"{V}/secrets/kept/delete/")
    journey.do(f"{V}/deleted/secrets/kept/purge/", confirm_name="kept")


def use_key(journey: Journey) -> None:
    """What goes into a key and comes out of it is in the answers to these forms alone."""
    journey.do(f"{V}/new/key/", name="rsa", kty="RSA", key_size="2048")
    address, found = f"{V}/keys/rsa/try/", journey.canaries
    found["key input"] = f"input-{secrets.token_hex(12)}"
    typed = {"algorithm": "RSA-OAEP", "value_from": "text", "value": found["key input"]}
    made = journey.browser.post(f"{address}encrypt/", typed).context["result"]["notations"]
    found["ciphertext"] = made[0].text
    opened = journey.browser.post(f"{address}decrypt/", {**typed, "value_from": "base64", "value": found["ciphertext"]})
    assert opened.context["result"]["notations"][0].text == found["key input"]
    signed = journey.browser.post(f"{address}sign/", {**typed, "algorithm": "RS256"}).context["result"]
    found["signature"], found["digest"] = signed["notations"][0].text, signed["digest"]
    for status, body in ((400, {"error": {"code": "X", "message": found["key input"]}}), (200, {"value": 7})):
        journey.emulator.answer_next(status, body, path="/encrypt$")
        assert journey.browser.post(f"{address}encrypt/", typed).status_code >= 400
    journey.see(address)
    journey.see(f"{address}encrypt/")


def back_up_and_restore(journey: Journey) -> None:
    """The blob leaves in files, which are the only answers that may hold it, and comes back in others."""
    journey.do(f"{V}/new/secret/", name="backed-up", value=journey.canaries["value"])
    address, password = f"{V}/secrets/backed-up/backup/", f"b4ckup-{secrets.token_hex(12)}"
    sent = filled(journey.see(address))
    blob = journey.browser.post(address, {**sent, "raw": "on"}).content
    text = base64.urlsafe_b64encode(blob).decode().rstrip("=")
    journey.canaries |= {"backup-password": password, "blob": blob.decode()[-80:], "blob as sent": text[-90:-10]}
    twice = {"file_password": password, "file_password_again": password}
    assert journey.browser.post(address, {**sent, **twice}).status_code == 200
    file = age.write(blob, password)
    journey.do(f"{V}/secrets/backed-up/delete/")
    journey.do(f"{V}/deleted/secrets/backed-up/purge/", confirm_name="backed-up")
    form = filled(journey.see(f"{V}/restore/"))

    def post(content: bytes, **more: Any) -> Any:
        upload = SimpleUploadedFile("backed-up.secret.age", content)
        return journey.keep(journey.browser.post(f"{V}/restore/", {**form, "upload": upload, **more}))

    post(file, password="wrong", step="look")
    post(file[:-1], password=password, step="look")
    shown = filled(post(file, password=password, step="look"))
    form["shown"] = shown["shown"]
    for status in (400, 409, 500):
        refusal = {"error": {"code": "Malformed backup blob", "message": f"You sent {text}."}}
        journey.emulator.answer_next(status, refusal, path="/secrets/restore")
        post(file, password=password, step="restore")
    assert post(file, password=password, step="restore").status_code == 302


def export_certificate(journey: Journey) -> None:
    """The key of "tls" leaves in files, which are the only answers that may hold it."""
    address, password = f"{V}/certificates/tls/export/", f"exp0rt-{secrets.token_hex(12)}"
    journey.canaries["export-password"] = password
    sent = filled(journey.see(address), format="pem-key")
    key = journey.browser.post(address, sent).content.decode().splitlines()
    assert key[0] == "-----BEGIN PRIVATE KEY-----"
    journey.canaries["exported key"] = key[3]
    encrypted = {"file_password": password, "file_password_again": password}
    for kind in ("pfx", "pem-zip", "pem-all"):
        assert journey.browser.post(address, {**sent, **encrypted, "format": kind}).status_code == 200
    journey.keep(journey.browser.post(address, {**sent, **encrypted, "file_password_again": "another"}))
    journey.keep(journey.browser.post(address, {**sent, "show_chain": "1"}))
    journey.keep(journey.browser.post(address, {**sent, "format": "pem-chain"}))  # refused after the reading
    for status, body in ((500, {"error": {"code": "X", "message": key[3]}}), (200, {"value": key[3], "id": 7})):
        journey.emulator.answer_next(status, body, method="GET", path="^/secrets/tls/")
        journey.keep(journey.browser.post(address, {**sent, **encrypted}))


def break_things(journey: Journey, settings: Settings) -> None:
    """Defects of ours while secrets are in hand: the page is a 500, and the log names no variable."""
    sent = filled(journey.browser.get(f"{V}/new/secret/"), name="fresh", value=journey.canaries["value"])
    clouds, settings.CLOUDS = settings.CLOUDS, {"local": object()}
    assert journey.keep(journey.browser.post(f"{V}/new/secret/", sent)).status_code == 500
    assert journey.keep(journey.browser.post(f"{V}/secrets/tls/reveal/", {"version": ""})).status_code == 500
    typed = {"format": "pfx", "encryption": "old"} | dict.fromkeys(
        ("file_password", "file_password_again"), journey.canaries["export-password"]
    )
    assert journey.keep(journey.browser.post(f"{V}/certificates/tls/export/", typed)).status_code == 500
    settings.CLOUDS = clouds


def look_around(journey: Journey, world: World) -> None:
    scan_what_is_due()
    link = journey.browser.post("/team/invite/", {"email": "new@example.com", "role": "viewer"})
    journey.canaries["invitation"] = link.context["invitation_link"].rstrip("/").rpartition("/")[2]
    Client().get(f"/join/{journey.canaries['invitation']}/")
    Client().post("/account/login/", {"login": "owner@example.com", "password": journey.canaries["password"]})
    Client().post("/account/login/", {"login": "owner@example.com", "password": journey.canaries["wrong-secret"]})
    for address in ("/", "/inventory/", "/inventory/csv/", "/audit/", "/team/", "/connections/", f"{V}/", "/healthz"):
        journey.see(address)
    for event in AuditEntry.objects.values_list("event", flat=True).distinct()[:30]:
        journey.see(f"/audit/{event}/")


def sinks(journey: Journey, log: io.StringIO) -> dict[str, bytes]:
    entries = json.dumps(list(AuditEntry.objects.values()), cls=DjangoJSONEncoder, ensure_ascii=False)
    sessions = json.dumps(session_contents(), ensure_ascii=False)
    return {
        **{f"database: {part}": content for part, content in stored().items()},
        "log": log.getvalue().encode(),
        "audit": entries.encode(),
        "sessions": sessions.encode(),
        "pages": b"\n".join(journey.pages),
    }


def travelled(journey: Journey, world: World, settings: Settings) -> None:
    connect(journey, world)
    work(journey)
    break_things(journey, settings)
    look_around(journey, world)
    tokens = {
        each.headers["authorization"].partition(" ")[2]
        for each in journey.emulator.requests
        if "authorization" in each.headers
    }
    journey.canaries |= {f"token {number}": token.rpartition(".")[2] for number, token in enumerate(sorted(tokens))}
    assert tokens


@pytest.mark.slow
def test_no_secret_is_in_any_sink(journey: Journey, file_world: World, settings: Settings, log: io.StringIO) -> None:
    travelled(journey, file_world, settings)
    found = sinks(journey, log)
    assert not is_sqlite() or "database: kvportal.sqlite3-wal" in found
    size = sum(len(content) for content in found.values())
    forms = len(written_forms("x"))
    hits = leaks(journey.canaries, found)
    say(
        f"secrets: {len(journey.canaries)}, forms: {forms}, pages: {len(journey.pages)}, "
        f"sinks: {len(found)} with {size:,} bytes, leaks: {len(hits)}"
    )
    assert len(log.getvalue().splitlines()) > 30
    assert hits == []


def test_a_planted_leak_turns_it_red(journey: Journey, file_world: World, log: io.StringIO) -> None:
    value = journey.canaries["value"]
    assert leaks(journey.canaries, sinks(journey, log)) == []
    planted, item = 0, InventoryItem(vault=file_world.vault, kind="certificate", name="kept")
    for form, texts in written_forms(value).items():
        for text in texts:
            item.subject = text.decode()
            item.save()
            assert any(hit.startswith("value in database") for hit in leaks({"value": value}, sinks(journey, log))), (
                form
            )
            planted += 1
    structlog.get_logger("kvportal").info("oops", value=value)
    AuditEntry.objects.create(
        seq=1000, event=file_world.team.pk, at="2026-11-24T00:00:00Z", team_id=file_world.team.pk, name=value[:254]
    )
    session = journey.browser.session
    session["draft"] = value
    session.save()
    journey.pages.append(f"<p>{value}</p>".encode())
    hits = leaks({"value": value}, sinks(journey, log))
    say(f"planted: {planted + 4}, found: {planted + 4}")
    for sink in ("log", "audit", "sessions", "pages"):
        assert any(hit.startswith(f"value in {sink}") for hit in hits), sink
