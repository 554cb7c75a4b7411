"""Keys that are tried: each algorithm there and back, and against `cryptography` with the public key; bad input; nothing kept."""

import ast
import base64
import hashlib
import io
import json
import re
import secrets
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys import crypto
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import Form, forms_of, text_of
from tests.conftest import World, confirmed, last_detail, last_entry, session_contents, signed_in, vault_calls
from tests.views.policies import POLICY, newest
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import KEY
from vaults.keyvault.client import VaultClient
from vaults.keyvault.x509 import public_key_der
from vaults.models import AuditEntry, Submission
from vaults.permissions import Action, Role

__all__ = ["newest"]
V = "/vaults/kv-shop-prod"
TRY = f"{V}/keys/signing/try/"
TEXT = "pay 10 € to Ada"
HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
CURVES = {"ES256": "P-256", "ES256K": "P-256K", "ES384": "P-384", "ES512": "P-521"}
RSA_SIGNATURES = [f"{scheme}{size}" for scheme in ("PS", "RS") for size in HASHES]
SCHEMES: dict[str, padding.AsymmetricPadding] = {
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303  the standard says so
    "RSA1_5": padding.PKCS1v15(),
}


@pytest.fixture
def rsa_key(world: World, azure: VaultClient) -> rsa.RSAPublicKey:
    found = load_der_public_key(public_key_der(azure.keys.create("signing", kty="RSA").jwk))
    assert isinstance(found, rsa.RSAPublicKey)
    return found


def main_form(page: Any) -> Form:
    return next(form for form in forms_of(page) if "version" in form.fields)


def filled(page: Any, **typed: Any) -> dict[str, Any]:
    return {**main_form(page).fields, **typed}


def do(client: Client, verb: str, **typed: Any) -> Any:
    """Open the page, fill it in, send it."""
    page = client.get(f"{TRY}{verb}/")
    assert page.status_code == 200, text_of(page)
    return client.post(f"{TRY}{verb}/", filled(page, **typed))


def shown(page: Any, label: str = "Base64") -> str:
    assert page.status_code == 200, text_of(page)
    found: str = next(each.text for each in page.context["result"]["notations"] if each.label == label)
    return found


def field_errors(page: Any) -> dict[str, list[str]]:
    assert page.status_code == 422
    errors: dict[str, list[str]] = {name: list(each) for name, each in page.context["form"].errors.items()}
    return errors


# Every algorithm, there and back


@pytest.mark.parametrize("algorithm", SCHEMES)
@pytest.mark.parametrize(("there", "back"), [("encrypt", "decrypt"), ("wrap", "unwrap")])
def test_what_was_encrypted_is_decrypted(
    olga: Client, rsa_key: rsa.RSAPublicKey, there: str, back: str, algorithm: str
) -> None:
    made = do(olga, there, algorithm=algorithm, value_from="text", value=TEXT)
    assert len(base64.b64decode(shown(made))) == 256
    opened = do(olga, back, algorithm=algorithm, value_from="base64", value=shown(made))
    assert shown(opened, "Text") == TEXT
    assert shown(opened, "Hex") == TEXT.encode().hex()
    elsewhere = rsa_key.encrypt(TEXT.encode(), SCHEMES[algorithm])
    assert shown(do(olga, back, algorithm=algorithm, value_from="hex", value=elsewhere.hex(":")), "Text") == TEXT


