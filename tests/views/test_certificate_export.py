"""The export desk of a certificate: what leaves, for whom, and what is left behind (nothing)."""

import base64
import hashlib
import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)
from django.test import Client
from pytest_django import Settings

from tests.browsing import fill_in, filled, main_form, text_of
from tests.chains import Chain, import_certificate, make_chain, pem
from tests.conftest import World, confirmed, last_detail, last_entry, session_contents, signed_in, vault_calls
from vaults.emulator import Emulator
from vaults.emulator.wire.kinds import SECRET
from vaults.keyvault.client import VaultClient
from vaults.models import AuditEntry, Submission
from vaults.permissions import Action, Role

CERTIFICATE = "/vaults/kv-shop-prod/certificates/web/"
EXPORT = f"{CERTIFICATE}export/"
#: A password with everything that a shell or an encoding could trip over.
PASSWORD = "p4ss W0rd$\"'\\&%"
TWICE = {"file_password": PASSWORD, "file_password_again": PASSWORD}
FORMATS = ("pfx", "pem-zip", "pem-all", "pem-key", "pem-full-chain", "pem-chain", "p7b")
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl command (Debian: apt install openssl)")


def store(azure: VaultClient, chain: Chain, stored: str = "pem", **policy: Any) -> Chain:
    """Import it as "web", in an order that no server wants, with the root and a foreign certificate."""
    odd = [chain.root, chain.foreign, chain.leaf, chain.upper, chain.lower]
    if stored == "pem":
        value, content_type = chain.key_pem + pem(*odd), "application/x-pem-file"
    else:
        odd.remove(chain.leaf)
        raw = pkcs12.serialize_key_and_certificates(b"web", chain.key, chain.leaf, odd, NoEncryption())
        value, content_type = base64.b64encode(raw).decode(), "application/x-pkcs12"
    import_certificate(azure, "web", value, {"secret_props": {"contentType": content_type}, **policy})
    return chain


@pytest.fixture
def chain(azure: VaultClient) -> Chain:
    return store(azure, make_chain("EC"))


def export(client: Client, **typed: Any) -> Any:
    return fill_in(client, EXPORT, **typed)


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    return _run(arguments, given).stdout


