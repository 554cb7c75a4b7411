import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.emulator.caller import SELF_SIGNED, Caller, issued, refusal
from tests.emulator.issuing import chain, pem, signed
from vaults.emulator import Emulator
from vaults.emulator.dataplane import subjects, x509tools
from vaults.emulator.wire import jwt
from vaults.emulator.wire.errors import VaultError

pytestmark = pytest.mark.slow


def test_create_answers_202_with_the_operation(admin: Caller) -> None:
    answer = admin.post("certificates/c/create", SELF_SIGNED)
    operation = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == (
        f"{admin.base}/certificates/c/pending?api-version=7.3&request_id={operation['request_id']}"
    )
    assert answer.headers["Retry-After"] == "10"
    csr = x509.load_der_x509_csr(base64.b64decode(operation.pop("csr")))
    assert csr.subject.rfc4514_string() == "CN=shop.example"
    assert operation == {
        "id": f"{admin.base}/certificates/c/pending",
        "issuer": {"name": "Self"},
        "cancellation_requested": False,
        "status": "inProgress",
        "status_details": "Pending certificate created. Certificate request is in progress. This may take some time "
        "based on the issuer provider. Please check again later.",
        "request_id": operation["request_id"],
    }


def test_it_takes_its_time(admin: Caller) -> None:
    admin.post("certificates/c/create", SELF_SIGNED)
    admin.emulator.clock.advance(7)
    assert admin.get("certificates/c/pending").json()["status"] == "inProgress"
    assert admin.walk("certificates") == [[]]
    assert len(admin.walk("certificates", includePending="true")[0]) == 1
    assert admin.get("certificates/c").json()["attributes"]["enabled"] is False
    admin.emulator.clock.advance(2)
    operation = admin.get("certificates/c/pending").json()
    assert operation["status"] == "completed"
    assert operation["target"] == f"{admin.base}/certificates/c"
    assert "status_details" not in operation


def test_a_certificate_has_a_managed_key_and_secret(admin: Caller) -> None:
    policy = {
        "key_props": {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False},
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "subject": "CN=*.microsoft.com",
            "sans": {"dns_names": ["onedrive.microsoft.com", "xbox.microsoft.com"]},
        },
        "issuer": {"name": "Self"},
    }
    shown = issued(admin, "c", {"policy": policy, "tags": {"a": "b"}})
    assert set(shown) == {"id", "kid", "sid", "x5t", "cer", "attributes", "tags", "policy", "pending"}
    certificate = x509.load_der_x509_certificate(base64.b64decode(shown["cer"]))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["onedrive.microsoft.com", "xbox.microsoft.com"]
    certificate.verify_directly_issued_by(certificate)
    assert shown["x5t"] == x509tools.thumbprint(certificate)
    assert shown["attributes"]["nbf"] == shown["attributes"]["created"] - 600
    assert shown["policy"]["lifetime_actions"] == [
        {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}
    ]
    assert shown["policy"]["x509_props"]["key_usage"] == ["digitalSignature", "keyEncipherment"]
    secret = admin.get(shown["sid"].removeprefix(f"{admin.base}/")).json()
    key, leaf, _ = pkcs12.load_key_and_certificates(base64.b64decode(secret["value"]), None)
    assert leaf == certificate
    assert key is not None
    assert key.public_key() == certificate.public_key()
    assert secret["tags"] == {"a": "b"}
    assert admin.get(shown["kid"].removeprefix(f"{admin.base}/")).json()["key"]["kid"] == shown["kid"]


def test_a_named_version_comes_without_policy(admin: Caller) -> None:
    shown = issued(admin, "c")
    version = shown["id"].rpartition("/")[2]
    assert "policy" not in admin.get(f"certificates/c/{version}").json()
    missing = admin.get(f"certificates/c/{'0' * 32}").json()["error"]["message"]
    assert f"(name/id) c/versions/{'0' * 32} was not found" in missing or f"c/{'0' * 32}" in missing


