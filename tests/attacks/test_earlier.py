"""What an attacker tried: each of these once went through."""

import base64
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from kvportal import launch
from tests.browsing import fill_in, filled, text_of
from tests.conftest import PASSWORD, World, confirmed, in_threads, last_entry, say, signed_in
from tests.identities import Identity
from vaults import guesses
from vaults.actions import items, teams
from vaults.actions.scans import scan_vault
from vaults.actors import Person, System
from vaults.acts import act
from vaults.audit import verification
from vaults.azure.errors import TransportError
from vaults.azure.limits import Bulkhead
from vaults.emulator import Emulator
from vaults.keyvault.client import VaultClient
from vaults.kinds import SECRET
from vaults.models import Connection, Membership, User
from vaults.permissions import Action, Role

pytestmark = pytest.mark.sweep


def longest_pause(stop: threading.Event) -> float:
    """How long this thread once had to wait for the interpreter."""
    longest, last = 0.0, time.monotonic()
    while not stop.wait(0.01):
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return max(longest, time.monotonic() - last)


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag, len(content)]) + content


def endless_key() -> bytes:
    """A private key in PEM whose password has to go through two thousand million rounds, which takes a quarter of an hour."""
    oid = bytes.fromhex("2a864886f70d01050d"), bytes.fromhex("2a864886f70d01050c")
    rounds = der(0x02, (2**31 - 1).to_bytes(4, "big"))
    by_sha256 = der(0x30, der(0x06, bytes.fromhex("2a864886f70d0209")), der(0x05))
    derivation = der(0x30, der(0x06, oid[1]), der(0x30, der(0x04, bytes(8)), rounds, by_sha256))
    cipher = der(0x30, der(0x06, bytes.fromhex("60864801650304012a")), der(0x04, bytes(16)))
    lock = der(0x30, der(0x06, oid[0]), der(0x30, derivation, cipher))
    body = base64.encodebytes(der(0x30, lock, der(0x04, bytes(16)))).decode()
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}-----END ENCRYPTED PRIVATE KEY-----\n".encode()


def test_a_file_that_takes_for_ever_to_read_stops_nobody(olga: Client, world: World) -> None:
    bomb = SimpleUploadedFile("sp.pem", endless_key() + Identity("client certificate").leaf_pem())
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pause = pool.submit(longest_pause, stop)
        started = time.monotonic()
        page = f"/connections/{world.connection.pk}/edit/"
        answer = fill_in(olga, page, certificate=bomb, certificate_password="of the file")
        took = time.monotonic() - started
        stop.set()
    say(f"a key of 2^31 rounds is refused after {took:.1f} s, others waited {pause.result():.2f} s at most")
    assert answer.status_code == 422
    assert "took longer than" in text_of(answer)
    assert took < 10
    assert pause.result() < 1.5


def test_another_cloud_is_not_sent_the_stored_secret(
    olga: Client, world: World, emulator: Emulator, settings: Settings
) -> None:
    settings.CLOUDS = {**settings.CLOUDS, "lab": settings.CLOUDS["local"]}
    world.vault.delete()  # a connection that reaches vaults keeps its cloud
    address = f"/connections/{world.connection.pk}/edit/"
    answer = fill_in(olga, address, cloud="lab")
    assert answer.status_code == 422
    assert "Give it again." in text_of(answer)
    assert Connection.objects.get(pk=world.connection.pk).cloud == "local"
    assert fill_in(olga, address, cloud="lab", client_secret="known").status_code == 302


@pytest.mark.parametrize("end", ["removed", "demoted"])
def test_an_owner_leaves_no_way_back_behind(end: str, world: World) -> None:
    guest = User.objects.create_user("guest@example.com", PASSWORD)
    member = Membership.objects.create(team=world.team, user=guest, role=Role.OWNER)
    token = teams.invite_member(Person(guest), world.team, "guest-again@example.com", Role.OWNER)
    if end == "removed":
        teams.remove_member(Person(world.olga), member)
    else:
        teams.update_member(Person(world.olga), member, Role.VIEWER)
    answer = Client().post(f"/join/{token}/", {"name": "", "password": PASSWORD})
    assert answer.status_code == 404
    assert not User.objects.filter(email="guest-again@example.com").exists()