@pytest.mark.parametrize("algorithm", [*RSA_SIGNATURES, *CURVES])
def test_what_was_signed_is_verified_here_and_elsewhere(olga: Client, azure: VaultClient, algorithm: str) -> None:
    made = {"kty": "EC", "crv": CURVES[algorithm]} if algorithm in CURVES else {"kty": "RSA"}
    public = load_der_public_key(public_key_der(azure.keys.create("signing", **made).jwk))  # type: ignore[arg-type]
    signed = do(olga, "sign", algorithm=algorithm, value_from="text", value=TEXT)
    signature = base64.b64decode(shown(signed))
    function = HASHES[algorithm[2:5]]
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(base64.b64decode(shown(signed, "DER, in base64")), TEXT.encode(), ec.ECDSA(function))
        half = len(signature) // 2
        assert utils.decode_dss_signature(base64.b64decode(shown(signed, "DER, in base64"))) == (
            int.from_bytes(signature[:half]),
            int.from_bytes(signature[half:]),
        )
    else:
        assert isinstance(public, rsa.RSAPublicKey)
        pss = padding.PSS(padding.MGF1(function), padding.PSS.DIGEST_LENGTH)
        scheme = pss if algorithm.startswith("PS") else padding.PKCS1v15()
        public.verify(signature, TEXT.encode(), scheme, function)
        with pytest.raises(InvalidSignature):
            public.verify(signature, b"another text", scheme, function)
    sent = {"algorithm": algorithm, "value_from": "text", "signature": shown(signed, "Base64url")}
    assert "The signature matches" in text_of(do(olga, "verify", value=TEXT, **sent))
    differs = do(olga, "verify", value="pay 99 € to Ada", **sent)
    assert differs.status_code == 200
    assert "The signature does not match" in text_of(differs)


def test_a_signature_is_taken_in_der_too(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC")
    signed = do(olga, "sign", value_from="text", value=TEXT)
    der = base64.b64decode(shown(signed, "DER, in base64")).hex()
    sent = {"value_from": "text", "value": TEXT, "signature_from": "hex", "signature": der}
    assert "The signature matches" in text_of(do(olga, "verify", **sent))


def test_a_file_is_hashed_here(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("signing", kty="EC")
    content = secrets.token_bytes(1_000_000)
    emulator.requests.clear()
    signed = do(olga, "sign", value_from="file", value_file=SimpleUploadedFile("big.bin", content))
    digest = hashlib.sha256(content)
    assert signed.context["result"]["digest"] == digest.hexdigest()
    for way, text in (
        ("digest-hex", digest.hexdigest()),
        ("digest-base64", base64.b64encode(digest.digest()).decode()),
    ):
        page = do(olga, "verify", value_from=way, value=text, signature=shown(signed))
        assert "The signature matches" in text_of(page)


def test_a_pinned_version_is_used_and_recorded(olga: Client, azure: VaultClient, rsa_key: rsa.RSAPublicKey) -> None:
    first = azure.keys.versions("signing")[0].version
    made = do(olga, "encrypt", value_from="text", value=TEXT)
    azure.keys.create("signing", kty="RSA", key_size=3072)
    sent = {"value_from": "base64", "value": shown(made)}
    current = do(olga, "decrypt", **sent)
    assert field_errors(current) == {"value": ["What this key encrypts or wraps has 384 bytes; this has 256."]}
    page = olga.get(f"{TRY}decrypt/?version={first}")
    opened = olga.post(f"{TRY}decrypt/", filled(page, **sent))
    assert shown(opened, "Text") == TEXT
    entry = last_entry(Action.KEY_DECRYPT)
    assert (entry.name, entry.version, entry.detail["algorithm"]) == ("signing", first, "RSA-OAEP-256")
    assert last_entry(Action.KEY_ENCRYPT).version == first


# What is refused


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"value_from": "hex", "value": "abc"}, "This is no hex: use pairs of the digits 0 to 9 and a to f."),
        ({"value_from": "hex", "value": "zz"}, "This is no hex: use pairs of the digits 0 to 9 and a to f."),
        (
            {"value_from": "base64", "value": "a"},
            "This is no base64, nor base64url: a sign is wrong, or the end is missing.",
        ),
        (
            {"value_from": "base64", "value": "ab§="},
            "This is no base64, nor base64url: a sign is wrong, or the end is missing.",
        ),
        ({"value_from": "text", "value": ""}, "There is nothing here."),
        ({"value_from": "hex", "value": " : "}, "There is nothing here."),
        (
            {"value_from": "text", "value": "x" * 191},
            "This has 191 bytes, and at most 190 fit with RSA-OAEP-256 and a key of this size. Encrypt with a symmetric key, and "
            "that one with this.",
        ),
    ],
)
def test_input_that_does_not_fit_is_refused_at_its_field_and_kept(
    olga: Client, rsa_key: rsa.RSAPublicKey, emulator: Emulator, typed: dict[str, str], sentence: str
) -> None:
    page = do(olga, "encrypt", **typed)
    assert field_errors(page) == {"value": [sentence]}
    assert main_form(page).fields["value"] == [typed["value"]]
    assert not any(path.endswith("/encrypt") for _, path in vault_calls(emulator))


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_the_most_bytes_that_fit_do_fit(olga: Client, rsa_key: rsa.RSAPublicKey, algorithm: str) -> None:
    most = {"RSA-OAEP-256": 190, "RSA-OAEP": 214, "RSA1_5": 245}[algorithm]
    assert f"{most} with {algorithm}" in text_of(olga.get(f"{TRY}encrypt/"))
    assert do(olga, "encrypt", algorithm=algorithm, value_from="text", value="x" * most).status_code == 200
    assert do(olga, "encrypt", algorithm=algorithm, value_from="text", value="x" * (most + 1)).status_code == 422