def test_pem_and_keys_that_stay(admin: Caller) -> None:
    props = {"secret_props": {"contentType": "application/x-pem-file"}}
    issued(admin, "pem", {"policy": SELF_SIGNED["policy"] | props})
    value = admin.get("secrets/pem").json()["value"]
    assert value.startswith("-----BEGIN PRIVATE KEY-----")
    assert "-----BEGIN CERTIFICATE-----" in value
    kept = {"policy": SELF_SIGNED["policy"] | props | {"key_props": {"exportable": False, "kty": "EC"}}}
    issued(admin, "kept", kept)
    assert "PRIVATE KEY" not in admin.get("secrets/kept").json()["value"]
    assert admin.get("keys/kept").json()["key"]["crv"] == "P-256"


def test_a_second_operation_must_wait(admin: Caller) -> None:
    admin.post("certificates/c/create", SELF_SIGNED)
    assert refusal(admin.post("certificates/c/create", SELF_SIGNED)) == (409, "Conflict", None)
    admin.emulator.clock.advance(10)
    assert admin.post("certificates/c/create", {}).status_code == 202
    admin.emulator.clock.advance(10)
    assert len(admin.walk("certificates/c/versions")[0]) == 2
    assert len(admin.walk("keys/c/versions")[0]) == 2


def test_a_further_version_without_a_policy_is_made_by_the_one_that_is_there(admin: Caller) -> None:
    x509_props = {
        "subject": "CN=shop",
        "sans": {"emails": ["a@shop.example"]},
        "ekus": ["1.3.6.1.5.5.7.3.3"],
        "key_usage": ["digitalSignature"],
    }
    given = {
        "issuer": {"name": "Self", "cty": "OV-SSL", "cert_transparency": False},
        "x509_props": x509_props,
        "lifetime_actions": [{"trigger": {"days_before_expiry": 30}, "action": {"action_type": "EmailContacts"}}],
    }
    before = issued(admin, "c", {"policy": given})
    admin.emulator.clock.advance(60)
    for body in ({}, {"tags": {"a": "b"}}):
        assert admin.post("certificates/c/create", body).status_code == 202
        admin.emulator.clock.advance(60)
        after = admin.get("certificates/c").json()
        assert after["policy"] == before["policy"]
        assert (after["id"] != before["id"], after.get("tags")) == (True, body.get("tags"))
    assert refusal(admin.post("certificates/new/create", {})) == (400, "BadParameter", None)


def test_names_of_kinds_that_an_older_version_does_not_know_stay(
    admin: Caller, caller_for: Callable[..., Caller]
) -> None:
    newest = caller_for(version="2025-07-01")
    sans = {"dns_names": ["a.example"], "uris": ["https://a.example/"], "ipAddresses": ["192.0.2.1"]}
    issued(newest, "c", {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a", "sans": sans}}})
    wanted = {"x509_props": {"sans": {"dns_names": ["b.example"]}}}
    issued(admin, "c", {"policy": wanted})
    assert newest.get("certificates/c/policy").json()["x509_props"]["sans"] == sans | {"dns_names": ["b.example"]}
    newest.patch("certificates/c/policy", wanted)
    assert newest.get("certificates/c/policy").json()["x509_props"]["sans"] == {"dns_names": ["b.example"]}


def test_alternative_names_of_all_kinds(admin: Caller, caller_for: Callable[..., Caller]) -> None:
    sans = {
        "dns_names": ["a.example"],
        "emails": ["a@example.com"],
        "upns": ["a@corp.example"],
        "uris": ["https://a.example/"],
        "ipAddresses": ["192.0.2.1", "2001:db8::1"],
    }
    newest = caller_for(version="2025-07-01")
    policy = {"issuer": {"name": "Self"}, "x509_props": {"subject": "", "sans": sans}}
    shown = issued(newest, "c", {"policy": policy})
    assert shown["policy"]["x509_props"]["sans"] == sans
    leaf = x509.load_der_x509_certificate(base64.b64decode(shown["cer"]))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert len(list(names)) == 6
    assert set(admin.get("certificates/c").json()["policy"]["x509_props"]["sans"]) == {"dns_names", "emails", "upns"}


def test_reuse_key(admin: Caller) -> None:
    policy = {"policy": SELF_SIGNED["policy"] | {"key_props": {"kty": "RSA", "reuse_key": True}}}
    first = issued(admin, "c", policy)
    second = issued(admin, "c", policy)
    keys = [x509.load_der_x509_certificate(base64.b64decode(each["cer"])).public_key() for each in (first, second)]
    assert first["id"] != second["id"]
    assert keys[0] == keys[1]


def test_names_of_plain_keys_and_secrets_are_taken(admin: Caller) -> None:
    admin.put("secrets/c", {"value": "1"})
    assert refusal(admin.post("certificates/c/create", SELF_SIGNED)) == (409, "Conflict", None)


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"issuer": {"name": "Self"}},
        {"x509_props": {"subject": "CN=a"}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "no name"}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a", "validity_months": 0}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a", "key_usage": ["fly"]}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a", "ekus": ["x"]}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}, "key_props": {"kty": "oct"}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}, "key_props": {"key_size": 512}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}, "secret_props": {"contentType": "x"}},
        {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}, "lifetime_actions": [{}]},
    ],
)
def test_policies_that_are_refused(admin: Caller, policy: dict[str, Any]) -> None:
    assert refusal(admin.post("certificates/c/create", {"policy": policy})) == (400, "BadParameter", None)


