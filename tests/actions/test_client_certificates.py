"""A connection that signs in with a certificate: PEM and PFX, from the form to the token; what can't be used is said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World
from vaults.emulator import ADMIN, Emulator, directory, keymaterial
from vaults.models import Connection

PASSWORD = "of the file"
PEM, NONE = serialization.Encoding.PEM, serialization.NoEncryption()
NAME = x509.Name.from_rfc4514_string("CN=sp-shop-admin")


class Identity:
    """A key and its certificate, as the files people have them in."""

    def __init__(self, purpose: str) -> None:
        self.key: Any = keymaterial.pooled_key("RSA", 2048, purpose)
        now = datetime.now(UTC)
        unsigned = x509.CertificateBuilder(NAME, NAME, self.key.public_key(), x509.random_serial_number())
        dated = unsigned.not_valid_before(now).not_valid_after(now + timedelta(days=365))
        self.leaf = dated.sign(self.key, hashes.SHA256())

    def key_pem(self, password: str = "", form: Any = serialization.PrivateFormat.PKCS8) -> bytes:
        lock = serialization.BestAvailableEncryption(password.encode()) if password else NONE
        return bytes(self.key.private_bytes(PEM, form, lock))

    def leaf_pem(self) -> bytes:
        return self.leaf.public_bytes(PEM)

    def pfx(self, password: str = "") -> bytes:
        lock = serialization.BestAvailableEncryption(password.encode()) if password else NONE
        return pkcs12.serialize_key_and_certificates(b"sp", self.key, self.leaf, None, lock)


@pytest.fixture
def identity(emulator: Emulator) -> Identity:
    """Registered with the application, as one uploads it in Entra ID."""
    made = Identity("client certificate")
    with emulator.store.writing() as db:
        directory.add_certificate(db, ADMIN.client_id, made.leaf)
    return made


FILES: dict[str, Callable[[Identity], tuple[bytes, str]]] = {
    "PEM": lambda who: (who.key_pem() + who.leaf_pem(), ""),
    "PEM, certificate first": lambda who: (who.leaf_pem() + who.key_pem(), ""),
    "PEM, old form": lambda who: (
        who.key_pem(form=serialization.PrivateFormat.TraditionalOpenSSL) + who.leaf_pem(),
        "",
    ),
    "PEM with a password": lambda who: (who.key_pem(PASSWORD) + who.leaf_pem(), PASSWORD),
    "PFX": lambda who: (who.pfx(), ""),
    "PFX with a password": lambda who: (who.pfx(PASSWORD), PASSWORD),
}


def upload(olga: Client, world: World, content: bytes, password: str = "", **typed: Any) -> Any:
    file = SimpleUploadedFile("sp.pem", content)
    address = f"/connections/{world.connection.pk}/edit/"
    return fill_in(olga, address, certificate=file, certificate_password=password, **typed)


@pytest.mark.parametrize("kind", FILES)
def test_a_certificate_works_from_the_form_to_the_token(
    kind: str, olga: Client, world: World, identity: Identity, emulator: Emulator
) -> None:
    content, password = FILES[kind](identity)
    assert upload(olga, world, content, password).status_code == 302
    kept = Connection.objects.get(pk=world.connection.pk)
    assert (kept.client_secret_sealed, kept.certificate_subject) == ("", "CN=sp-shop-admin")
    emulator.requests.clear()
    assert "A token was issued; 1 of 1" in text_of(olga.post(f"/connections/{kept.pk}/test/"))
    token = next(each for each in emulator.requests if each.path.endswith("/token"))
    assert "client_assertion" in token.body
    assert "client_secret" not in token.body


def test_a_certificate_brings_its_own_end(olga: Client, world: World, identity: Identity) -> None:
    upload(olga, world, identity.pfx(), credential_expires_on="2031-01-01T00:00")
    kept = Connection.objects.get(pk=world.connection.pk)
    assert kept.credential_expires_on == identity.leaf.not_valid_after_utc


def test_an_unregistered_certificate_is_refused_in_words(olga: Client, world: World, emulator: Emulator) -> None:
    stranger = Identity("unregistered")
    upload(olga, world, stranger.pfx())
    shown = text_of(olga.post(f"/connections/{world.connection.pk}/test/"))
    assert "AADSTS700027" in shown
    assert "The certificate is not registered" in shown


def test_a_wrong_clock_is_said(olga: Client, world: World, identity: Identity, emulator: Emulator) -> None:
    """Entra's clock is an hour ahead of this server's, so what was signed here has ended there."""
    upload(olga, world, identity.pfx())
    emulator.clock.advance(3600)
    shown = text_of(olga.post(f"/connections/{world.connection.pk}/test/"))
    assert "This server's clock is wrong" in shown
    assert "AADSTS700024" in shown


def test_the_stored_key_is_kept_by_an_empty_form(olga: Client, world: World, identity: Identity) -> None:
    upload(olga, world, identity.pfx())
    before = Connection.objects.get(pk=world.connection.pk).certificate_parts()
    fill_in(olga, f"/connections/{world.connection.pk}/edit/", name="renamed")
    assert Connection.objects.get(pk=world.connection.pk).certificate_parts() == before


def test_a_client_secret_takes_the_certificates_place(olga: Client, world: World, identity: Identity) -> None:
    upload(olga, world, identity.pfx())
    fill_in(olga, f"/connections/{world.connection.pk}/edit/", client_secret=ADMIN.client_secret)
    kept = Connection.objects.get(pk=world.connection.pk)
    assert (kept.certificate_sealed, kept.client_secret()) == ("", ADMIN.client_secret)


WRONG: dict[str, tuple[Callable[[Identity], tuple[bytes, str]], str]] = {
    "wrong password": (lambda who: (who.pfx(PASSWORD), "another"), "its password is wrong"),
    "missing password": (lambda who: (who.key_pem(PASSWORD) + who.leaf_pem(), ""), "its password is wrong"),
    "another's key": (
        lambda who: (Identity("another").key_pem() + who.leaf_pem(), ""),
        "The private key does not belong to the certificate.",
    ),
    "no key": (lambda who: (who.leaf_pem(), ""), "The file holds no private key."),
    "no certificate": (lambda who: (who.key_pem(), ""), "The file holds no certificate."),
    "PFX without key": (
        lambda who: (pkcs12.serialize_key_and_certificates(b"sp", None, who.leaf, None, NONE), ""),
        "holds no private key",
    ),
    "neither": (lambda _: (b"\x00\xffhello" * 20, ""), "can't be read as a PEM or PFX file"),
    "cut off": (lambda who: (who.pfx()[:500], ""), "can't be read as a PEM or PFX file"),
    "too large": (lambda _: (b"-----BEGIN " + b"A" * 70_000, ""), "larger than 64 kB"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_used_is_said_and_nothing_is_stored(
    case: str, olga: Client, world: World, identity: Identity
) -> None:
    make, sentence = WRONG[case]
    content, password = make(identity)
    answer = upload(olga, world, content, password)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert Connection.objects.get(pk=world.connection.pk).client_secret() == ADMIN.client_secret


def test_not_both(olga: Client, world: World, identity: Identity) -> None:
    answer = upload(olga, world, identity.pfx(), client_secret="and a secret")
    assert "Give a client secret or a certificate, not both." in text_of(answer)
