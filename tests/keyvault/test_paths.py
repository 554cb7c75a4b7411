"""Words x operations x versions: by the published specification, each path that is sent is only the intended operation's."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.azure.fake import VERSION, FakeAzure
from tests.conftest import say
from vaults.azure.errors import AmbiguousPath, AzureError, InvalidIdentifier, InvalidVersion
from vaults.azure.json_values import ignore_body
from vaults.azure.limits import Bulkhead, Limits
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import API_VERSIONS, OPERATIONS
from vaults.keyvault.paths import check_new_name

REFERENCE = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "spec" / "data-plane" / API_VERSIONS[-1]
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the published specification is not here")
MakeClient = Callable[..., VaultClient]
Template = tuple[str, ...]
Specification = dict[str, tuple[str, list[Template]]]


@pytest.fixture(scope="module")
def spec() -> Specification:
    """Operation id -> method and path templates, with and without the version, which every client of Key Vault may leave out."""
    found: Specification = {}
    for file in sorted(REFERENCE.glob("*.json")):
        for path, methods in json.loads(file.read_text()).get("paths", {}).items():
            parts = tuple(re.sub(r"\{[a-z]+-(name|version)\}", r"{\1}", path).strip("/").split("/"))
            without = tuple(part for part in parts if part != "{version}")
            for method, operation in methods.items():
                found[operation["operationId"]] = (method.upper(), list(dict.fromkeys([parts, without])))
    return found


def fits(template: Template, path: Template) -> bool:
    """True if a case-insensitive router could match the path to this template."""
    return len(template) == len(path) and all(
        part == "{name}" or (part == "{version}" and re.fullmatch("[0-9a-f]{32}", word)) or part == word
        for part, word in zip(template, path, strict=True)
    )


def is_meant(spec: Specification, operation: str, template: Template, path: Template) -> bool:
    """True if the path fits the intended operation, and any other that it fits is more general (has no further fixed words)."""
    method = spec[operation][0]
    same_method = [templates for name, (other, templates) in spec.items() if other == method and name != operation]
    others = [other for templates in same_method for other in templates if fits(other, path)]
    return fits(template, path) and all(
        theirs.startswith("{")
        for other in others
        for ours, theirs in zip(template, other, strict=True)
        if ours.startswith("{")
    )


@pytest.mark.slow
@needs_reference
def test_every_word_in_every_place(make_client: MakeClient, azure: FakeAzure, spec: Specification) -> None:
    words = sorted({part for _, templates in spec.values() for each in templates for part in each if part[0] != "{"})
    names = [*words, "CONTACTS", "iSSuers", "plain", VERSION]
    versions = ["", VERSION, VERSION.upper(), VERSION[:31], VERSION + "0", *words]
    azure.answer_by(lambda _: (404, {"error": {"code": "SecretNotFound", "message": "No."}}))
    client = make_client(limits=Limits(bulkhead=Bulkhead(1)))
    sent, not_sent, wrong = 0, 0, []
    for operation, (method, templates) in spec.items():
        if "{name}" not in templates[0]:
            continue
        for name, version in product(names, versions if len(templates) == 2 else [""]):
            template = templates[0] if version or len(templates) == 1 else templates[1]
            path = tuple(part.format(name=name, version=version) for part in template)
            azure.requests.clear()
            with pytest.raises(AzureError):
                client.send(OPERATIONS[operation], ignore_body, name=name, version=version)
            found = [(each.method, urlsplit(str(each.url)).path) for each in azure.vault_requests]
            meant = is_meant(spec, operation, template, tuple(part.lower() for part in path))
            if found != ([(method, "/" + "/".join(path))] if meant else []):
                wrong.append((operation, name, version, found))
            sent, not_sent = sent + meant, not_sent + (not meant)
    say(
        f"{len(words)} words as names and versions: {sent} calls sent, {not_sent} not, {len(wrong)} otherwise than specified"
    )
    assert wrong == []
    assert sent > 2000
    assert not_sent > 1000


@needs_reference
def test_a_new_item_can_be_opened_and_deleted(spec: Specification) -> None:
    """For an accepted name, no path of an operation on the item, with or without a version, is another operation's."""
    words = {part for _, templates in spec.values() for each in templates for part in each if part[0] != "{"}
    refused = set()
    for collection, word in product(("secrets", "keys", "certificates"), words):
        try:
            check_new_name(collection, word.title())
        except AmbiguousPath:
            refused.add((collection, word))
    expected = {
        (template[0], word)
        for word in words
        for operation, (_, templates) in spec.items()
        for template in templates
        if template[1:2] == ("{name}",) and not template[0].startswith("deleted")
        if not is_meant(spec, operation, template, tuple(part.format(name=word, version=VERSION) for part in template))
    }
    assert refused == expected == {("certificates", "contacts"), ("certificates", "issuers")}


@pytest.mark.parametrize(
    "name", ["contacts.", "contacts/", "./contacts", "contacts%2F", "%63ontacts", " contacts", "contacts\n"]
)
def test_a_name_in_another_spelling_is_none(client: VaultClient, azure: FakeAzure, name: str) -> None:
    with pytest.raises(InvalidIdentifier):
        client.certificates.delete(name)
    assert azure.requests == []


@pytest.mark.parametrize(
    "version", ["versions", "v1", "/", "../x", VERSION + "/", VERSION + "\n", " " + VERSION, "٣" * 32, "g" * 32]
)
def test_a_version_is_32_hexadecimal_digits(client: VaultClient, azure: FakeAzure, version: str) -> None:
    with pytest.raises(InvalidVersion):
        client.secrets.get("one", version)
    with pytest.raises(InvalidVersion):
        client.keys.update("one", version, enabled=False)
    assert azure.requests == []


def test_what_is_refused_says_what_it_would_have_been(client: VaultClient, azure: FakeAzure) -> None:
    with pytest.raises(AmbiguousPath) as caught:
        client.certificates.delete("Contacts")
    error = caught.value
    assert (error.method, error.path, error.other) == (
        "DELETE", "/certificates/Contacts", "DeleteCertificateContacts"
    )  # fmt: skip
    assert not error.maybe_done
    assert azure.requests == []