def test_the_subject_is_what_is_looked_at_first(admin: Caller) -> None:
    policy = {"x509_props": {"subject": "Self", "key_usage": ["invalid"]}, "issuer": {"name": "invalid"}}
    words = "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n"
    assert admin.post("certificates/c/create", {"policy": policy}).json()["error"]["message"] == words
    issued(admin, "c")
    assert admin.patch("certificates/c/policy", policy).json()["error"]["message"] == words


def test_key_usage_is_read_in_any_case_and_shown_in_one(admin: Caller) -> None:
    usages = ["crlSign", "DATAENCIPHERMENT", "digitalSignature", "keyEncipherment", "keyCertSign", "cRLSign"]
    policy = {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=default", "key_usage": usages}}
    shown = issued(admin, "c", {"policy": policy})["policy"]["x509_props"]["key_usage"]
    assert shown == ["cRLSign", "dataEncipherment", "digitalSignature", "keyCertSign", "keyEncipherment"]
    assert admin.get("keys/c").json()["key"]["key_ops"][:2] == ["encrypt", "decrypt"]


def test_cancel_takes_hold_when_the_operation_ends(admin: Caller) -> None:
    admin.post("certificates/c/create", SELF_SIGNED)
    asked = admin.patch("certificates/c/pending", {"cancellation_requested": True}).json()
    assert (asked["status"], asked["cancellation_requested"]) == ("inProgress", True)
    admin.emulator.clock.advance(10)
    assert admin.get("certificates/c/pending").json()["status"] == "cancelled"
    assert admin.walk("certificates") == [[]]
    too_late = admin.patch("certificates/c/pending", {"cancellation_requested": True})
    assert too_late.status_code == 403
    assert too_late.json()["error"]["message"] == "Pending status must be in progress to allow update."


def test_delete_the_operation(admin: Caller) -> None:
    admin.post("certificates/c/create", SELF_SIGNED)
    assert admin.delete("certificates/c/pending").json()["status"] == "inProgress"
    assert refusal(admin.get("certificates/c/pending")) == (404, "PendingCertificateNotFound", None)
    admin.emulator.clock.advance(10)
    assert admin.walk("certificates") == [[]]
    assert admin.post("certificates/c/create", SELF_SIGNED).status_code == 202


def test_a_certificate_that_is_deleted_while_it_waits_is_not_issued(admin: Caller) -> None:
    admin.post("certificates/c/create", SELF_SIGNED)
    assert admin.delete("certificates/c").status_code == 200
    admin.emulator.clock.advance(10)
    assert admin.get("keys/c").status_code == 404
    assert admin.post("deletedcertificates/c/recover").status_code == 200
    assert admin.walk("certificates") == [[]]


def test_what_was_never_issued_leaves_no_version_behind(admin: Caller) -> None:
    admin.post("certificates/c/create", SELF_SIGNED)
    admin.delete("certificates/c/pending")
    issued(admin, "c")
    assert len(admin.walk("certificates/c/versions")[0]) == 1
    admin.post("certificates/i/create", SELF_SIGNED)
    key, leaf, _ = chain()
    imported(admin, pem(key, leaf), policy=AS_PEM)
    assert len(admin.walk("certificates/i/versions")[0]) == 1


def test_policy_updates_merge(admin: Caller) -> None:
    issued(admin, "c")
    before = admin.get("certificates/c/policy").json()
    after = admin.patch("certificates/c/policy", {"key_props": {"kty": "EC", "crv": "P-384"}}).json()
    assert after["id"] == f"{admin.base}/certificates/c/policy"
    assert (after["key_props"]["kty"], after["key_props"]["key_size"]) == ("EC", 384)
    assert after["x509_props"] == before["x509_props"]


def test_update_changes_the_managed_key_and_secret(admin: Caller) -> None:
    issued(admin, "c")
    shown = admin.patch("certificates/c", {"attributes": {"enabled": False}, "tags": {"x": "y"}}).json()
    assert (shown["attributes"]["enabled"], shown["tags"]) == (False, {"x": "y"})
    assert refusal(admin.get("secrets/c")) == (403, "Forbidden", "SecretDisabled")
    assert admin.get("keys/c").json()["tags"] == {"x": "y"}


AS_PEM = {"secret_props": {"contentType": "application/x-pem-file"}}


def imported(admin: Caller, value: str, **more: Any) -> dict[str, Any]:
    answer = admin.post("certificates/i/import", {"value": value} | more)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.parametrize("old", [False, True])
def test_import_pfx_with_password(admin: Caller, old: bool) -> None:
    key, leaf, root = chain()
    encryption: Any = BestAvailableEncryption(b"pass")
    if old:
        encryption = (
            serialization.PrivateFormat.PKCS12.encryption_builder()
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .build(b"pass")
        )
    packed = pkcs12.serialize_key_and_certificates(b"name", key, leaf, [root], encryption)
    shown = imported(admin, base64.b64encode(packed).decode(), pwd="pass")
    assert shown["x5t"] == x509tools.thumbprint(leaf)
    assert shown["policy"]["issuer"] == {"name": "Unknown"}
    assert shown["policy"]["x509_props"]["subject"] == "CN=leaf, O=Example"
    assert shown["policy"]["x509_props"]["sans"] == {"emails": [], "dns_names": ["leaf.example"], "upns": []}
    assert shown["policy"]["x509_props"]["validity_months"] == 121
    assert "pending" not in shown
    kept = pkcs12.load_pkcs12(base64.b64decode(admin.get("secrets/i").json()["value"]), None)
    assert [each.certificate for each in kept.additional_certs] == [root]
    wrong = admin.post("certificates/j/import", {"value": base64.b64encode(packed).decode(), "pwd": "no"})
    assert refusal(wrong) == (400, "BadParameter", None)
    assert "pass" not in wrong.text.replace("password", "")


def test_import_pem_in_any_order(admin: Caller) -> None:
    key, leaf, root = chain()
    for parts in ((root, leaf, key), (key, leaf, root), (leaf, key, root)):
        assert imported(admin, pem(*parts), policy=AS_PEM)["x5t"] == x509tools.thumbprint(leaf)
    value = admin.get("secrets/i").json()["value"]
    assert value.index("PRIVATE KEY") < value.index("BEGIN CERTIFICATE")
    assert value.count("BEGIN CERTIFICATE") == 2
    assert admin.get("certificates/i").json()["policy"]["secret_props"]["contentType"] == "application/x-pem-file"
    assert len(admin.walk("certificates/i/versions")[0]) == 3


@pytest.mark.sweep
@pytest.mark.parametrize("more", [{}, {"policy": {"issuer": {"name": "Unknown"}}}, {"policy": AS_PEM}])
def test_pem_is_known_by_its_content_and_may_come_as_base64(admin: Caller, more: dict[str, Any]) -> None:
    key, leaf, root = chain()
    text = pem(key, leaf, root)
    wrapped = base64.encodebytes(text.encode()).decode()
    for value in (text, "\n" + text.replace("\n", "\r\n"), base64.b64encode(text.encode()).decode(), wrapped):
        shown = imported(admin, value, **more)
        assert shown["x5t"] == x509tools.thumbprint(leaf)
        assert shown["policy"]["secret_props"]["contentType"] == "application/x-pem-file"
        assert admin.get("secrets/i").json()["value"].count("BEGIN CERTIFICATE") == 2


def test_imports_that_are_refused(admin: Caller) -> None:
    key, leaf, root = chain()
    packed = pkcs12.serialize_key_and_certificates(b"name", key, leaf, [root], serialization.NoEncryption())
    for value in ("", "rubbish", "AAAA", pem(leaf), pem(key), pem(key, root)):
        for more in ({}, {"policy": AS_PEM}):
            answer = admin.post("certificates/i/import", {"value": value} | more)
            assert refusal(answer) == (400, "BadParameter", None)
    as_pfx = {"secret_props": {"contentType": "application/x-pkcs12"}}
    assert admin.post("certificates/i/import", {"value": pem(key, leaf), "policy": as_pfx}).status_code == 400
    mistaken = {"value": base64.b64encode(packed).decode(), "policy": AS_PEM}
    assert admin.post("certificates/i/import", mistaken).status_code == 400


def test_an_expired_certificate_can_not_be_imported(admin: Caller) -> None:
    key, leaf, _ = chain()
    props = {"subject": "CN=a", "ekus": [], "key_usage": [], "validity_months": 3, "basic_constraints": {"ca": False}}
    old = x509tools.issue({"x509_props": props}, key, 1700000000)
    assert admin.post("certificates/i/import", {"value": pem(key, leaf), "policy": AS_PEM}).status_code == 200
    answer = admin.post("certificates/j/import", {"value": pem(key, old), "policy": AS_PEM})
    assert refusal(answer) == (400, "BadParameter", None)
    assert "has expired" in answer.json()["error"]["message"]


def test_subject_and_password_of_an_import_have_200_characters_at_most(admin: Caller) -> None:
    key, leaf, _ = chain()
    for length, status in ((200, 200), (201, 400)):
        body = {"value": pem(key, leaf), "policy": AS_PEM, "pwd": "p" * length}
        assert admin.post("certificates/i/import", body).status_code == status
    for length, status in ((200, 200), (201, 400)):
        props = {
            "subject": f"CN={'c' * 62}, OU={'o' * 63}, O={'p' * (length - 137)}",
            "ekus": [], "key_usage": [], "validity_months": 120, "basic_constraints": {"ca": False},
        }  # fmt: skip
        made = x509tools.issue({"x509_props": props}, key, 1700000000)
        assert len(str(props["subject"])) == length
        assert admin.post("certificates/i/import", {"value": pem(key, made), "policy": AS_PEM}).status_code == status


def waiting(admin: Caller) -> x509.CertificateSigningRequest:
    policy = {"issuer": {"name": "Unknown"}, "x509_props": {"subject": "CN=merged"}}
    operation = admin.post("certificates/m/create", {"policy": policy}).json()
    assert operation["status_details"] == "Pending certificate created. Please Perform Merge to complete the request."
    return x509.load_der_x509_csr(base64.b64decode(operation["csr"]))


def test_alternative_names_of_an_imported_certificate(admin: Caller) -> None:
    """All three kinds, those it does not have as empty lists; none at all where it has no such names."""
    given = {"emails": ["a@example.com"], "dns_names": [], "upns": ["b@example.com"]}
    key, _, _ = chain()
    props = {"subject": "CN=a", "ekus": [], "key_usage": [], "validity_months": 120, "basic_constraints": {"ca": False}}
    for name, sans in (("some", given), ("none", {})):
        leaf = x509tools.issue({"x509_props": props | {"sans": sans}}, key, 1700000000)
        shown = admin.post(f"certificates/{name}/import", {"value": pem(key, leaf)}).json()
        assert shown["policy"]["x509_props"].get("sans", {}) == sans


def test_the_order_of_the_chain_is_kept_in_view(caller_for: Callable[..., Caller]) -> None:
    newest = caller_for(version="7.6")
    body = {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}}, "preserveCertOrder": False}
    assert newest.post("certificates/c/create", body).json()["preserveCertOrder"] is False
    assert newest.get("certificates/c/pending").json()["preserveCertOrder"] is False
    assert "preserveCertOrder" not in caller_for(version="7.5").get("certificates/c/pending").json()


