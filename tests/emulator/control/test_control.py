"""The control page and the command, on an emulator that is being served."""

import io
import re
import stat
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from tests.emulator.running import Running, free_base, start
from tests.emulator.side_by_side import side_by_side
from vaults.emulator.serve.home import Home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(Home(tmp_path_factory.mktemp("control") / "emulator", free_base()))
    yield running
    running.stop.set()
    running.thread.join(10)


@pytest.fixture(autouse=True)
def this_server(running: Running, settings: Any) -> None:
    settings.DATA_DIR = running.home.folder.parent
    settings.EMULATOR_PORT = running.home.base_port


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("emulator", *words, stdout=out)
    return out.getvalue().strip()


class Browser:
    """A browser with a session of the control page, and the origin of its forms."""

    def __init__(self, running: Running) -> None:
        self.base = f"https://localhost:{running.home.base_port}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(running.home.ca_file)

    def get(self, address: str) -> requests.Response:
        return self.session.get(address, timeout=10)

    def post(self, verb: str, origin: str | None = None, **form: str) -> requests.Response:
        headers = {"Origin": self.base if origin is None else origin}
        kept = {name.replace("_", "-"): value for name, value in form.items()}
        return self.session.post(f"{self.base}/control/{verb}", data=kept, headers=headers, timeout=30)


@pytest.fixture
def stranger(running: Running) -> Browser:
    return Browser(running)


@pytest.fixture
def browser_inside(running: Running) -> Browser:
    browser = Browser(running)
    assert browser.get(run("control")).status_code == 200
    return browser


def test_the_token_is_the_owners_alone(running: Running) -> None:
    assert stat.S_IMODE(running.home.control_token_file.stat().st_mode) == 0o600


def test_a_ticket_is_good_once(running: Running, stranger: Browser) -> None:
    address = run("control")
    first = stranger.session.get(address, allow_redirects=False, timeout=10)
    assert (first.status_code, first.headers["Location"]) == (303, "/control/")
    cookie = first.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/control"))
    assert "ticket" not in stranger.get(f"{stranger.base}/control/").url
    assert Browser(running).get(address).status_code == 401


def test_strangers_stay_outside(stranger: Browser) -> None:
    assert stranger.get(f"{stranger.base}/control/").status_code == 401
    assert stranger.get(f"{stranger.base}/control/?ticket=guess").status_code == 401
    assert stranger.post("lift").status_code == 401
    for value in ("Bearer guess", "Bearer é".encode(), "Basic eA==", "Bearer"):
        answer = stranger.session.post(
            f"{stranger.base}/control/lift", json={}, headers={"Authorization": value}, timeout=10
        )
        assert answer.status_code == 401
    stranger.session.cookies.set("emulator-control", "guess")
    assert stranger.get(f"{stranger.base}/control/").status_code == 401


def test_other_pages_cannot_use_the_cookie(browser_inside: Browser) -> None:
    for origin in (
        "https://evil.test",
        "null",
        "",
        browser_inside.base.replace("https", "http"),
        "https://localhost:1",
    ):
        assert browser_inside.post("add-tenant", origin, domain="evil.example").status_code == 403
    assert "evil.example" not in run("list")


