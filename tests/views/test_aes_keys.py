"""AES keys (oct-HSM) that are tried: each algorithm there and back, and against `cryptography`; bad input; nothing kept."""

import ast
import base64
import hashlib
import hmac
import inspect
import io
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from azure.keyvault.keys import crypto
from cryptography.hazmat.primitives import keywrap, padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World, last_entry, session_contents, vault_calls
from tests.views.policies import newest as newest
from tests.views.test_key_operations import TEXT, TRY, V, code_of, do, field_errors, main_form, shown
from vaults.emulator import Emulator
from vaults.emulator.state.objects import ObjectTable
from vaults.emulator.wire.kinds import KEY
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Submission
from vaults.permissions import Action

SIZES = (128, 192, 256)
AAD = base64.b64encode(b"order 7").decode()
KEY_BYTES = bytes(range(32))


@pytest.fixture
def material(azure: VaultClient, emulator: Emulator) -> Callable[[int], bytes]:
    """Makes the key "signing" of a size in bits, and returns its bytes, which the local vault alone knows."""

    def make(size: int) -> bytes:
        azure.keys.create("signing", kty="oct-HSM", key_size=size)
        with emulator.store.reading() as db:
            table = ObjectTable(db, emulator.vault("kv-shop-prod").id, KEY, emulator.clock())
            entry = table.entry("signing")
            assert entry is not None
            found = table.version(entry).material
        assert len(found) * 8 == size
        return found

    return make


def parts(page: Any, *names: str) -> dict[str, str]:
    return {name: shown(page, f"{name.upper() if name == 'iv' else name.title()}, in base64") for name in names}


def raw(text: str) -> bytes:
    return base64.b64decode(text)


# Every algorithm, there and back


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aad", ["", AAD])
def test_gcm(olga: Client, material: Callable[[int], bytes], size: int, aad: str) -> None:
    key = material(size)
    algorithm = f"A{size}GCM"
    made = do(olga, "encrypt", algorithm=algorithm, value_from="text", value=TEXT, aad=aad)
    given = parts(made, "iv", "tag")
    assert AESGCM(key).decrypt(raw(given["iv"]), raw(shown(made)) + raw(given["tag"]), raw(aad)) == TEXT.encode()
    sent = {"algorithm": algorithm, "value_from": "base64", "value": shown(made), "aad": aad}
    assert shown(do(olga, "decrypt", **sent, **given), "Text") == TEXT
    other = base64.b64encode(b"order 8").decode()
    changed = do(olga, "decrypt", **{**sent, **given, "aad": other})
    [sentence] = field_errors(changed)["value"]
    assert sentence.endswith("Or the IV, the tag or the additional data are not those of this ciphertext.")
    assert main_form(changed).fields["aad"] == [other]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", ["CBC", "CBCPAD"])
def test_cbc(olga: Client, material: Callable[[int], bytes], size: int, mode: str) -> None:
    key = material(size)
    algorithm = f"A{size}{mode}"
    made = do(olga, "encrypt", algorithm=algorithm, value_from="text", value=TEXT)
    again = do(olga, "encrypt", algorithm=algorithm, value_from="text", value=TEXT)
    given = parts(made, "iv")
    assert given != parts(again, "iv")
    decryptor = Cipher(AES(key), CBC(raw(given["iv"]))).decryptor()
    plain = decryptor.update(raw(shown(made))) + decryptor.finalize()
    if mode == "CBCPAD":
        unpadder = padding.PKCS7(128).unpadder()
        plain = unpadder.update(plain) + unpadder.finalize()
    assert plain.rstrip(b"\0") == TEXT.encode()
    opened = do(olga, "decrypt", algorithm=algorithm, value_from="base64", value=shown(made), **given)
    assert raw(shown(opened)) == plain


