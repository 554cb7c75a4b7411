"""Certificates: the requests that are sent, and the parsing of the responses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.azure.fake import VAULT, VERSION, FakeAzure, body
from tests.keyvault.policies import POLICY, POLICY_JSON
from vaults.keyvault.client import VaultClient
from vaults.keyvault.policies import policy_from_json, policy_to_json
from vaults.keyvault.types import CertificateIssuer, CertificatePolicy, LifetimeAction

NAME = "selfSignedCert01"
FULL_POLICY = CertificatePolicy(
    issuer_name="Unknown",
    certificate_type="OV-SSL",
    subject="CN=x",
    dns_names=("x.test",),
    emails=("a@x.test",),
    upns=("a@x",),
    ekus=("1.3.6.1.5.5.7.3.1",),
    key_usage=("digitalSignature",),
    validity_in_months=12,
    exportable=False,
    key_type="EC",
    key_size=256,
    curve="P-256",
    reuse_key=True,
    content_type="application/x-pem-file",
    lifetime_actions=(
        LifetimeAction("AutoRenew", 80),
        LifetimeAction("EmailContacts", days_before_expiry=30),
    ),
)


def operation(**more: Any) -> dict[str, Any]:
    return {
        "id": f"{VAULT}/certificates/{NAME}/pending",
        "issuer": {"name": "Self"},
        "csr": "MIIC",
        "cancellation_requested": False,
        "status": "inProgress",
        "status_details": "Pending certificate created.",
        "request_id": "214cf0c2040e4ee884e66bf14c80a801",
        **more,
    }


def bundle(**more: Any) -> dict[str, Any]:
    return {
        "id": f"{VAULT}/certificates/{NAME}/{VERSION}",
        "kid": f"{VAULT}/keys/{NAME}/{VERSION}",
        "sid": f"{VAULT}/secrets/{NAME}/{VERSION}",
        "x5t": "SPTygrL6MIyP1FZhZErVWXvLSdM",
        "cer": "MIID",
        "attributes": {"enabled": True, "nbf": 1651243727, "exp": 1682780327},
        "policy": {"id": f"{VAULT}/certificates/{NAME}/policy", **POLICY_JSON},
        "contentType": "application/x-pkcs12",
        **more,
    }


def test_create_sends_the_policy_as_it_was_filled_in(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(202, operation())

    pending = client.certificates.create(NAME, POLICY)

    request = azure.vault_requests[0]
    assert (request.method, request.url) == ("POST", f"{VAULT}/certificates/{NAME}/create?api-version=7.0")
    assert body(request) == {"policy": POLICY_JSON}
    assert pending.is_pending
    assert (pending.name, pending.issuer_name, pending.csr) == (NAME, "Self", b"0\x82\x02")
    assert pending.request_id == "214cf0c2040e4ee884e66bf14c80a801"


def test_a_policy_survives_the_way_there_and_back() -> None:
    assert policy_from_json(policy_to_json(FULL_POLICY)) == FULL_POLICY
    assert policy_to_json(CertificatePolicy()) == {}


def test_an_operation_ends_or_fails(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, operation(status="completed", target=f"{VAULT}/certificates/{NAME}", status_details=None))
    azure.answer(200, operation(status="failed", error={"code": "CANotFound", "message": "No such CA."}))
    done, failed = client.certificates.operation(NAME), client.certificates.operation(NAME)
    assert (done.is_pending, done.target) == (False, f"{VAULT}/certificates/{NAME}")
    assert (failed.status, failed.error_code, failed.error_message) == ("failed", "CANotFound", "No such CA.")


def test_cancel_and_delete_an_operation(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, operation(cancellation_requested=True))
    azure.answer(200, operation())
    assert client.certificates.cancel_operation(NAME).cancellation_requested
    client.certificates.delete_operation(NAME)
    cancel, delete = azure.vault_requests
    assert (cancel.method, body(cancel)) == ("PATCH", {"cancellation_requested": True})
    assert (delete.method, delete.path_url) == ("DELETE", f"/certificates/{NAME}/pending?api-version=7.0")


def test_get_gives_thumbprint_and_policy(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, bundle())
    azure.answer(200, POLICY_JSON)
    certificate = client.certificates.get(NAME, VERSION)
    assert certificate.properties.x5t == "48F4F282B2FA308C8FD45661644AD5597BCB49D3"
    assert certificate.policy == client.certificates.get_policy(NAME) == POLICY
    assert (certificate.cer, certificate.content_type) == (b"0\x82\x03", "application/x-pkcs12")
    assert certificate.secret_id == f"{VAULT}/secrets/{NAME}/{VERSION}"


def test_update_sends_what_changes(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, bundle())
    azure.answer(200, bundle())
    client.certificates.update(NAME, VERSION, enabled=False)
    client.certificates.update(NAME, VERSION, tags={"a": "b"})
    assert [body(request) for request in azure.vault_requests] == [
        {"attributes": {"enabled": False}},
        {"tags": {"a": "b"}},
    ]


READ: dict[str, Any] = {
    "id": f"{VAULT}/certificates/{NAME}/policy",
    "key_props": {"kty": "RSA-HSM", "key_size": 3072, "exportable": False, "reuse_key": None, "novelty": 1},
    "x509_props": {
        "subject": "CN=x",
        "sans": {"uris": ["urn:x"], "ipAddresses": ["192.0.2.1"], "rids": ["1.2"]},
        "ekus": "odd",
        "basic_constraints": {"ca": False},
    },
    "issuer": {"name": "digi-int", "cty": "OV-SSL", "cert_transparency": True},
    "lifetime_actions": [{"trigger": {"days_before_expiry": 9, "novelty": 1}, "action": {"action_type": "AutoRenew"}}],
    "attributes": {"enabled": True, "created": 1, "updated": 2},
    "novelty": {"deep": [1]},
}


def test_a_policy_that_was_read_goes_back_as_it_was_read() -> None:
    policy = policy_from_json(READ)
    assert policy_to_json(policy) == READ
    assert (policy.uris, policy.ip_addresses, policy.certificate_transparency) == (("urn:x",), ("192.0.2.1",), True)
    assert policy.others == {
        "key_props.novelty": 1,
        "x509_props.sans.rids": ["1.2"],
        "x509_props.ekus": "odd",
        "x509_props.basic_constraints.ca": False,
        "lifetime_actions": READ["lifetime_actions"],
        "attributes.enabled": True,
        "novelty.deep": [1],
    }


def test_only_what_was_changed_of_it_is_changed() -> None:
    changed = replace(policy_from_json(READ), subject="CN=y", key_size=None, uris=(), emails=("a@x",))
    sent = policy_to_json(changed)
    assert sent["x509_props"] == READ["x509_props"] | {
        "subject": "CN=y",
        "sans": {"uris": [], "ipAddresses": ["192.0.2.1"], "rids": ["1.2"], "emails": ["a@x"]},
    }
    assert sent["key_props"] == {"kty": "RSA-HSM", "exportable": False, "reuse_key": None, "novelty": 1}
    assert {name: sent[name] for name in sent if name not in ("x509_props", "key_props")} == {
        name: READ[name] for name in READ if name not in ("x509_props", "key_props")
    }
    assert policy_to_json(policy_from_json(READ)) == READ


def test_sections_that_are_missing_or_odd_are_made() -> None:
    policy = policy_from_json({"x509_props": {"sans": None}, "issuer": "odd"})
    sent = policy_to_json(replace(policy, dns_names=("a.test",), issuer_name="Self", curve="P-256"))
    assert sent == {
        "x509_props": {"sans": {"dns_names": ["a.test"]}},
        "issuer": {"name": "Self"},
        "key_props": {"crv": "P-256"},
    }


def test_a_further_version_without_a_policy(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(202, operation())
    azure.answer(202, operation())
    client.certificates.create(NAME, None)
    client.certificates.create(NAME, None, tags={"a": "b"}, preserve_cert_order=True)
    assert [body(request) for request in azure.vault_requests] == [{}, {"tags": {"a": "b"}, "preserveCertOrder": True}]


def test_issuers_of_the_vault(client: VaultClient, azure: FakeAzure) -> None:
    listed = [
        {"id": f"{VAULT}/certificates/issuers/digi-int", "provider": "DigiCert"},
        {"id": f"{VAULT}/certificates/issuers/bare"},
        {"provider": "odd"},
    ]
    azure.answer(200, {"value": listed[:1], "nextLink": f"{VAULT}/certificates/issuers?$skiptoken=x"})
    azure.answer(200, {"value": listed[1:]})
    assert client.issuers.list() == [CertificateIssuer("digi-int", "DigiCert"), CertificateIssuer("bare", "")]


def test_pending_ones_are_listed_on_request(client: VaultClient, azure: FakeAzure) -> None:
    item = {"id": f"{VAULT}/certificates/{NAME}", "x5t": "", "attributes": {}, "subject": ""}
    link = f"{VAULT}/certificates?$skiptoken=x"
    azure.answer(200, {"value": [item], "nextLink": link})
    azure.answer(200, {"value": []})
    azure.answer(200, {"value": []})
    (listed,) = client.certificates.list(include_pending=True)
    assert (listed.x5t, listed.subject) == ("", "")
    list(client.certificates.list())
    assert [request.path_url for request in azure.vault_requests] == [
        "/certificates?api-version=7.0&includePending=true",
        "/certificates?api-version=7.0&includePending=true&$skiptoken=x",
        "/certificates?api-version=7.0",
    ]


def test_deleted_certificates(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, bundle(recoveryId=f"{VAULT}/deletedcertificates/{NAME}", scheduledPurgeDate=1))
    azure.answer(200, bundle())
    assert client.certificates.delete(NAME).recovery_id.endswith(f"/deletedcertificates/{NAME}")
    assert client.certificates.recover(NAME).name == NAME


def test_a_policy_is_changed_by_whole_sections(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, POLICY_JSON)
    policy = policy_from_json(READ)
    client.certificates.update_policy(NAME, replace(policy, subject="CN=y", certificate_type=None, key_type=None))
    (sent,) = azure.vault_requests
    assert (sent.method, sent.path_url) == ("PATCH", f"/certificates/{NAME}/policy?api-version=7.0")
    assert body(sent) == {
        "x509_props": {**READ["x509_props"], "subject": "CN=y"},
        "issuer": {"name": "digi-int", "cert_transparency": True},
        "key_props": {"key_size": 3072, "exportable": False, "reuse_key": None, "novelty": 1},
    }
    azure.answer(200, POLICY_JSON)
    client.certificates.update_policy(NAME, replace(policy, lifetime_actions=()))
    assert body(azure.vault_requests[-1]) == {}
