"""A vault's Postman collection: its format, all operations in it, no secret, and every request of it sent to the local vault."""

import base64
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.test import Client

from tests.conftest import World, make_vault, say, signed_in
from tests.emulator.issuing import chain, signed
from tests.postman import VARIABLE, Run, items
from vaults.azure.clouds import AZURE_CLOUDS
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.serve.adapter import EmulatorAdapter
from vaults.keyvault.client import VaultClient
from vaults.keyvault.operations import API_VERSIONS, OPERATIONS
from vaults.models import AuditEntry, Connection
from vaults.permissions import Role

PATH: Final = "/vaults/kv-shop-prod/postman/"
#: Requests that a vault without keys in hardware refuses, and what it answers.
NOT_IN_EVERY_VAULT: Final = {
    "Keys: Get attestation": {400},
    "Keys: Release": {400, 403},
    "Keys: Secure unwrap": {200, 400, 403},
    "Keys: Secure wrap": {200, 400, 403},
}


def downloaded(client: Client, path: str = PATH) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="kv-shop-prod.postman_collection.json"'
    found: dict[str, Any] = json.loads(answer.content)
    return found


def values(collection: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in collection["variable"]}


def test_it_has_the_format_of_collections_2_1(olga: Client) -> None:
    """The parts of the published JSON schema that Postman needs to import it."""
    found = downloaded(olga)
    assert found["info"]["schema"] == "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    assert found["info"]["name"] == "Key Vault kv-shop-prod"
    assert set(found) == {"info", "auth", "variable", "item"}
    assert {(type(each["key"]), type(each["value"]), each["type"]) for each in found["variable"]} == {
        (str, str, "string")
    }
    seen = list(items(found))
    assert len({name for name, _ in seen}) == len(seen)
    for name, item in seen:
        assert set(item) == {"name", "event", "request", "response"}, name
        assert item["response"] == []
        for event in item["event"]:
            assert event["listen"] == "test"
            assert event["script"]["type"] == "text/javascript"
            assert all(isinstance(line, str) for line in event["script"]["exec"])
        request = item["request"]
        assert set(request) <= {"method", "auth", "header", "url", "body", "description"}
        assert request["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
        url = request["url"]
        asked = "&".join(f"{each['key']}={each['value']}" for each in url.get("query", []))
        assert url["raw"] == "/".join([*url["host"], *url["path"]]) + (f"?{asked}" if asked else "")
        assert request.get("body", {"mode": "raw"})["mode"] in {"raw", "urlencoded"}


def test_every_operation_of_a_vault_is_in_it(olga: Client) -> None:
    found = {item["request"]["description"].split(".")[0] for name, item in items(downloaded(olga)) if ":" in name}
    of_vaults = {name for name, operation in OPERATIONS.items() if operation.kind != "random"}  # that is of Managed HSM
    assert found == of_vaults
    say(f"operations in the Postman collection: {len(found)} of {len(of_vaults)}")


def test_every_variable_that_is_used_is_there_and_no_other(olga: Client) -> None:
    found = downloaded(olga)
    used = set(VARIABLE.findall(json.dumps([found["item"], found["auth"]])))
    written = {"csr"}  # for the person who has it signed
    assert used <= set(values(found)) | written
    assert set(values(found)) <= used


def test_no_secret_is_in_it(olga: Client, world: World, azure: VaultClient) -> None:
    azure.secrets.set("canary-name", "canary-of-postman")
    text = olga.get(PATH).content.decode()
    assert "canary" not in text
    assert ADMIN.client_secret not in text
    assert world.connection.client_secret() not in text
    empty = {"client_secret", "access_token", "secret_value", "secret_backup", "jwk_d", "pfx_base64", "pfx_password",
             "issuer_password", "attestation_token"}  # fmt: skip
    assert {name: values(json.loads(text))[name] for name in empty} == dict.fromkeys(empty, "")


def test_it_asks_azure_nothing_and_leaves_no_entry(olga: Client, emulator: Emulator) -> None:
    before = AuditEntry.objects.count()
    downloaded(olga)
    assert emulator.requests == []
    assert AuditEntry.objects.count() == before


def test_whoever_sees_the_vault_gets_it_and_others_do_not(world: World) -> None:
    assert {role: signed_in(user).get(PATH).status_code for role, user in world.members.items()} == dict.fromkeys(
        Role, 200
    )
    assert signed_in(world.otto).get(PATH).status_code == 404
    assert PATH in signed_in(world.members[Role.VIEWER]).get("/vaults/kv-shop-prod/").content.decode()


@pytest.mark.parametrize("name", AZURE_CLOUDS)
def test_it_is_right_in_each_of_azures_clouds(name: str, olga: Client, world: World) -> None:
    cloud = AZURE_CLOUDS[name]
    connection = Connection.objects.create(
        team=world.team, name=name, cloud=name, tenant_id="contoso.example", client_id="the-client"
    )
    connection.set_client_secret("canary")
    connection.save()
    make_vault(connection, "kv-shop-far")
    answer = olga.get("/vaults/kv-shop-far/postman/")
    found = values(json.loads(answer.content))
    assert found["vault_url"] == f"https://kv-shop-far.{cloud.vault_suffixes[0]}"
    assert (found["authority"], found["scope"]) == (cloud.authority, cloud.scope)
    assert (found["tenant_id"], found["client_id"]) == ("contoso.example", "the-client")
    [token, *_] = json.loads(answer.content)["item"]
    assert token["request"]["url"]["raw"] == "{{authority}}/{{tenant_id}}/oauth2/v2.0/token"


def test_a_cloud_that_is_gone_is_said(olga: Client, world: World) -> None:
    Connection.objects.update(cloud="gone")
    world.vault.__class__.objects.update(cloud="gone")
    refused = olga.get(PATH)
    assert refused.status_code == 400
    assert b"cloud" in refused.content
    assert b"postman/" not in olga.get("/vaults/kv-shop-prod/").content


def base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


def filled_in() -> dict[str, str]:
    """What a person fills in before a run."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    public, (private, leaf, _) = numbers.public_numbers, chain()
    file = pkcs12.serialize_key_and_certificates(None, private, leaf, None, BestAvailableEncryption(b"password"))
    return {
        "client_secret": ADMIN.client_secret,
        "secret_value": "a value",
        "jwk_x": base64url(public.x),
        "jwk_y": base64url(public.y),
        "jwk_d": base64url(numbers.private_value),
        "pfx_base64": base64.b64encode(file).decode(),
        "pfx_password": "password",
        "attestation_token": "e30.e30.AA",
        "issuer_account": "account",
        "issuer_password": "password",
        "issuer_organization": "organization",
    }


def run_on(emulator: Emulator, collection: dict[str, Any], person: Callable[[Run, str], None]) -> Run:
    session = requests.Session()
    session.mount("https://", EmulatorAdapter(emulator))
    run = Run(
        collection, lambda request: session.send(session.prepare_request(request)), lambda name: person(run, name)
    )
    run.variables |= filled_in()
    return run


@pytest.mark.parametrize("api_version", ["7.0", API_VERSIONS[-1]])
def test_every_request_of_it_works_on_the_local_vault(
    api_version: str, olga: Client, world: World, emulator: Emulator
) -> None:
    Connection.objects.update(api_version=api_version)

    def wait_and_sign(run: Run, name: str) -> None:
        emulator.clock.advance(15)  # the delay that the collection recommends
        if name == "Certificates: Merge":
            csr = x509.load_der_x509_csr(base64.b64decode(run.variables["csr"]))
            run.variables["signed_certificate_base64"] = signed(csr)

    run = run_on(emulator, downloaded(olga), wait_and_sign)
    answers = run.all()
    refused = {name: status for name, (status, _) in answers.items() if status >= 400}
    unexpected = {name: status for name, status in refused.items() if status not in NOT_IN_EVERY_VAULT.get(name, ())}
    assert unexpected == {}
    assert {name for name, (_, content) in answers.items() if not content} == set()
    say(f"{api_version}: {len(answers)} requests sent, {len(refused)} refused as expected: {sorted(refused)}")