def test_the_page_shows_everything_but_secrets(running: Running, browser_inside: Browser) -> None:
    page = browser_inside.get(f"{browser_inside.base}/control/")
    for word in ("kv-shop-stage", "sp-shop-deploy", "Olga Brandt", "Owner", "secrets: get, list", "oauth2/v2.0/token"):
        assert word in page.text
    for principal in running.home.credentials()["principals"].values():
        assert principal["client_secret"] not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self';")
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=|javascript:", page.text)
    style = browser_inside.get(f"{browser_inside.base}/emulator.css")
    assert style.headers["Content-Type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text


class Elements(HTMLParser):
    """Checks that every element is closed in order, as a browser would like it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the signature is HTMLParser's
        if tag not in ("meta", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_names_are_text_on_the_page(browser_inside: Browser) -> None:
    evil = "<b onclick=alert(1)>\"'&"
    answer = browser_inside.post("add-person", name=evil, email="evil@shop.example")
    assert answer.status_code == 200
    assert "<b " not in answer.text
    assert "&lt;b onclick=alert(1)&gt;&quot;&#x27;&amp;" in answer.text
    elements = Elements()
    elements.feed(answer.text)
    assert elements.open == []
    browser_inside.post("remove-person", person="evil@shop.example")


def test_forms_do_what_the_command_does(running: Running, browser_inside: Browser) -> None:
    made = browser_inside.post("add-principal", name="sp-by-form", tenant="", days="30")
    secret = running.home.credentials()["principals"]["sp-by-form"]["client_secret"]
    assert secret in made.text
    assert secret not in browser_inside.get(f"{browser_inside.base}/control/").text
    granted = browser_inside.post("grant", principal="sp-by-form", permissions="secrets/get keys/list", vault="")
    assert "grant: done." in granted.text
    assert "  kv-billing-prod  sp-by-form  secrets: get; keys: list" in run("list")
    refused = browser_inside.post("grant", principal="sp-by-form", permissions="secrets/fly", vault="")
    assert (refused.status_code, "There is no permission secrets/fly." in refused.text) == (400, True)
    run("remove-principal", "sp-by-form")
    assert browser_inside.post("nothing").status_code == 404


def test_bad_requests_are_told(running: Running, stranger: Browser) -> None:
    headers = {"Authorization": f"Bearer {running.home.control_token_file.read_text()}"}
    for body, status in (
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"ms": "\xff"}', 400),
        (b'{"ms": {"a": [1]}}', 400),
        (b"[" * 100_000, 400),
        (b'{"ms": "\\ud800"}', 400),
        (b'{"ms": 5, "more": 6}', 400),
        (b'{"ms": 0}', 200),
    ):
        answer = stranger.session.post(f"{stranger.base}/control/latency", data=body, headers=headers, timeout=10)
        assert answer.status_code == status, body[:20]
    large = stranger.session.post(
        f"{stranger.base}/control/latency", data=b"x" * 25_000_000, headers=headers, timeout=30
    )
    assert large.status_code == 413


def test_the_command_reaches_the_running_server(running: Running) -> None:
    run("throttle", "--times", "1", "--at", "kv-shop-prod")
    assert running.get("secrets").status_code == 429
    assert running.get("secrets").status_code == 200
    run("fault", "html", "--path", "^/keys", "--method", "GET")
    assert running.get("keys").headers["Content-Type"] == "text/html"
    run("latency", "80", "--jitter", "5")
    begun = time.monotonic()
    running.get("secrets")
    assert time.monotonic() - begun > 0.08
    run("outage", "--at", "kv-shop-prod")
    with pytest.raises(requests.ConnectionError):
        running.get("secrets")
    assert "outage, until lifted, at " in run("faults")
    run("lift")
    assert running.get("secrets").status_code == 200
    run("settle-seconds", "0")
    run("certificate-seconds", "1")
    assert "certificates take 1 s" in run("faults")
    assert "/secrets" in run("requests")


def test_silence_ends_when_trouble_is_lifted(running: Running) -> None:
    run("fault", "silent")
    with pytest.raises(requests.ReadTimeout):
        running.session.get(f"{running.url()}/secrets?api-version=7.3", timeout=0.3)
    begun = time.monotonic()
    run("lift")
    assert running.get("secrets").status_code == 200
    assert time.monotonic() - begun < 5


def test_the_clock_of_the_running_server(running: Running) -> None:
    run("clock", "2h")
    assert running.get("secrets").status_code == 401  # the token has expired
    assert "2:00:00 ahead" in run("faults")
    run("clock", "now")
    assert running.get("secrets").status_code == 200


def test_what_the_command_stores_is_served_at_once(running: Running) -> None:
    run("fill", "kv-shop-stage", "--secrets", "300")
    url = running.url("kv-shop-stage")
    found = running.session.get(f"{url}/secrets/ledger-prod-weu-api-key", params={"api-version": "7.3"}, timeout=10)
    assert found.status_code == 200


def test_a_vault_by_the_page_is_reached_when_the_page_comes_back(running: Running, browser_inside: Browser) -> None:
    said = browser_inside.post("add-vault", vault="kv-by-form", retention_days="7", sku="standard").text
    address = running.url("kv-by-form")
    assert address in said
    assert running.session.get(f"{address}/secrets?api-version=7.3", timeout=10).status_code == 403
    run("delete-vault", "kv-by-form")
    for _ in range(40):
        try:
            answer = running.session.get(f"{address}/secrets?api-version=7.3", timeout=10)
        except requests.ConnectionError:
            break
        assert answer.status_code == 404
        time.sleep(0.1)
    else:
        pytest.fail("the port of a deleted vault stays open")
    assert run("recover-vault", "kv-by-form") == address
    run("delete-vault", "kv-by-form")
    run("purge-vault", "kv-by-form")
    assert "kv-by-form" not in running.home.clouds_file.read_text()


def test_reset_keeps_who_is_known(running: Running) -> None:
    run("add-tenant", "gone.example")
    before = running.home.credentials()
    port = running.emulator.vault("kv-shop-prod").port
    token = running.session.headers["Authorization"]
    run("delete-vault", "kv-billing-prod")
    assert "first start" in run("reset")
    assert running.home.credentials() == before
    assert running.emulator.vault("kv-shop-prod").port == port
    assert running.session.headers["Authorization"] == token
    assert len(running.get("secrets").json()["value"]) == 25
    assert "gone.example" not in run("list")
    url = running.url("kv-billing-prod")
    assert running.session.get(f"{url}/secrets?api-version=7.3", timeout=10).status_code == 200


def test_others_find_a_whole_vault_during_a_reset(running: Running) -> None:
    def read(_number: int) -> None:
        for _ in range(30):
            answer = running.get("secrets")
            assert (answer.status_code, len(answer.json()["value"])) == (200, 25)

    raised: list[BaseException] = []
    reader = threading.Thread(target=lambda: raised.extend(side_by_side(4, read)))
    reader.start()
    for _ in range(3):
        run("reset")
    reader.join(30)
    assert raised == []


def test_files_are_read_by_the_command(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("add-certificate", "sp-shop-deploy", str(tmp_path / "missing.pem"))
    (tmp_path / "rubbish.pem").write_text("rubbish")
    with pytest.raises(CommandError, match="no certificate in PEM"):
        run("add-certificate", "sp-shop-deploy", str(tmp_path / "rubbish.pem"))


def test_live_verbs_need_a_server(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.EMULATOR_PORT = free_base()
    for words in (("lift",), ("control",), ("latency", "5")):
        with pytest.raises(CommandError, match="not being served"):
            run(*words)


def test_env_has_every_principal_with_a_stored_secret(running: Running) -> None:
    run("add-tenant", "second.example")
    run("add-principal", "sp-second", "--tenant", "second.example")
    exported = run("env", "--principal", "sp-second")
    tenant = running.emulator.principal("sp-second").tenant
    assert f"export TENANT_ID={tenant}" in exported
    assert tenant != running.home.credentials()["tenant_id"]