@pytest.mark.parametrize("size", SIZES)
def test_key_wrap(olga: Client, material: Callable[[int], bytes], size: int) -> None:
    key = material(size)
    algorithm = f"A{size}KW"
    made = do(olga, "wrap", algorithm=algorithm, value_from="hex", value=KEY_BYTES.hex())
    assert keywrap.aes_key_unwrap(key, raw(shown(made))) == KEY_BYTES
    opened = do(olga, "unwrap", algorithm=algorithm, value_from="base64", value=shown(made))
    assert shown(opened, "Hex") == KEY_BYTES.hex()
    wrong = do(olga, "unwrap", algorithm=algorithm, value_from="hex", value="00" * 40)
    assert field_errors(wrong)["value"][0].startswith("Key Vault can't decrypt this")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_mac(olga: Client, material: Callable[[int], bytes], algorithm: str) -> None:
    key = material(256)
    function = f"sha{algorithm[2:]}"
    signed = do(olga, "sign", algorithm=algorithm, value_from="text", value=TEXT)
    assert raw(shown(signed)) == hmac.digest(key, hashlib.new(function, TEXT.encode()).digest(), function)
    sent = {"algorithm": algorithm, "value_from": "text", "signature": shown(signed)}
    assert "The signature matches" in text_of(do(olga, "verify", value=TEXT, **sent))
    assert "The signature does not match" in text_of(do(olga, "verify", value="another text", **sent))


# What the page has, and what is refused


def test_the_fields_are_those_of_the_key(olga: Client, material: Callable[[int], bytes], azure: VaultClient) -> None:
    azure.keys.create("signing", kty="RSA")
    for verb in ("encrypt", "decrypt", "wrap", "unwrap"):
        assert not {"iv", "tag", "aad"} & main_form(olga.get(f"{TRY}{verb}/")).fields.keys()
    material(256)
    found = {verb: main_form(olga.get(f"{TRY}{verb}/")).fields for verb in ("encrypt", "decrypt", "wrap", "sign")}
    assert {verb: {"iv", "tag", "aad"} & fields.keys() for verb, fields in found.items()} == {
        "encrypt": {"aad"},
        "decrypt": {"iv", "tag", "aad"},
        "wrap": set(),
        "sign": set(),
    }
    listed = text_of(olga.get(TRY))
    assert "has no algorithm for this" not in listed
    assert listed.count("This page does it with RSA keys only.") == 2