def test_merge_where_nothing_waits(admin: Caller) -> None:
    answer = admin.post("certificates/m/pending/merge", {"x5c": ["AAAA"]})
    assert answer.json() == {
        "error": {"code": "PendingCertificateNotFound", "message": "Pending Certificate not found: m"}
    }


def test_merge_while_another_issuer_is_at_work(admin: Caller) -> None:
    csr = admin.post(
        "certificates/s/create", {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=s"}}}
    )
    signing_request = x509.load_der_x509_csr(base64.b64decode(csr.json()["csr"]))
    answer = admin.post("certificates/s/pending/merge", {"x5c": [signed(signing_request)]})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"].startswith(
        "Merge is forbidden on pending object created with issuer : Self"
    )


def test_merge(admin: Caller) -> None:
    csr = waiting(admin)
    admin.emulator.clock.advance(10_000 - 9_000)
    assert admin.get("certificates/m/pending").json()["status"] == "inProgress"
    _, foreign, _ = chain()
    refused = admin.post("certificates/m/pending/merge", {"x5c": [base64.b64encode(x509tools.der(foreign)).decode()]})
    assert "does not match the public part" in refused.json()["error"]["message"]
    answer = admin.post("certificates/m/pending/merge", {"x5c": [signed(csr)], "tags": {"a": "b"}})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{admin.base}/certificates/m?api-version=7.3"
    assert answer.json()["tags"] == {"a": "b"}
    assert admin.get("certificates/m/pending").json()["status"] == "completed"
    assert admin.post("certificates/m/pending/merge", {"x5c": [signed(csr)]}).status_code == 403


