"""The catalogue has exactly the operations of Microsoft's specification."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from vaults.keyvault.operations import API_VERSIONS, OPERATIONS

REFERENCE = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "spec" / "data-plane"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the published specification is not here")


def specified(api_version: str) -> dict[str, tuple[str, str, tuple[int, ...]]]:
    """Operation id -> method, path and statuses of success; without managed storage."""
    found = {}
    for file in sorted((REFERENCE / api_version).glob("*.json")):
        for path, methods in json.loads(file.read_text())["paths"].items() if "paths" in file.read_text() else ():
            if "storage" in path:
                continue
            plain = re.sub(r"\{[a-z]+-name\}", "{name}", re.sub(r"\{[a-z]+-version\}", "{version}", path))
            for method, operation in methods.items():
                statuses = tuple(int(status) for status in operation["responses"] if status.startswith("2"))
                found[operation["operationId"]] = (method.upper(), plain, statuses)
    return found


@needs_reference
def test_the_catalogue_is_the_newest_specification() -> None:
    ours = {name: (each.method, each.path, each.ok) for name, each in OPERATIONS.items()}
    assert ours == specified(API_VERSIONS[-1])


@needs_reference
@pytest.mark.parametrize("api_version", API_VERSIONS)
def test_each_version_has_the_operations_said(api_version: str) -> None:
    ours = {name for name, each in OPERATIONS.items() if each.api_version(api_version) == api_version}
    assert ours == set(specified(api_version))


def test_an_operation_is_asked_for_in_a_version_that_has_it() -> None:
    assert OPERATIONS["RotateKey"].api_version("7.0") == "7.3"
    assert OPERATIONS["RotateKey"].api_version("7.6") == "7.6"


def test_nothing_that_makes_or_takes_away_is_called_safe() -> None:
    for operation in OPERATIONS.values():
        if operation.retry == "safe":
            assert operation.method in ("GET", "POST")
            assert not re.search("create|import|rotate|recover|restore|merge", operation.path)


def test_permissions_fit_their_collection() -> None:
    for operation in OPERATIONS.values():
        if operation.kind != "random":
            assert operation.permission.startswith(f"{operation.kind}s/")
            assert re.fullmatch(r"Microsoft\.KeyVault/vaults/[a-z]+/\w+(/action)?", operation.data_action)


def test_no_probe_could_create_anything() -> None:
    for operation in OPERATIONS.values():
        if operation.probe and "{name}" not in operation.path:
            assert operation.method == "GET" or operation.path.endswith("/restore")
    for name in ("SetSecret", "CreateKey", "ImportKey", "CreateCertificate", "ImportCertificate",
                 "SetCertificateIssuer", "SetCertificateContacts", "DeleteCertificateContacts"):  # fmt: skip
        assert OPERATIONS[name].probe is None