@pytest.mark.parametrize(
    ("verb", "algorithm", "typed", "errors"),
    [
        (
            "decrypt",
            "A256GCM",
            {},
            {
                "iv": "The IV of A256GCM has 12 bytes; this has 0.",
                "tag": "The tag of A256GCM has 16 bytes; this has 0.",
            },
        ),
        ("decrypt", "A256CBC", {"iv": "AAAA"}, {"iv": "The IV of A256CBC has 16 bytes; this has 3."}),
        (
            "decrypt",
            "A256GCM",
            {"iv": "A" * 16, "tag": "§"},
            {"tag": "This is no base64, nor base64url: a sign is wrong, or the end is missing."},
        ),
        (
            "decrypt",
            "A256CBCPAD",
            {"iv": "A" * 22, "value": "00" * 15},
            {"value": "What A256CBCPAD encrypts has a multiple of 16 bytes; this has 15."},
        ),
        (
            "wrap",
            "A256KW",
            {"value": "00" * 8},
            {"value": "A256KW takes at least 16 bytes here, and a multiple of 8; this has 8."},
        ),
        (
            "unwrap",
            "A256KW",
            {"value": "00" * 25},
            {"value": "A256KW takes at least 24 bytes here, and a multiple of 8; this has 25."},
        ),
        (
            "encrypt",
            "A256GCM",
            {"aad": "a"},
            {"aad": "This is no base64, nor base64url: a sign is wrong, or the end is missing."},
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field_and_kept(
    olga: Client,
    material: Callable[[int], bytes],
    emulator: Emulator,
    verb: str,
    algorithm: str,
    typed: dict[str, str],
    errors: dict[str, str],
) -> None:
    material(256)
    vault_calls(emulator)
    page = do(olga, verb, **{"algorithm": algorithm, "value_from": "hex", "value": "00" * 16, **typed})
    assert field_errors(page) == {name: [sentence] for name, sentence in errors.items()}
    assert {name: main_form(page).fields[name] for name in typed} == {name: [text] for name, text in typed.items()}
    assert {method for method, _ in vault_calls(emulator)} == {"GET"}


def test_an_algorithm_of_another_size_is_refused_by_the_vault(olga: Client, material: Callable[[int], bytes]) -> None:
    material(128)
    page = do(olga, "encrypt", algorithm="A256GCM", value_from="text", value=TEXT)
    assert page.status_code == 400
    assert "incompatible" in text_of(page)


def test_a_ciphertext_that_could_never_be_decrypted_is_no_result(
    olga: Client, material: Callable[[int], bytes], emulator: Emulator
) -> None:
    material(256)
    for body in ({"value": "AA", "iv": "AA"}, {"value": "AA", "tag": "AA"}, {"value": "AA", "iv": 7, "tag": "AA"}):
        emulator.answer_next(200, body, path="/encrypt$")
        assert do(olga, "encrypt", algorithm="A256GCM", value_from="text", value=TEXT).status_code == 502


# What stays, and the same as code


def test_inputs_and_results_are_kept_nowhere(
    olga: Client, material: Callable[[int], bytes], emulator: Emulator, log: io.StringIO
) -> None:
    material(256)
    canary = f"canary-{secrets.token_hex(12)}"
    aad = base64.b64encode(f"aad-{canary}".encode()).decode()
    typed = {"algorithm": "A256GCM", "aad": aad}
    made = do(olga, "encrypt", value_from="text", value=canary, **typed)
    given = parts(made, "iv", "tag")
    opened = do(olga, "decrypt", value_from="base64", value=shown(made), **given, **typed)
    assert shown(opened, "Text") == canary
    assert {page["Cache-Control"] for page in (made, opened)} == {"no-store"}
    assert canary not in made.content.decode()
    assert aad not in made.content.decode()
    for status in (400, 403, 500):
        error = {"error": {"code": "BadParameter", "message": f"The aad {aad.rstrip('=')} is wrong."}}
        emulator.answer_next(status, error, path="/encrypt$")
        do(olga, "encrypt", value_from="text", value=canary, **typed)
    hidden = [canary, aad.rstrip("="), *(text.rstrip("=") for text in given.values()), shown(made), shown(made, "Hex")]
    trail = olga.get("/audit/?show=all").content.decode() + olga.get(f"{V}/keys/signing/").content.decode()
    kept = [trail, log.getvalue(), json.dumps(session_contents()), str(list(AuditEntry.objects.values()))]
    kept += [str(list(Submission.objects.values())), *(request.path for request in emulator.requests)]
    assert [text for text in hidden if any(text in each for each in kept)] == []
    assert last_entry(Action.KEY_DECRYPT).detail["algorithm"] == "A256GCM"


@pytest.mark.parametrize("algorithm", ["A256GCM", "A256CBC", "A256KW", "HS256"])
def test_the_code_is_python_that_the_vaults_own_client_has(
    olga: Client, material: Callable[[int], bytes], algorithm: str
) -> None:
    material(256)
    there, back = {"A256KW": ("wrap", "unwrap"), "HS256": ("sign", "verify")}.get(algorithm, ("encrypt", "decrypt"))
    for verb in (there, back):
        page = do(olga, verb, algorithm=algorithm)
        assert [each.label for each in page.context["samples"]] == ["curl", "Python, in Key Vault"]
        code = code_of(page, "Python, in Key Vault")
        tree = ast.parse(code)
        [call] = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "client"
        ]
        assert isinstance(call.func, ast.Attribute)
        method = getattr(crypto.CryptographyClient, call.func.attr)
        assert {keyword.arg for keyword in call.keywords} <= inspect.signature(method).parameters.keys()
        body = json.loads(code_of(page, "curl").split("--data '")[1].rstrip("'"))
        assert body["alg"] == algorithm
        if verb == "decrypt":
            assert {"iv", "tag"} & body.keys() == ({"iv", "tag"} if algorithm == "A256GCM" else {"iv"})


# A new version


@pytest.mark.parametrize("size", SIZES)
def test_a_new_version_keeps_the_size(
    olga: Client, world: World, newest: VaultClient, emulator: Emulator, size: int
) -> None:
    newest.keys.create("signing", kty="oct-HSM", key_size=size)
    emulator.clock.advance(3)
    emulator.requests.clear()
    assert fill_in(olga, f"{V}/keys/signing/new-version/").status_code == 302
    [body] = [each.body for each in emulator.requests if each.path == "/keys/signing/create"]
    assert (body["kty"], body["key_size"]) == ("oct-HSM", size)


def test_a_size_that_is_not_told_is_asked_for(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    azure.keys.create("signing", kty="oct-HSM", key_size=256)
    emulator.clock.advance(3)
    emulator.requests.clear()
    answer = fill_in(olga, f"{V}/keys/signing/new-version/")
    assert answer.status_code == 422
    assert [each for each in emulator.requests if each.path == "/keys/signing/create"] == []
    assert fill_in(olga, f"{V}/keys/signing/new-version/", key_size="192").status_code == 302