def test_contacts(admin: Caller) -> None:
    assert refusal(admin.get("certificates/contacts")) == (404, "ContactsNotFound", None)
    contacts = [{"email": "a@example.com"}, {"email": "b@example.com", "name": "B", "phone": "1"}]
    shown = admin.put("certificates/contacts", {"contacts": contacts}).json()
    assert shown == {"id": f"{admin.base}/certificates/contacts", "contacts": contacts}
    assert admin.get("certificates/contacts").json() == shown
    assert admin.delete("certificates/contacts").json() == shown
    assert admin.get("certificates/contacts").status_code == 404


@pytest.mark.parametrize("member", ["credentials", "org_details"])
def test_what_an_issuer_was_given_empty_stays_empty(admin: Caller, member: str) -> None:
    shown_empty = {"credentials": {}, "org_details": {"zip": 0}}[member]
    shown = admin.put("certificates/issuers/digi", {"provider": "DigiCert", member: {}}).json()
    assert shown[member] == shown_empty
    assert admin.patch("certificates/issuers/digi", {"attributes": {"enabled": False}}).json()[member] == shown_empty
    assert admin.get("certificates/issuers/digi").json()[member] == shown_empty
    assert admin.delete("certificates/issuers/digi").json()[member] == shown_empty
    for nothing in ({}, {member: None}):
        assert member not in admin.put("certificates/issuers/digi", {"provider": "DigiCert"} | nothing).json()


