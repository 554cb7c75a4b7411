"""Certificate operations, where the recordings of other clients show more than create, cancel and delete."""

import base64

import pytest
from cryptography import x509

from tests.emulator.caller import SELF_SIGNED, Caller, issued, refusal
from vaults.emulator import Emulator

WAITING = {"policy": {"issuer": {"name": "Unknown"}, "x509_props": {"subject": "CN=shop.example"}}}


def test_a_named_version_is_read_without_its_operation(admin: Caller) -> None:
    shown = issued(admin, "c")
    version = shown["id"].rpartition("/")[2]
    operation = {"id": f"{admin.base}/certificates/c/pending"}
    assert "pending" not in admin.get(f"certificates/c/{version}").json()
    assert admin.patch(f"certificates/c/{version}", {"tags": {}}).json()["pending"] == operation
    assert admin.get("certificates/c").json()["pending"] == operation


@pytest.mark.parametrize("accept", ["application/pkcs10", "Application/PKCS10; q=1", "application/pkcs10, */*"])
@pytest.mark.parametrize("body", [SELF_SIGNED, WAITING], ids=["self-signed", "unknown issuer"])
def test_the_signing_request_alone(admin: Caller, accept: str, body: dict[str, object]) -> None:
    admin.post("certificates/c/create", body)
    address = f"{admin.base}/certificates/c/pending?api-version=7.3"
    answer = admin.session.get(address, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pkcs10")
    assert answer.text == admin.get("certificates/c/pending").json()["csr"]
    assert x509.load_der_x509_csr(base64.b64decode(answer.text)).is_signature_valid


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/json, application/pkcs10", "", "text/html"])
def test_other_callers_get_the_operation(admin: Caller, accept: str) -> None:
    admin.post("certificates/c/create", WAITING)
    address = f"{admin.base}/certificates/c/pending?api-version=7.3"
    assert admin.session.get(address, headers={"Accept": accept}).json()["status"] == "inProgress"


def test_a_missing_operation_is_refused_in_json(admin: Caller) -> None:
    address = f"{admin.base}/certificates/c/pending?api-version=7.3"
    answer = admin.session.get(address, headers={"Accept": "application/pkcs10"})
    assert refusal(answer) == (404, "PendingCertificateNotFound", None)


def test_no_operation_until_a_recovery_has_settled() -> None:
    admin = Caller(Emulator.for_tests(settle_seconds=5))
    issued(admin, "c")
    admin.delete("certificates/c")
    admin.emulator.clock.advance(6)
    admin.post("deletedcertificates/c/recover")
    gone = (404, "PendingCertificateNotFound", None)
    for answer in (
        admin.get("certificates/c/pending"),
        admin.patch("certificates/c/pending", {"cancellation_requested": True}),
        admin.post("certificates/c/pending/merge", {"x5c": ["AAAA"]}),
        admin.delete("certificates/c/pending"),
    ):
        assert refusal(answer) == gone
    admin.emulator.clock.advance(6)
    assert admin.get("certificates/c/pending").json()["status"] == "completed"
