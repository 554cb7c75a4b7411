"""The local vault, served by a process of its own."""

import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass

import requests

from vaults.emulator.samples.names import VAULT_NAMES
from vaults.emulator.serve.home import Home

PROGRAM = """
import pathlib, sys, threading
from vaults.emulator.serve.home import Home
from vaults.emulator.serve.server import serve
from vaults.emulator.state import keymaterial
home = Home(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
serve(home.open(new_key=keymaterial.pooled_key, settle_seconds=0, has_limits=False), home, threading.Event())
"""


@dataclass
class Served:
    """The emulator in a process of its own, and where it is."""

    home: Home
    process: subprocess.Popen[bytes]
    vault: str
    token: str

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.home.ca_file)
        session.headers["Authorization"] = f"Bearer {self.token}"
        session.params = {"api-version": "7.4"}
        return session


def serve(home: Home) -> Served:
    """Start the process and sign in as soon as it answers; the token outlives the kills."""
    arguments = [sys.executable, "-c", PROGRAM, str(home.folder), str(home.base_port)]
    process = subprocess.Popen(arguments)
    for _ in range(300):
        time.sleep(0.02)
        try:
            return Served(home, process, f"https://{_hosts(home)[VAULT_NAMES[0]]}", _token(home))
        except (OSError, KeyError, ValueError):
            assert process.poll() is None, "the emulator did not start"
    raise AssertionError("the emulator does not answer")


def _hosts(home: Home) -> dict[str, str]:
    cloud = tomllib.loads(home.clouds_file.read_text())["clouds"]["local"]
    return dict(cloud["vault_hosts"])


def _token(home: Home) -> str:
    credentials = home.credentials()
    principal = credentials["principals"]["sp-shop-admin"]
    form = {
        "grant_type": "client_credentials",
        "client_id": principal["client_id"],
        "client_secret": principal["client_secret"],
        "scope": "https://vault.azure.net/.default",
    }
    url = f"https://localhost:{home.base_port}/{credentials['tenant_id']}/oauth2/v2.0/token"
    with requests.Session() as session:
        session.trust_env = False
        return str(session.post(url, data=form, verify=str(home.ca_file), timeout=5).json()["access_token"])