def test_issuers_sign_until_they_are_disabled(emulator: Emulator, admin: Caller) -> None:
    policy = {"policy": {"issuer": {"name": "digi"}, "x509_props": {"subject": "CN=a"}}}
    assert refusal(admin.post("certificates/c/create", policy)) == (404, "CertificateIssuerNotFound", None)
    issuer = {"provider": "DigiCert", "credentials": {"account_id": "7", "pwd": "hush"}}
    answer = admin.put("certificates/issuers/digi", issuer)
    assert "hush" not in answer.text
    assert admin.walk("certificates/issuers") == [
        [{"id": f"{admin.base}/certificates/issuers/digi", "provider": "DigiCert"}]
    ]
    shown = issued(admin, "c", policy)
    leaf = x509.load_der_x509_certificate(base64.b64decode(shown["cer"]))
    assert "DigiCert" in leaf.issuer.rfc4514_string()
    chain_in_secret = pkcs12.load_pkcs12(base64.b64decode(admin.get("secrets/c").json()["value"]), None)
    leaf.verify_directly_issued_by(chain_in_secret.additional_certs[0].certificate)
    admin.post("certificates/c/create", policy)
    admin.patch("certificates/issuers/digi", {"attributes": {"enabled": False}})
    emulator.clock.advance(10)
    failed = admin.get("certificates/c/pending").json()
    assert failed["status"] == "failed"
    assert failed["error"] == {
        "code": "Request rejected",
        "message": "The call to DigiCert failed with Error code access_denied and Message The issuer digi is disabled.",
    }
    assert {"status_details", "target"}.isdisjoint(failed)
    assert admin.delete("certificates/issuers/digi").status_code == 200
    assert refusal(admin.get("certificates/issuers/digi")) == (404, "CertificateIssuerNotFound", None)


