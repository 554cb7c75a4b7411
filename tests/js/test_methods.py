"""Every public method of Microsoft's clients for JavaScript against the emulator over TLS. Run with `pytest -m js`.

The clients come from npm, with exact versions and hashes, into `node_modules` here. Without node and npm nothing is run.
"""

import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

from tests.emulator.issuing import chain, signed
from tests.emulator.running import Running, free_base, start
from vaults.emulator.serve.home import Home

pytestmark = [
    pytest.mark.js,
    pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="node and npm are not at hand"),
]

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"
VERSIONS = ("7.0", "7.4", "7.6", "newest")
SETTLE = 0.3  # seconds


class Signer(BaseHTTPRequestHandler):
    """An authority: signs the request that it is sent, base64 both ways, which node has no words for."""

    def do_POST(self) -> None:
        csr = x509.load_der_x509_csr(base64.b64decode(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(signed(csr).encode())

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Ready:
    """What the clients need: a served vault, an authority, a PFX to import, and their own packages."""

    running: Running
    environment: dict[str, str]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    install()
    folder = tmp_path_factory.mktemp("js")
    key, leaf, root = chain()
    packed = pkcs12.serialize_key_and_certificates(b"name", key, leaf, [root], NoEncryption())
    (folder / "certificate.pfx").write_bytes(base64.b64encode(packed))
    # These journeys make more keys in seconds than Azure allows, and the SDK does not ask again for a POST.
    home = Home(folder / "emulator", free_base())
    running = start(home, settle_seconds=SETTLE, certificate_seconds=SETTLE, has_limits=False)
    signer = ThreadingHTTPServer(("127.0.0.1", 0), Signer)
    threading.Thread(target=signer.serve_forever, daemon=True).start()
    credentials = home.credentials()
    known = credentials["principals"]["sp-shop-admin"]
    yield Ready(
        running,
        {
            "PATH": str(Path(shutil.which("node") or "").parent),
            "NODE_EXTRA_CA_CERTS": str(home.ca_file),
            "VAULT_URL": running.url(),
            "AUTHORITY": f"https://localhost:{home.base_port}",
            "TENANT_ID": credentials["tenant_id"],
            "CLIENT_ID": known["client_id"],
            "CLIENT_SECRET": known["client_secret"],
            "PFX": str(folder / "certificate.pfx"),
            "SIGNER": f"http://127.0.0.1:{signer.server_address[1]}",
        },
    )
    signer.shutdown()
    signer.server_close()
    running.stop.set()
    running.thread.join(10)


def install() -> None:
    """Have `node_modules` hold exactly what the lock says."""
    wanted = (FOLDER / "package-lock.json").read_bytes()
    stamp = MODULES / ".lock"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        subprocess.run([shutil.which("npm") or "npm", "ci", "--ignore-scripts", "--no-audit"], cwd=FOLDER, check=True)
        stamp.write_bytes(wanted)


FIGURES: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def _figures(pytestconfig: pytest.Config) -> Iterator[None]:
    """Print the figures where no output is captured, at the end."""
    yield
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("", *FIGURES, sep="\n")  # noqa: T201


@pytest.mark.parametrize("version", VERSIONS)
def test_every_method(ready: Ready, version: str) -> None:
    environment = ready.environment | {"API_VERSION": version}
    ran = subprocess.run(
        [shutil.which("node") or "node", FOLDER / "main.mjs"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for report in json.loads(ran.stdout):
        refused, missing = report["refused"], report["missing"]
        figure = (
            f"js {report['client']} {version}: {report['wanted'] - len(missing)} of {report['wanted']} methods passed"
        )
        if refused:
            figure += f"; {len(refused)} of them refused as Azure refuses: {', '.join(refused)}"
        FIGURES.append(figure)
        assert missing == []
