"""Key operations: the requests that are sent, what is taken from the responses, and what stays out of errors."""

from __future__ import annotations

import pytest

from tests.azure.fake import VAULT, VERSION, FakeAzure, body
from vaults.azure.errors import BadRequest, MalformedResponse
from vaults.keyvault.aes import AesParameters
from vaults.keyvault.algorithms import KeyOperation
from vaults.keyvault.client import VaultClient
from vaults.keyvault.key_operations import KeyResult

KID = f"{VAULT}/keys/signing/{VERSION}"
TRANSFORMING = [each for each in KeyOperation if each != KeyOperation.VERIFY]


@pytest.mark.parametrize("operation", TRANSFORMING)
def test_bytes_are_sent_and_received_as_base64url(
    client: VaultClient, azure: FakeAzure, operation: KeyOperation
) -> None:
    azure.answer(200, {"kid": KID, "value": "-_8"})
    made = client.cryptography.transform(operation, "signing", "", "RSA-OAEP", b"\xff\xfe\xfd\xfc")
    request = azure.vault_requests[0]
    assert (request.method, request.url) == ("POST", f"{VAULT}/keys/signing/{operation.lower()}?api-version=7.0")
    assert body(request) == {"alg": "RSA-OAEP", "value": "__79_A"}
    assert made == KeyResult(b"\xfb\xff", VERSION)
    assert "xfb" not in repr(made)


def test_what_an_aes_key_needs_beside_the_input_is_sent_and_read(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"kid": KID, "alg": "A256GCM", "value": "-_8", "iv": "AAEC", "tag": "AwQF", "aad": "_w"})
    transform = client.cryptography.transform
    made = transform(KeyOperation.ENCRYPT, "signing", "", "A256GCM", b"\0", AesParameters(aad=b"\xff"))
    assert body(azure.vault_requests[0]) == {"alg": "A256GCM", "value": "AA", "aad": "_w"}
    assert made == KeyResult(b"\xfb\xff", VERSION, AesParameters(iv=b"\0\1\2", tag=b"\3\4\5"))
    assert "x03" not in repr(made)
    azure.answer(200, {"kid": KID, "value": "AA"})
    transform(KeyOperation.DECRYPT, "signing", "", "A256GCM", b"\0", made.parameters)
    assert body(azure.vault_requests[1]) == {"alg": "A256GCM", "value": "AA", "iv": "AAEC", "tag": "AwQF"}


def test_a_ciphertext_without_its_parts_is_malformed(client: VaultClient, azure: FakeAzure) -> None:
    for answer in ({"value": "AA"}, {"value": "AA", "iv": "AA"}, {"value": "AA", "iv": "AA", "tag": 7}):
        azure.answer(200, {"kid": KID, **answer})
        with pytest.raises(MalformedResponse):
            client.cryptography.transform(KeyOperation.ENCRYPT, "signing", "", "A256GCM", b"\0")


@pytest.mark.parametrize("verdict", [True, False])
def test_a_verdict_is_true_or_false(client: VaultClient, azure: FakeAzure, verdict: bool) -> None:
    azure.answer(200, {"value": verdict})
    assert client.cryptography.verify("signing", VERSION, "ES256", b"\0", b"\1") is verdict
    assert azure.vault_requests[0].url == f"{KID}/verify?api-version=7.0"
    assert body(azure.vault_requests[0]) == {"alg": "ES256", "digest": "AA", "value": "AQ"}


def test_newer_operations_use_the_first_api_version_that_has_them(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"value": "a.b.c"})
    assert client.cryptography.release("signing", "", "token", "RSA_AES_KEY_WRAP_256", "n") == "a.b.c"
    azure.answer(200, {"kid": KID, "alg": "RSA-OAEP-256", "value": "AA"})
    client.cryptography.secure_wrap("signing", "", "RSA-OAEP-256")
    azure.answer(200, {"kid": KID, "alg": "RSA-OAEP-256", "value": "AA"})
    client.cryptography.secure_unwrap("signing", "", "RSA-OAEP-256", b"\0", "token")
    azure.answer(200, {"value": "AAEC"})
    assert client.cryptography.random_bytes(3) == b"\0\1\2"
    release, wrap, unwrap, rng = azure.vault_requests
    assert release.url == f"{VAULT}/keys/signing/release?api-version=7.3"
    assert body(release) == {"target": "token", "enc": "RSA_AES_KEY_WRAP_256", "nonce": "n"}
    assert wrap.url == f"{VAULT}/keys/signing/securewrapkey?api-version=2026-04-01"
    assert body(wrap) == {"alg": "RSA-OAEP-256"}
    assert body(unwrap) == {"alg": "RSA-OAEP-256", "value": "AA", "target": "token"}
    assert (rng.url, body(rng)) == (f"{VAULT}/rng?api-version=7.3", {"count": 3})


@pytest.mark.parametrize("answer", [{}, {"value": None}, {"value": 7}, {"value": "§"}, {"kid": 7, "value": ["AA"]}])
def test_an_answer_without_a_result_is_malformed(
    client: VaultClient, azure: FakeAzure, answer: dict[str, object]
) -> None:
    for call in (
        lambda: client.cryptography.transform(KeyOperation.SIGN, "signing", "", "ES256", b"\0"),
        lambda: client.cryptography.verify("signing", "", "ES256", b"\0", b"\0"),
        lambda: client.cryptography.random_bytes(1),
    ):
        azure.answer(200, answer)
        with pytest.raises(MalformedResponse):
            call()


def test_an_answer_with_too_little_is_malformed(client: VaultClient, azure: FakeAzure) -> None:
    """Fewer random bytes than asked for would be taken for a key, and nothing for a signature."""
    for value in ("", "AA", "AAEC"):
        azure.answer(200, {"value": value})
        with pytest.raises(MalformedResponse, match="and not 2"):
            client.cryptography.random_bytes(2)
    crypto, algorithm = client.cryptography, "RSA-OAEP-256"
    for operation in TRANSFORMING:
        azure.answer(200, {"kid": KID, "value": ""})
        if operation == KeyOperation.DECRYPT:
            assert crypto.transform(operation, "signing", "", algorithm, b"\0").value == b""
        else:
            with pytest.raises(MalformedResponse, match="is empty"):
                crypto.transform(operation, "signing", "", algorithm, b"\0")
    azure.answer(200, {"kid": KID, "value": ""})
    with pytest.raises(MalformedResponse, match="is empty"):
        crypto.secure_wrap("signing", "", algorithm)
    azure.answer(200, {"kid": KID, "value": ""})
    with pytest.raises(MalformedResponse, match="is empty"):
        crypto.secure_unwrap("signing", "", algorithm, b"\0", "token")


def test_an_odd_key_id_spoils_nothing(client: VaultClient, azure: FakeAzure) -> None:
    azure.answer(200, {"kid": 7, "value": "AA"})
    assert client.cryptography.transform(KeyOperation.SIGN, "signing", "", "ES256", b"\0") == KeyResult(b"\0", "")


def test_what_was_sent_is_in_no_error(client: VaultClient, azure: FakeAzure) -> None:
    sent = b"a plaintext of some length"
    azure.answer(400, {"error": {"code": "BadParameter", "message": "wrong: YSBwbGFpbnRleHQgb2Ygc29tZSBsZW5ndGg"}})
    with pytest.raises(BadRequest) as refused:
        client.cryptography.transform(KeyOperation.ENCRYPT, "signing", "", "RSA-OAEP", sent)
    assert "YSBwbGFpbnRleHQ" not in f"{refused.value!r} {refused.value} {vars(refused.value)}"
