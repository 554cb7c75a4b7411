"""A vault's Postman collection, run by newman against the local vault over TLS. Run with `pytest -m js`."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.conftest import say
from tests.js.test_methods import MODULES, SETTLE, Ready, ready
from tests.views.test_postman import NOT_IN_EVERY_VAULT, filled_in
from vaults import clients
from vaults.azure.clouds import load_clouds
from vaults.models import Connection, Team
from vaults.web.postman import collection

__all__ = ["ready"]
pytestmark = [
    pytest.mark.js,
    pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="node and npm are not at hand"),
]


def of_local_vault(ready: Ready) -> dict[str, Any]:
    known = ready.environment
    connection = Connection(
        team=Team(name="Shop"), cloud="local", tenant_id=known["TENANT_ID"], client_id=known["CLIENT_ID"]
    )
    return collection(clients.vault_of(connection, "kv-shop-prod"))


def with_a_signature(found: dict[str, Any], signer: str) -> dict[str, Any]:
    """The collection with what a person does elsewhere before "Merge": has the request signed."""
    keep = 'pm.collectionVariables.set("signed_certificate_base64", pm.response.text());'
    request = {
        "method": "POST",
        "header": [],
        "auth": {"type": "noauth"},
        "url": signer,
        "body": {"mode": "raw", "raw": "{{csr}}"},
    }
    sign = {"name": "Sign", "event": [{"listen": "test", "script": {"exec": [keep]}}], "request": request}
    for folder in found["item"]:
        names = [item["name"] for item in folder.get("item", ())]
        if "Merge" in names:
            folder["item"].insert(names.index("Merge"), sign)
    return found


def test_newman_runs_every_request(ready: Ready, settings: Settings, tmp_path: Path) -> None:
    settings.CLOUDS = {"local": load_clouds(ready.running.home.clouds_file)["local"]}
    found = with_a_signature(of_local_vault(ready), ready.environment["SIGNER"])
    (tmp_path / "collection.json").write_text(json.dumps(found))
    given = filled_in() | {"client_secret": ready.environment["CLIENT_SECRET"]}
    command: list[str | Path] = [
        shutil.which("node") or "node",
        MODULES / "newman" / "bin" / "newman.js",
        "run",
        tmp_path / "collection.json",
    ]
    command += ["--ssl-extra-ca-certs", str(ready.running.home.ca_file), "--delay-request", str(int(SETTLE * 2000))]
    command += ["--reporters", "json", "--reporter-json-export", str(tmp_path / "report.json")]
    command += [word for name, value in given.items() for word in ("--env-var", f"{name}={value}")]
    subprocess.run(command, env={"PATH": ready.environment["PATH"]}, timeout=200, check=False, capture_output=True)
    run = json.loads((tmp_path / "report.json").read_text())["run"]
    assert [failure["error"]["message"] for failure in run["failures"]] == []
    refused = {each["item"]["name"] for each in run["executions"] if each["response"]["code"] >= 400}
    assert refused <= {name.partition(": ")[2] for name in NOT_IN_EVERY_VAULT}
    checks = run["stats"]["assertions"]["total"]
    say(f"newman: {len(run['executions'])} requests, {checks} checks, {len(refused)} refused as expected")