def test_all_versions_and_their_tags_come_back(admin: Caller) -> None:
    for number in range(3):
        tags = {"number": str(number)}
        admin.put("secrets/a", {"value": str(number), "tags": tags, "contentType": f"text/{number}"})
    before = admin.walk("secrets/a/versions")[0]
    blob = admin.post("secrets/a/backup").json()
    admin.delete("secrets/a")
    admin.delete("deletedsecrets/a")
    assert admin.post("secrets/restore", blob).status_code == 200
    assert admin.walk("secrets/a/versions")[0] == before
    values = {admin.get(f"secrets/a/{each['id'].rsplit('/', 1)[1]}").json()["value"] for each in before}
    assert values == {"0", "1", "2"}


@pytest.mark.parametrize("kind", ["secrets", "keys", "certificates"])
def test_backup_and_restore(emulator: Emulator, admin: Caller, kind: str) -> None:
    if kind == "certificates":
        issued(admin, "a")
        issued(admin, "a")
    for number in range(2):
        if kind == "secrets":
            admin.put("secrets/a", {"value": str(number)})
        if kind == "keys":
            admin.post("keys/a/create", {"kty": "EC"})
    before = admin.get(f"{kind}/a").json()
    blob = admin.post(f"{kind}/a/backup").json()
    mark = b")AzureKeyVaultSecretBackupV1" if kind == "secrets" else b"&AzureKeyVaultKeyBackupV1"
    assert jwt.decode(blob["value"]).startswith(mark + b".microsoft.com")
    conflict = admin.post(f"{kind}/restore", blob)
    assert refusal(conflict) == (409, "Conflict", None)
    assert conflict.json()["error"]["message"].startswith("There was a conflict restoring the ")
    admin.delete(f"{kind}/a")
    assert admin.post(f"{kind}/restore", blob).status_code == 409
    admin.delete(f"deleted{kind}/a")
    restored = admin.post(f"{kind}/restore", blob).json()
    assert restored == {name: value for name, value in before.items() if name not in ("value", "pending")}
    assert len(admin.walk(f"{kind}/a/versions")[0]) == 2
    elsewhere = Caller(emulator, vault="kv-billing-prod")
    assert elsewhere.post(f"{kind}/restore", blob).status_code == 200


