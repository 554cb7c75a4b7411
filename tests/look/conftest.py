"""A browser whose requests are answered by the portal in this process: no port, no server, the local Key Vault behind it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Page, Route

CHROMIUM = shutil.which("chromium")
HOST = "http://testserver"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "portal_page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.e2e)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no chromium (Debian: apt install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ["--no-sandbox", "--disable-gpu"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "base_url": HOST, "viewport": {"width": 1360, "height": 850}}


@pytest.fixture
def portal_page(transactional_db: None, page: Page, olga: Client) -> Iterator[Page]:
    """Olga's browser. Fails where a script broke, the content policy was hurt, or another host was asked for."""
    wrong: list[str] = []

    def answer(route: Route) -> None:
        request, parts = route.request, urlsplit(route.request.url)
        if parts.hostname != "testserver":
            wrong.append(request.url)
            route.abort()
        elif parts.path.startswith("/static/"):
            found = Path(str(finders.find(parts.path.removeprefix("/static/"))))
            route.fulfill(body=found.read_bytes(), content_type=TYPES[found.suffix])
        else:
            # The session's cookie is in the test client's jar; what the browser holds must not hide it.
            sent = {name: text for name, text in request.headers.items() if name != "cookie"}
            headers = {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in sent.items()}
            reply = olga.generic(
                request.method,
                f"{parts.path}?{parts.query}",
                request.post_data_buffer or b"",
                request.headers.get("content-type", ""),
                **headers,  # type: ignore[arg-type]
            )
            if 300 <= reply.status_code < 400:  # a redirect would leave this handler and ask the network
                route.fulfill(
                    body=f'<meta http-equiv="refresh" content="0;url={reply["Location"]}">', content_type="text/html"
                )
            else:
                route.fulfill(status=reply.status_code, headers=dict(reply.headers), body=reply.content)

    page.route("**/*", answer)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None)
    page.set_default_timeout(10_000)
    yield page
    page.unroute_all(behavior="wait")
    assert wrong == []


@pytest.fixture
def late_page(portal_page: Page, olga: Client) -> Page:
    """Olga's browser, long after she typed her password."""
    session = olga.session
    del session["account_authentication_methods"]
    session.save()
    return portal_page