def test_the_trail_is_whole_also_while_it_grows(file_world: World) -> None:
    stop = threading.Event()

    def write() -> None:
        for _ in range(100):
            with act(Person(file_world.olga), Action.INVENTORY_READ, file_world.team):
                pass
        stop.set()

    def read() -> list[str]:
        alarms = []
        while not stop.is_set():
            alarms.append(verification.verify().reason)
        return alarms

    _, alarms = in_threads(write, read)
    say(f"verified {len(alarms)} times while 200 entries were added, false alarms: {sum(map(bool, alarms))}")
    assert not any(alarms)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_end_of_time_breaks_no_page(zone: str, olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("forever", "typed", expires_on=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    scan_vault(System(), world.vault)
    olga.cookies["timezone"] = zone
    olga.raise_request_exception = False
    here = f"/vaults/{world.vault.slug}"
    pages = ["/", "/inventory/", "/inventory/csv/", f"{here}/", f"{here}/secrets/", f"{here}/secrets/forever/"]
    pages += [f"{here}/secrets/forever/edit/", f"{here}/secrets/forever/new-version/", f"{here}/deleted/"]
    assert {page: olga.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("date", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_credential_that_ends_at_the_end_of_time(zone: str, date: str, olga: Client, world: World) -> None:
    olga.cookies["timezone"] = zone
    olga.raise_request_exception = False
    address = f"/connections/{world.connection.pk}/edit/"
    assert fill_in(olga, address, credential_expires_on=date).status_code in (302, 422)
    assert olga.get(address).status_code == 200
    assert olga.get(f"/connections/{world.connection.pk}/").status_code == 200


LONG = "canary" * 100_000
VERSION = "0123456789abcdef0123456789abcdef"


def test_a_vault_writes_nothing_into_the_trail(world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("gone", "typed")
    answer = {"id": f"https://kv-shop-prod.vault.test/secrets/gone/{VERSION}", "recoveryId": LONG}
    emulator.answer_next(200, answer, method="DELETE")
    items.delete_item(Person(world.olga), world.vault, SECRET, "gone")
    assert "canary" not in str(last_entry(Action.SECRET_DELETE).detail)


def test_a_request_id_without_an_end(olga: Client, world: World, emulator: Emulator) -> None:
    operation = {
        "id": "https://kv-shop-prod.vault.test/certificates/fresh/pending",
        "status": "inProgress",
        "request_id": LONG,
    }
    emulator.answer_next(202, operation, method="POST", path="/create")
    page = f"/vaults/{world.vault.slug}/new/certificate/"
    assert fill_in(olga, page, name="fresh", subject="CN=fresh.example").status_code == 302
    assert len(str(last_entry(Action.CERTIFICATE_CREATE).detail)) < 200


def test_a_vault_that_keeps_for_ever(olga: Client, world: World, azure: VaultClient, emulator: Emulator) -> None:
    azure.secrets.set("kept", "typed")
    item = {
        "id": f"https://kv-shop-prod.vault.test/secrets/kept/{VERSION}",
        "attributes": {"enabled": True, "recoverableDays": 10**9},
    }
    emulator.answer_next(200, {"value": [item], "nextLink": None}, path="/versions")
    olga.raise_request_exception = False
    assert olga.get(f"/vaults/{world.vault.slug}/secrets/kept/delete/").status_code == 200


def test_a_flood_of_guesses_does_not_wash_away_the_count(db: None) -> None:
    at_olga = [guesses.begin("olga@example.com", guesses.address_source("198.51.100.7")) for _ in range(5)]
    for number in range(320):
        guesses.begin(f"person-{number}@example.com", guesses.address_source(f"203.0.{number // 250}.{number % 250}"))
    assert guesses.at_account(at_olga[-1]) == 5
    with pytest.raises(guesses.TooManyGuesses):
        guesses.begin("olga@example.com", guesses.address_source("198.51.100.7"))


def test_clicks_at_once_on_a_form_with_errors(file_world: World) -> None:
    """One comes back with its errors while another asks what became of it."""
    browser = confirmed(signed_in(file_world.olga))
    page = f"/vaults/{file_world.vault.slug}/new/secret/"
    sent = filled(browser.get(page), name="no name", value="typed")

    def click() -> int:
        client = Client()
        client.cookies = browser.cookies
        return int(client.post(page, sent).status_code)

    found = [answer for _ in range(8) for answer in in_threads(*[click] * 12)]
    assert set(found) <= {409, 422}


@pytest.fixture
def server() -> Iterator[int]:
    """The portal's server as it is started, with a page that needs nothing; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = launch.granian("127.0.0.1", port, "tests.behind:application")
    process = subprocess.Popen(command)
    try:
        launch.wait_for("server", {"server": process}, lambda: launch.answers("127.0.0.1", port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


def test_idle_connections_keep_nobody_out(server: int) -> None:
    """A dozen browsers, six connections each, and one more."""
    open_ones = [HTTPConnection("127.0.0.1", server, timeout=2) for _ in range(12 * 6 + 1)]
    for connection in open_ones:
        connection.request("GET", "/")
        assert connection.getresponse().read()
    for connection in open_ones:
        connection.close()


def test_three_silent_vaults_do_not_hold_every_thread() -> None:
    """As many pages as there are threads ask three vaults: some of them are refused at once, and so free for others."""
    silent = [Bulkhead() for _ in range(3)]

    def ask(bulkhead: Bulkhead) -> float:
        started = time.monotonic()
        with suppress(TransportError), bulkhead.slot(1):
            time.sleep(1)
        return time.monotonic() - started

    took = in_threads(*(partial(ask, silent[number % 3]) for number in range(launch.THREADS)))
    free = [seconds for seconds in took if seconds < 0.5]
    say(f"{launch.THREADS} pages of three silent vaults: {len(free)} are refused at once")
    assert len(free) >= 16


@pytest.mark.parametrize("page", ["/inventory/", "/inventory/csv/", "/audit/"])
def test_a_search_for_a_book(page: str, olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("found", "typed")
    scan_vault(System(), world.vault)
    assert olga.get(page, {"q": "a" * 60_000}).status_code == 200


JWKS: dict[str, dict[str, str]] = {
    "symmetric": {"kty": "oct-HSM"},
    "no numbers": {"kty": "RSA", "n": "!", "e": "é"},
    "too small": {"kty": "RSA", "n": "AQ", "e": "AQ"},
    "off the curve": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    "too large": {"kty": "RSA", "n": "A" * 3_000_000, "e": "AQAB"},
}


@pytest.mark.parametrize("case", JWKS)
def test_a_key_without_a_public_part(case: str, olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("odd", kty="RSA", key_size=2048)
    answer = {"key": {"kid": f"https://kv-shop-prod.vault.test/keys/odd/{VERSION}", **JWKS[case]}}
    emulator.answer_next(200, answer, path="/keys/odd/?$")
    assert olga.get("/vaults/kv-shop-prod/keys/odd/public-key/").status_code == 404


@pytest.mark.parametrize("charset", ["hex", "zlib", "undefined", "punycode", "utf-16"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=X"])
def test_a_charset_that_is_none(charset: str, kind: str, db: None) -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="login"\r\n\r\nolga\r\n--X--\r\n'
    content_type = f"{kind}; charset={charset}"
    answer = Client().generic(
        "POST", "/account/login/", body if "X" in kind else b"login=olga", content_type=content_type
    )
    assert answer.status_code == 200