def test_blobs_that_are_refused(emulator: Emulator, admin: Caller) -> None:
    admin.put("secrets/a", {"value": "1"})
    blob = admin.post("secrets/a/backup").json()["value"]
    corrupt = (400, "Malformed backup blob", None)
    for value in ("AAAA", "", "!", blob[:-8], f"{blob}AAAA", None):
        answer = admin.post("secrets/restore", {"value": value})
        assert refusal(answer) == corrupt
        assert answer.json()["error"]["message"] == "Backup blob is corrupt."
    for kind, value in (("keys", blob), ("secrets", "A" * 6300)):
        answer = admin.post(f"{kind}/restore", {"value": value})
        assert refusal(answer) == corrupt
        assert answer.json()["error"]["message"] == "Backup blob contains invalid or corrupt version."
    admin.post("keys/a/create", {"kty": "EC"})
    of_a_key = admin.post("keys/a/backup").json()["value"]
    assert refusal(admin.post("certificates/restore", {"value": of_a_key})) == corrupt  # though its mark is the same
    emulator.add_vault("kv-abroad", subscription="other")
    emulator.grant("secrets/restore", principal="sp-shop-admin", vault="kv-abroad")
    assert refusal(Caller(emulator, vault="kv-abroad").post("secrets/restore", {"value": blob})) == corrupt


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("CN=shop", "CN=shop"),
        ("C=US, ST=WA, O=Test Noodle, CN=www.example.com", "C=US, S=WA, O=Test Noodle, CN=www.example.com"),
        ('CN="Shop, Inc.", O=x', 'CN="Shop, Inc.", O=x'),
        (r"CN=Shop\, Inc., O=x", 'CN="Shop, Inc.", O=x'),
        ("1.2.840.113549.1.9.1=a@example.com", "E=a@example.com"),
        ("OID.2.5.4.15=Private Organization, CN=x", "OID.2.5.4.15=Private Organization, CN=x"),
        ("oid.2.5.4.3=x", "CN=x"),
        ("CN=www.example.com,O=Example;C=DE", "CN=www.example.com, O=Example, C=DE"),
        ("  cn = www.example.com , o = Two  Words ", "CN=www.example.com, O=Two  Words"),
        (
            'CN=server.contoso.com, O="Contoso, Ltd.", L=Dallas, S=Texas, C=US',
            'CN=server.contoso.com, O="Contoso, Ltd.", L=Dallas, S=Texas, C=US',
        ),
        ('CN="say ""hello"""', 'CN="say ""hello"""'),
        ("CN=x + SERIALNUMBER=1, O=y", "CN=x + SERIALNUMBER=1, O=y"),
        (r"CN=DOMAIN\user", r"CN=DOMAIN\user"),
        ("CN=a=b", 'CN="a=b"'),
        ("T=Dr, G=Ada, I=A, SN=Byron, PostalCode=1, POBox=2", "T=Dr, G=Ada, I=A, SN=Byron, PostalCode=1, POBox=2"),
        ("CN=Köln, DC=example, DC=com", "CN=Köln, DC=example, DC=com"),
        ("", ""),
    ],
)
def test_subjects(text: str, again: str) -> None:
    assert subjects.write(subjects.parse(text)) == again


@pytest.mark.parametrize("text", ["no name", "=x", "CN=a,", 'CN="a', 'CN="a"b', "CN", "XX=a", "CN=a, b", "C=Germany"])
def test_subjects_that_are_none(text: str) -> None:
    with pytest.raises(VaultError, match="400"):
        subjects.parse(text)


def test_no_lifetime_action_at_all_is_a_choice(admin: Caller) -> None:
    policy: dict[str, Any] = {**SELF_SIGNED["policy"], "lifetime_actions": []}
    assert issued(admin, "c", {"policy": policy})["policy"]["lifetime_actions"] == []
    kept = admin.patch("certificates/c/policy", {"x509_props": {"validity_months": 3}}).json()
    assert kept["lifetime_actions"] == []