def _run(arguments: Sequence[str], given: bytes) -> "subprocess.CompletedProcess[bytes]":
    ran = subprocess.run([str(OPENSSL), *arguments], input=given, capture_output=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran


def subjects(printed: bytes) -> list[str]:
    return [line.split(b"=")[-1].strip().decode() for line in printed.splitlines() if line.startswith(b"subject=")]


# The files


@pytest.mark.parametrize("kind", ["RSA", "EC"])
@pytest.mark.parametrize("stored", ["pem", "pfx"])
@pytest.mark.parametrize("encryption", ["modern", "old"])
def test_a_pfx_holds_key_certificate_and_chain(
    olga: Client, azure: VaultClient, tmp_path: Path, kind: str, stored: str, encryption: str
) -> None:
    chain = store(azure, make_chain(kind), stored)
    answer = export(olga, encryption=encryption, **TWICE)
    assert answer["Content-Disposition"] == 'attachment; filename="web.pfx"'
    read: Any = pkcs12.load_pkcs12(answer.content, PASSWORD.encode())
    assert read.key.private_numbers() == chain.key.private_numbers()
    assert read.cert
    assert read.cert.certificate == chain.leaf
    assert {each.certificate for each in read.additional_certs} == {chain.lower, chain.upper}
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_pkcs12(answer.content, b"another one")
    if OPENSSL:
        file = tmp_path / "web.pfx"
        file.write_bytes(answer.content)
        legacy = ["-legacy"] if encryption == "old" else []
        asked = ["pkcs12", "-in", str(file), "-passin", "stdin", "-nodes", *legacy]
        printed = openssl(*asked, given=PASSWORD.encode())
        assert b"PRIVATE KEY" in printed
        assert subjects(printed)[0] == "shop.example"
        assert set(subjects(printed)) == {"shop.example", "Lower CA", "Upper CA"}
        info = _run([*asked, "-info", "-noout"], PASSWORD.encode()).stderr.decode()
        assert ("AES-256-CBC" in info, "3-KeyTripleDES" in info) == (encryption == "modern", encryption == "old")
        assert ("MAC: sha256" in info, "MAC: sha1" in info) == (encryption == "modern", encryption == "old")


@pytest.mark.parametrize("stored", ["pem", "pfx"])
@pytest.mark.parametrize("root", ["on", None])
def test_a_zip_holds_each_part(olga: Client, azure: VaultClient, stored: str, root: str | None) -> None:
    chain = store(azure, make_chain("EC"), stored)
    answer = export(olga, format="pem-zip", root=root)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    above = [chain.lower, chain.upper, *([chain.root] if root else [])]
    assert parts == {
        "web.key.pem": chain.key_pem,
        "web.cert.pem": pem(chain.leaf),
        "web.chain.pem": pem(*above),
        "web.fullchain.pem": pem(chain.leaf, *above),
    }


@pytest.mark.parametrize("password", [PASSWORD, ""])
def test_a_key_is_pkcs8_and_encrypted_if_wanted(olga: Client, chain: Chain, password: str) -> None:
    answer = export(olga, format="pem-key", file_password=password, file_password_again=password)
    assert answer["Content-Disposition"] == 'attachment; filename="web.key.pem"'
    assert answer.content.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY" if password else b"-----BEGIN PRIVATE KEY")
    key: Any = load_pem_private_key(answer.content, password.encode() or None)
    assert key.private_numbers() == chain.key.private_numbers()
    assert last_detail(Action.CERTIFICATE_EXPORT)["encrypted"] is bool(password)


@needs_openssl
def test_openssl_reads_an_encrypted_key(olga: Client, chain: Chain, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(export(olga, format="pem-key", **TWICE).content)
    assert b"BEGIN PRIVATE KEY" in openssl("pkey", "-in", str(file), "-passin", "stdin", given=PASSWORD.encode())


def test_key_and_chain_in_one_file(olga: Client, chain: Chain) -> None:
    answer = export(olga, format="pem-all")
    assert answer.content.decode() == chain.key_pem + pem(chain.leaf, chain.lower, chain.upper)


def test_full_chain_and_chain_are_in_the_order_of_the_signatures(olga: Client, chain: Chain) -> None:
    assert export(olga, format="pem-full-chain").content.decode() == pem(chain.leaf, chain.lower, chain.upper)
    assert export(olga, format="pem-chain").content.decode() == pem(chain.lower, chain.upper)
    whole = export(olga, format="pem-full-chain", root="on").content.decode()
    assert whole == pem(chain.leaf, chain.lower, chain.upper, chain.root)
    assert chain.key_pem not in whole


@needs_openssl
def test_openssl_verifies_the_full_chain(olga: Client, chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(pem(chain.root))
    (tmp_path / "full.pem").write_bytes(export(olga, format="pem-full-chain").content)
    full = str(tmp_path / "full.pem")
    openssl("verify", "-CAfile", str(tmp_path / "root.pem"), "-untrusted", full, full)


def test_a_p7b_of_the_chain(olga: Client, chain: Chain) -> None:
    answer = export(olga, format="p7b")
    assert set(pkcs7.load_der_pkcs7_certificates(answer.content)) == {chain.leaf, chain.lower, chain.upper}
    if OPENSSL:
        printed = openssl("pkcs7", "-inform", "DER", "-print_certs", "-noout", given=answer.content)
        assert len(subjects(printed)) == 3


def test_a_certificate_without_a_chain(olga: Client, azure: VaultClient) -> None:
    one = make_chain("EC")
    import_certificate(azure, "web", one.key_pem + pem(one.leaf))
    refused = export(olga, format="pem-chain")
    assert refused.status_code == 422
    assert "holds no chain" in text_of(refused)
    with zipfile.ZipFile(io.BytesIO(export(olga, format="pem-zip").content)) as archive:
        assert archive.namelist() == ["web.key.pem", "web.cert.pem", "web.fullchain.pem"]


def test_an_earlier_version_is_exported_by_its_address(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    first = store(azure, make_chain("EC"))
    version = azure.certificates.get("web").properties.version
    emulator.clock.advance(3)
    store(azure, make_chain("RSA"))
    page = olga.get(f"{EXPORT}?version={version}")
    answer: Any = olga.post(EXPORT, filled(page, format="pem-full-chain"))
    assert answer.content.decode().startswith(pem(first.leaf))
    assert last_entry(Action.CERTIFICATE_EXPORT).version == version


# The public part


def test_who_may_look_gets_the_public_part_and_no_form(world: World, chain: Chain) -> None:
    viewer = signed_in(world.members[Role.VIEWER])
    page = viewer.get(EXPORT)
    der = chain.leaf.public_bytes(Encoding.DER)
    words = text_of(page)
    for digest in (hashlib.sha1(der, usedforsecurity=False), hashlib.sha256(der)):
        assert digest.hexdigest().upper() in words
        assert base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=") in words
    assert "holds this one certificate too" in words
    assert "needs the role manager" in words
    assert b"file_password" not in page.content
    [only] = pkcs7.load_der_pkcs7_certificates(viewer.get(f"{CERTIFICATE}download/?format=p7b").content)
    assert only == chain.leaf
    assert x509.load_der_x509_certificate(viewer.get(f"{CERTIFICATE}download/?format=der").content) == chain.leaf


@pytest.mark.parametrize("role", [Role.VIEWER, Role.READER, Role.WRITER])
def test_who_may_not_export_reads_nothing(world: World, chain: Chain, emulator: Emulator, role: Role) -> None:
    client = confirmed(signed_in(world.members[role]))
    vault_calls(emulator)
    answer: Any = client.post(EXPORT, {"format": "pem-key"})
    assert answer.status_code == 403
    assert vault_calls(emulator) == []
    assert last_entry(Action.CERTIFICATE_EXPORT).state == "denied"


def test_the_page_reads_no_value(olga: Client, chain: Chain, emulator: Emulator) -> None:
    vault_calls(emulator)
    page = olga.get(EXPORT)
    assert {path for _, path in vault_calls(emulator)} == {"/certificates/web"}
    words = text_of(page)
    assert "az keyvault certificate download --id" in words
    assert "az keyvault secret download --id" in words
    assert EXPORT in olga.get(CERTIFICATE).content.decode()


# The chain


def test_the_chain_is_shown_and_the_rest_dropped(olga: Client, chain: Chain) -> None:
    page = olga.post(EXPORT, filled(olga.get(EXPORT), show_chain="1"))
    assert page.status_code == 200
    words = text_of(page)
    assert "A private key, which was dropped unseen" in words
    order = [words.index(title) for title in ("Certificate Subject", "Intermediate Subject", "Root Subject")]
    assert order == sorted(order)
    assert words.count("Intermediate Subject") == 2
    assert words.count("Not part of the chain: left out of every file") == 1
    assert "PRIVATE KEY" not in page.content.decode()
    assert last_detail(Action.CERTIFICATE_EXPORT)["format"] == "chain-shown"


# What is refused


def test_a_key_that_cannot_leave(olga: Client, azure: VaultClient) -> None:
    store(azure, make_chain("EC"), key_props={"exportable": False, "kty": "EC", "crv": "P-256"})
    assert "By the policy the private key stays in the vault" in text_of(olga.get(EXPORT))
    refused = export(olga, **TWICE)
    assert refused.status_code == 422
    assert "holds no private key" in text_of(refused)
    entry = last_entry(Action.CERTIFICATE_EXPORT)
    assert (entry.state, entry.code) == ("failed", "KeyMissing")
    assert export(olga, format="pem-full-chain").status_code == 200


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"format": "pfx"}, "file_password"),
        ({"format": "pfx", "file_password": "short", "file_password_again": "short"}, "file_password"),
        ({"format": "pfx", "file_password": "pässwörter", "file_password_again": "pässwörter"}, "file_password"),
        ({"format": "pem-key", "file_password": PASSWORD}, "file_password_again"),
        ({"format": "pem-chain", **TWICE}, "file_password"),
        ({"format": "exe"}, "format"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_read(
    olga: Client, chain: Chain, emulator: Emulator, typed: dict[str, str], field: str
) -> None:
    sent = {**filled(olga.get(EXPORT)), "root": "on", **typed}
    vault_calls(emulator)
    refused: Any = olga.post(EXPORT, sent)
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [field]
    assert not [path for _, path in vault_calls(emulator) if path.startswith("/secrets")]
    kept = main_form(refused).fields
    assert kept["root"] == ["on"]
    assert kept["file_password"] == [""]


def test_a_disabled_version_is_refused_by_the_service(olga: Client, azure: VaultClient, chain: Chain) -> None:
    azure.certificates.update("web", azure.certificates.get("web").properties.version, enabled=False)
    page = olga.get(EXPORT)
    refused: Any = olga.post(EXPORT, filled(page, format="pem-all"))
    assert refused.status_code == 403
    assert b"PRIVATE KEY" not in refused.content


def test_a_secret_that_no_certificate_manages_is_not_parsed(olga: Client, emulator: Emulator, chain: Chain) -> None:
    emulator.hold("kv-shop-prod", SECRET, "web", "managed", False)
    refused = export(olga, format="pem-all")
    assert refused.status_code == 422
    assert "not managed by a certificate" in text_of(refused)


def test_exports_count_as_revealed_values(olga: Client, azure: VaultClient, chain: Chain, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 2
    azure.secrets.set("kept", "v")
    assert export(olga, format="pem-key").status_code == 200
    assert olga.post("/vaults/kv-shop-prod/secrets/kept/reveal/").status_code == 200
    refused = export(olga, format="pem-key")
    assert refused.status_code == 429
    assert b"PRIVATE KEY" not in refused.content


def test_a_second_click_is_a_second_export_in_the_record(olga: Client, chain: Chain) -> None:
    """As with Reveal: nothing changes, so it may be done again, and each time is recorded and counted."""
    form = filled(olga.get(EXPORT), format="pem-key")
    assert [olga.post(EXPORT, form).status_code for _ in range(2)] == [200, 200]
    assert AuditEntry.objects.filter(action=Action.CERTIFICATE_EXPORT, state="succeeded").count() == 2


# What is left behind


@pytest.mark.parametrize("kind", FORMATS)
def test_the_key_is_in_the_file_and_nowhere_else(olga: Client, chain: Chain, log: io.StringIO, kind: str) -> None:
    password = {} if kind in ("pem-full-chain", "pem-chain", "p7b") else TWICE
    page = olga.get(EXPORT)
    answer = olga.post(EXPORT, filled(page, format=kind, **password))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    trail = olga.get(f"/audit/{last_entry(Action.CERTIFICATE_EXPORT).event}/")
    left = "".join(
        (page.content.decode(), trail.content.decode(), log.getvalue(), str(session_contents()),
         str(list(AuditEntry.objects.values())), str(list(Submission.objects.values())))
    )  # fmt: skip
    body = "".join(chain.key_pem.splitlines()[1:-1])
    for hidden in (body[:40], body[-40:], PASSWORD, str(chain.key.private_numbers().private_value)):
        assert hidden not in left
    detail = last_detail(Action.CERTIFICATE_EXPORT)
    assert detail["format"] == kind
    assert detail.get("encrypted") is (True if password else None)
    assert "Export a certificate" in text_of(trail)


def test_an_encrypted_file_does_not_hold_the_key_in_the_open(olga: Client, chain: Chain) -> None:
    raw = chain.key.private_numbers().private_value.to_bytes(32, "big")
    assert raw not in export(olga, **TWICE).content
    assert raw in base64.b64decode("".join(chain.key_pem.splitlines()[1:-1]))  # so that the test can fail


def test_a_refused_export_comes_back_though_the_certificate_can_no_longer_be_read(
    olga: Client, chain: Chain, emulator: Emulator
) -> None:
    form = filled(olga.get(EXPORT), format="pem-key")
    emulator.deny("certificates/get")
    page = olga.post(EXPORT, form)
    assert page.status_code == 403
    assert "By the policy" not in text_of(page)
    assert main_form(page).fields["format"] == ["pem-key"]
