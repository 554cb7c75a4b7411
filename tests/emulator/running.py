"""The local vault, served on free ports from a thread."""

import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

from vaults.emulator import Emulator
from vaults.emulator.control.dispatch import open_control
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import serve
from vaults.emulator.state import keymaterial


@dataclass
class Running:
    """A served emulator and a session that trusts it and is signed in."""

    home: Home
    emulator: Emulator
    session: requests.Session
    stop: threading.Event
    thread: threading.Thread

    def url(self, vault: str = "kv-shop-prod") -> str:
        return self.emulator.vault_url(vault)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(f"{self.url()}/{path}", params={"api-version": "7.3"}, timeout=10, **options)


def free_base() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1]) % 20000 + 30000


def opened(home: Home, **options: Any) -> Emulator:
    """The emulator of a folder, its keys from a pool: a first start need not wait for prime numbers."""
    return home.open(new_key=keymaterial.pooled_key, **options)


def start(home: Home, **options: Any) -> Running:
    emulator = opened(home, **options)
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(emulator, home, stop, open_control), daemon=True)
    thread.start()
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", home.base_port)) == 0:
                break
        time.sleep(0.02)
    session = requests.Session()
    session.trust_env = False
    session.verify = str(home.ca_file)
    credentials = home.credentials()
    principal = credentials["principals"]["sp-shop-admin"]
    form = {
        "grant_type": "client_credentials",
        "client_id": principal["client_id"],
        "client_secret": principal["client_secret"],
        "scope": "https://vault.azure.net/.default",
    }
    authority = f"https://localhost:{home.base_port}/{credentials['tenant_id']}"
    token = session.post(f"{authority}/oauth2/v2.0/token", data=form, timeout=10).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return Running(home, emulator, session, stop, thread)