def test_a_digest_of_another_length_is_refused(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC", crv="P-384")
    page = do(olga, "sign", value_from="digest-hex", value="00" * 32)
    assert field_errors(page) == {"value": ["A digest for ES384 has 48 bytes; this has 32."]}


def test_a_signature_of_another_length_is_refused(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC")
    page = do(olga, "verify", value_from="text", value=TEXT, signature_from="hex", signature="00" * 63)
    assert field_errors(page) == {"signature": ["A signature by this key with ES256 has 64 bytes; this has 63."]}


def test_what_was_encrypted_otherwise_is_not_decrypted(olga: Client, rsa_key: rsa.RSAPublicKey) -> None:
    other = rsa_key.encrypt(TEXT.encode(), SCHEMES["RSA-OAEP"])
    page = do(olga, "decrypt", algorithm="RSA-OAEP-256", value_from="hex", value=other.hex())
    [sentence] = field_errors(page)["value"]
    assert sentence.startswith("Key Vault can't decrypt this: it was encrypted with another key")
    assert last_entry(Action.KEY_DECRYPT).state == "failed"


def test_a_file_that_is_too_large_is_refused(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC")
    for size in (1_000_001, 1_500_000):
        page = do(olga, "sign", value_from="file", value_file=SimpleUploadedFile("big.bin", bytes(size)))
        assert field_errors(page) == {
            "value_file": ["Choose a file of up to 1,000,000 bytes: a larger one is not taken."]
        }


def test_an_algorithm_of_another_type_is_refused(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC")
    page = do(olga, "sign", algorithm="RS256", value_from="text", value=TEXT)
    assert field_errors(page) == {"algorithm": ["This version takes ES256."]}


@pytest.mark.parametrize(
    ("verb", "made", "before", "after"),
    [
        ("encrypt", {"enabled": False}, "This version is disabled", "Azure returns nothing of a disabled item"),
        ("encrypt", {"key_ops": ["decrypt"]}, "leave encrypt out", "Operation encrypt is not permitted on this key"),
        ("encrypt", {"expires_on": -1}, "This version has expired", "not allowed on an expired key"),
        ("encrypt", {"not_before": 1}, "This version is not active yet", "not allowed on a not yet valid key"),
    ],
)
def test_a_version_that_may_not_be_used_is_said_before_and_after(
    olga: Client, azure: VaultClient, verb: str, made: dict[str, Any], before: str, after: str
) -> None:
    days = {name: datetime.now(UTC) + timedelta(days=each) for name, each in made.items() if type(each) is int}
    azure.keys.create("signing", kty="RSA", **{**made, **days})
    assert before in text_of(olga.get(f"{TRY}{verb}/"))
    assert before in text_of(olga.get(TRY))
    refused = do(olga, verb, value_from="text", value=TEXT)
    assert refused.status_code == 403
    assert after in text_of(refused)
    assert main_form(refused).fields["value"] == [TEXT]


def test_an_expired_key_still_decrypts(olga: Client, azure: VaultClient) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    key = azure.keys.create("signing", kty="RSA", expires_on=yesterday)
    public = load_der_public_key(public_key_der(key.jwk))
    assert isinstance(public, rsa.RSAPublicKey)
    assert "has expired" not in text_of(olga.get(f"{TRY}decrypt/"))
    sent = public.encrypt(TEXT.encode(), SCHEMES["RSA-OAEP-256"]).hex()
    assert shown(do(olga, "decrypt", value_from="hex", value=sent), "Text") == TEXT


def test_an_ec_key_does_not_encrypt(olga: Client, azure: VaultClient) -> None:
    azure.keys.create("signing", kty="EC", key_ops=["sign"])
    page = olga.get(f"{TRY}encrypt/")
    assert "leave encrypt out" in text_of(page)
    refused = olga.post(f"{TRY}encrypt/", {"algorithm": "RSA-OAEP", "value_from": "text", "value": "x"})
    assert field_errors(refused) == {"algorithm": ["This version has no algorithm for it."]}


def test_without_the_right_to_read_the_key_it_is_used_all_the_same(
    olga: Client, rsa_key: rsa.RSAPublicKey, emulator: Emulator
) -> None:
    emulator.deny("keys/get")
    made = do(olga, "sign", algorithm="PS256", value_from="text", value=TEXT)
    assert len(base64.b64decode(shown(made))) == 256


def test_a_key_whose_type_is_unknown_spoils_nothing(
    olga: Client, rsa_key: rsa.RSAPublicKey, emulator: Emulator
) -> None:
    for value in ("ML-DSA", 7, None):
        emulator.hold("kv-shop-prod", KEY, "signing", "key.kty", value)
        assert "has no algorithm for this" in text_of(olga.get(TRY))
        assert olga.get(f"{TRY}sign/").status_code == 200


def test_odd_answers_are_explained(olga: Client, rsa_key: rsa.RSAPublicKey, emulator: Emulator) -> None:
    for verb, body in (
        ("encrypt", {"kid": 7}),
        ("encrypt", {"value": "§"}),
        ("encrypt", {"value": None}),
        ("verify", {"value": "maybe"}),
    ):
        emulator.answer_next(200, body, path=f"/{verb}$")
        typed = {"signature_from": "hex", "signature": "00" * 256} if verb == "verify" else {}
        page = do(olga, verb, value_from="text", value=TEXT, **typed)
        assert page.status_code == 502, text_of(page)


# Release, secure wrap and unwrap, random bytes


def test_a_key_is_released(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="RSA", exportable=True, release_policy=POLICY)
    page = do(olga, "release", target="header.claims.signature", nonce="n-1")
    payload = shown(page, "JWS").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["request"] == {"api-version": None, "enc": "CKM_RSA_AES_KEY_WRAP", "nonce": "n-1"}
    assert last_detail(Action.KEY_RELEASE) == {"algorithm": "CKM_RSA_AES_KEY_WRAP"}


def test_a_key_that_is_not_exportable_is_not_released(olga: Client, newest: VaultClient) -> None:
    newest.keys.create("signing", kty="RSA")
    assert "This key is not exportable" in text_of(olga.get(f"{TRY}release/"))
    page = do(olga, "release", target="x")
    assert page.status_code == 400
    assert "not exportable" in text_of(page)
    missing = do(olga, "release", target="")
    assert field_errors(missing) == {"target": ["This field is required."]}


def test_a_new_key_is_wrapped_and_unwrapped_for_an_environment(olga: Client, rsa_key: rsa.RSAPublicKey) -> None:
    wrapped = shown(do(olga, "secure-wrap"))
    opened = do(olga, "secure-unwrap", value=wrapped, target="header.claims.signature")
    assert len(base64.b64decode(shown(opened))) == 32
    assert field_errors(do(olga, "secure-unwrap", value="§", target="x"))["value"]


def test_random_bytes_are_refused_by_a_vault_in_words(olga: Client, world: World, emulator: Emulator) -> None:
    page = olga.post(f"{V}/random-bytes/", {"count": 32})
    assert page.status_code == 422
    assert "Only a Managed HSM hands out random bytes; a vault has none." in text_of(page)
    assert last_entry(Action.RANDOM_BYTES).state == "failed"
    for count in ("0", "129", "many", ""):
        assert olga.post(f"{V}/random-bytes/", {"count": count}).status_code == 422
    emulator.answer_next(200, {"value": "AAEC"}, path="/rng$")
    got = olga.post(f"{V}/random-bytes/", {"count": 3})
    assert got.status_code == 200
    assert "000102" in text_of(got)


# Who, and what stays


@pytest.mark.parametrize(
    ("role", "verbs"),
    [
        (Role.VIEWER, set()),
        (Role.READER, {"decrypt", "unwrap", "secure-unwrap"}),
        (Role.WRITER, {"encrypt", "sign", "verify", "wrap", "secure-wrap"}),
        (
            Role.MANAGER,
            {"encrypt", "sign", "verify", "wrap", "secure-wrap", "decrypt", "unwrap", "secure-unwrap", "release"},
        ),
    ],
)
def test_the_list_leads_where_the_role_may_go(
    world: World, rsa_key: rsa.RSAPublicKey, role: Role, verbs: set[str]
) -> None:
    page = signed_in(world.members[role]).get(TRY).content.decode()
    every = {"encrypt", "sign", "verify", "wrap", "secure-wrap", "decrypt", "unwrap", "secure-unwrap", "release"}
    assert {verb for verb in every if f'href="{TRY}{verb}/"' in page} == verbs


def test_decrypting_counts_as_revealing(
    olga: Client, rsa_key: rsa.RSAPublicKey, settings: Any, emulator: Emulator
) -> None:
    settings.REVEAL_LIMIT = 1
    sent = rsa_key.encrypt(TEXT.encode(), SCHEMES["RSA-OAEP-256"]).hex()
    assert do(olga, "decrypt", value_from="hex", value=sent).status_code == 200
    vault_calls(emulator)
    refused = do(olga, "unwrap", value_from="hex", value=sent)
    assert refused.status_code == 429
    assert TEXT not in text_of(refused)
    assert not any(path.endswith("/unwrapkey") for _, path in vault_calls(emulator))
    assert do(olga, "encrypt", value_from="text", value=TEXT).status_code == 200


def test_inputs_and_results_are_kept_nowhere(
    olga: Client, azure: VaultClient, emulator: Emulator, log: io.StringIO
) -> None:
    """They are in the one answer to the form, which no cache stores, and in nothing else."""
    azure.keys.create("signing", kty="RSA")
    canary = f"canary-{secrets.token_hex(12)}"
    made = do(olga, "encrypt", value_from="text", value=canary)
    pages = [made, do(olga, "decrypt", value_from="base64", value=shown(made))]
    signed = do(olga, "sign", value_from="text", value=canary)
    pages += [signed, do(olga, "verify", value_from="text", value=canary, signature=shown(signed))]
    for status in (400, 403, 500):
        message = f"The value {base64.urlsafe_b64encode(canary.encode()).decode().rstrip('=')} is wrong."
        emulator.answer_next(status, {"error": {"code": "BadParameter", "message": message}}, path="/encrypt$")
        do(olga, "encrypt", value_from="text", value=canary)
    pages.append(do(olga, "release", target=canary))
    assert {page["Cache-Control"] for page in pages} == {"no-store"}
    assert not any(page.has_header("Location") for page in pages)
    assert shown(pages[1], "Text") == canary
    assert canary not in pages[0].content.decode()  # the result is shown; the input does not come back
    hidden = [canary, canary.encode().hex(), base64.b64encode(canary.encode()).decode().rstrip("=")]
    hidden += [shown(page, label) for page in (made, signed) for label in ("Base64", "Base64url", "Hex")]
    hidden.append(hashlib.sha256(canary.encode()).hexdigest())
    trail = olga.get("/audit/?show=all").content.decode() + olga.get(f"{V}/keys/signing/").content.decode()
    kept = [trail, log.getvalue(), json.dumps(session_contents()), str(list(AuditEntry.objects.values()))]
    kept += [str(list(Submission.objects.values())), *(request.path for request in emulator.requests)]
    assert [text for text in hidden if any(text in each for each in kept)] == []
    assert "encrypt" in trail.lower()


def test_the_password_is_asked_for_and_what_was_typed_stays(world: World, rsa_key: rsa.RSAPublicKey) -> None:
    client = signed_in(world.olga)
    for verb in ("decrypt", "unwrap", "sign"):
        asked = client.post(f"{TRY}{verb}/", {"algorithm": "RS256", "value_from": "hex", "value": "00"})
        assert asked.status_code == 422
        assert main_form(asked).fields["confirm_password"] == [""]
        assert main_form(asked).fields["value"] == ["00"]
    assert "confirm_password" not in main_form(client.get(f"{TRY}encrypt/")).fields
    assert "confirm_password" not in main_form(confirmed(client).get(f"{TRY}sign/")).fields


# The same as code


def code_of(page: Any, label: str) -> str:
    found: str = next(each.text for each in page.context["samples"] if each.label == label)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "input.bin").write_text(TEXT)
    return tmp_path


def run(folder: Path, code: str, *, python: bool) -> None:
    """Run a sample in a folder with the public key and the input. Raises CalledProcessError."""
    command = [sys.executable, "-c", code] if python else shlex.split(code)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("algorithm", [*RSA_SIGNATURES, *CURVES])
def test_the_code_verifies_what_the_vault_signed(
    olga: Client, azure: VaultClient, folder: Path, algorithm: str
) -> None:
    made = {"kty": "EC", "crv": CURVES[algorithm]} if algorithm in CURVES else {"kty": "RSA"}
    azure.keys.create("signing", **made)  # type: ignore[arg-type]
    (folder / "signing.pub.pem").write_bytes(olga.get(f"{V}/keys/signing/public-key/").content)
    signed = do(olga, "sign", algorithm=algorithm, value_from="text", value=TEXT)
    (folder / "signature.bin").write_bytes(base64.b64decode(shown(signed)))
    if algorithm in CURVES:
        (folder / "signature.der").write_bytes(base64.b64decode(shown(signed, "DER, in base64")))
    run(folder, code_of(signed, "Python, without Key Vault"), python=True)
    run(folder, code_of(signed, "openssl"), python=False)
    (folder / "input.bin").write_text("another text")
    for label, python in (("Python, without Key Vault", True), ("openssl", False)):
        with pytest.raises(subprocess.CalledProcessError):
            run(folder, code_of(signed, label), python=python)


@pytest.mark.parametrize("algorithm", SCHEMES)
@pytest.mark.parametrize(("label", "python"), [("Python, without Key Vault", True), ("openssl", False)])
def test_the_vault_decrypts_what_the_code_encrypted(
    olga: Client, rsa_key: rsa.RSAPublicKey, folder: Path, algorithm: str, label: str, python: bool
) -> None:
    (folder / "signing.pub.pem").write_bytes(olga.get(f"{V}/keys/signing/public-key/").content)
    page = do(olga, "encrypt", algorithm=algorithm, value_from="text", value="x")
    run(folder, code_of(page, label), python=python)
    made = SimpleUploadedFile("output.bin", (folder / "output.bin").read_bytes())
    assert shown(do(olga, "decrypt", algorithm=algorithm, value_from="file", value_file=made), "Text") == TEXT


@pytest.mark.parametrize("verb", ["encrypt", "decrypt", "wrap", "unwrap", "sign", "verify"])
def test_the_code_for_the_vaults_own_client_is_python_and_names_the_version(
    olga: Client, rsa_key: rsa.RSAPublicKey, azure: VaultClient, verb: str
) -> None:
    version = azure.keys.versions("signing")[0].version
    page = olga.get(f"{TRY}{verb}/", {"version": version})
    code = code_of(page, "Python, in Key Vault")
    compile(code, "sample", "exec")
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    client = vars(crypto.CryptographyClient)
    [called] = re.findall(r"client\.(\w+)\(", code)
    assert called in client
    [(chosen, algorithm)] = re.findall(r"(\w+Algorithm)\(\"([^\"]+)\"\)", code)
    assert getattr(crypto, chosen)(algorithm).value == algorithm
    assert {"CryptographyClient", "DefaultAzureCredential", chosen} <= names
    for label in ("curl", "Python, in Key Vault"):
        assert f"/keys/signing/{version}" in code_of(page, label)
    assert (
        f"/keys/signing/{version}/{'wrapkey' if verb == 'wrap' else 'unwrapkey' if verb == 'unwrap' else verb}?"
        in code_of(page, "curl")
    )
