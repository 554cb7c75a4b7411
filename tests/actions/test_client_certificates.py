"""A connection that signs in with a certificate: PEM and PFX, from the form to the token; what can't be used is said."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.browsing import fill_in, text_of
from tests.conftest import World
from tests.identities import CA, CA_NAME, NONE, Identity
from vaults.emulator import ADMIN, Emulator
from vaults.emulator.state import directory
from vaults.models import Connection

pytestmark = pytest.mark.sweep

PASSWORD = "of the file"


TRUE_CA = Identity("Contoso CA", name=CA_NAME, days=(-400, 4000), ca=True)
EC_LEAF = Identity("", key=ec.generate_private_key(ec.SECP256R1()), issuer=TRUE_CA, ca=False)


def wrapped(content: bytes) -> bytes:
    """Base64 in lines, as `base64` and `openssl base64` write it."""
    return base64.encodebytes(content)


def escaped(content: bytes) -> bytes:
    """As inside a JSON text or an environment file."""
    return content.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


def ca_before_leaf(who: Identity) -> bytes:
    """A PFX whose bag of the leaf does not lead to the key, as some CAs write it."""
    return pkcs12.serialize_key_and_certificates(None, who.key, None, [CA.leaf, who.leaf], NONE)


def powershell(content: bytes) -> bytes:
    """What `>` writes in Windows PowerShell."""
    return content.decode().replace("\n", "\r\n").encode("utf-16")


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
    "PEM, CA before the leaf": lambda who: (CA.leaf_pem() + who.leaf_pem() + who.key_pem(), ""),
    "PEM, an odd block before the leaf": lambda who: (
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + who.leaf_pem() + who.key_pem(),
        "",
    ),
    "PEM, another's key as well": lambda who: (CA.key_pem() + CA.leaf_pem()[:-30] + who.key_pem() + who.leaf_pem(), ""),
    "PEM, key of an EC CA as well": lambda who: (
        Identity("", key=ec.generate_private_key(ec.SECP256R1())).key_pem() + who.leaf_pem() + who.key_pem(),
        "",
    ),
    "PEM, the password needless": lambda who: (who.key_pem() + who.leaf_pem(), PASSWORD),
    "PEM, UTF-16 with BOM": lambda who: (powershell(who.key_pem() + who.leaf_pem()), ""),
    "PEM, UTF-16 without BOM": lambda who: ((who.key_pem() + who.leaf_pem()).decode().encode("utf-16-be"), ""),
    "PEM, UTF-16 appended to ASCII": lambda who: (who.key_pem() + powershell(who.leaf_pem()), ""),
    "PEM, UTF-16 with a password": lambda who: (powershell(who.key_pem(PASSWORD) + who.leaf_pem()), PASSWORD),
    "PEM, UTF-8 with BOM": lambda who: (b"\xef\xbb\xbf" + who.key_pem() + who.leaf_pem(), ""),
    "PEM in base64": lambda who: (wrapped(who.key_pem() + who.leaf_pem()), ""),
    "PEM, line ends as in JSON": lambda who: (escaped(who.key_pem() + who.leaf_pem()), ""),
    "PEM, line ends as in JSON, twice": lambda who: (escaped(escaped(who.key_pem() + who.leaf_pem())), ""),
    "PEM, CRLF as in JSON, in quotes": lambda who: (
        b'PEM="' + (who.key_pem() + who.leaf_pem()).replace(b"\n", b"\\r\\n") + b'"\n',
        "",
    ),
    "PEM, in JSON of .NET": lambda who: (
        escaped(who.key_pem() + who.leaf_pem()).replace(b"+", b"\\u002B").replace(b"/", b"\\/"),
        "",
    ),
    "PEM, encrypted, line ends as in JSON": lambda who: (escaped(who.key_pem(PASSWORD) + who.leaf_pem()), PASSWORD),
    "PEM, spaces for line ends": lambda who: ((who.key_pem() + who.leaf_pem()).replace(b"\n", b" "), ""),
    "PEM in base64, line ends as in JSON": lambda who: (wrapped(escaped(who.key_pem() + who.leaf_pem())), ""),
    "PEM, key of an EC leaf as well": lambda who: (
        EC_LEAF.key_pem() + EC_LEAF.leaf_pem() + who.key_pem() + who.leaf_pem(),
        "",
    ),
    "PEM, twice": lambda who: (2 * (who.key_pem() + who.leaf_pem()), ""),
    "PFX with a password": lambda who: (who.pfx(PASSWORD), PASSWORD),
    "PFX, CA before the leaf": lambda who: (ca_before_leaf(who), ""),
    "PFX in base64": lambda who: (base64.b64encode(who.pfx()), ""),
    "PFX in base64, in lines": lambda who: (wrapped(who.pfx(PASSWORD)), PASSWORD),
    "PFX in base64, UTF-16": lambda who: (powershell(wrapped(who.pfx())), ""),
    "PFX in base64, in quotes": lambda who: (b'"' + base64.b64encode(who.pfx()) + b'"\n', ""),
    "PFX in base64, in quotes, lines as in JSON": lambda who: (b"'" + escaped(wrapped(who.pfx())) + b"',", ""),
    "PFX in base64 for addresses": lambda who: (base64.urlsafe_b64encode(who.pfx()).rstrip(b"="), ""),
    "PFX in base64, UTF-8 with BOM": lambda who: (b"\xef\xbb\xbf" + base64.b64encode(who.pfx()) + b"\r\n", ""),
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


def test_of_two_certificates_of_a_key_the_one_that_ends_last_is_taken(
    olga: Client, world: World, identity: Identity
) -> None:
    """As after a renewal that kept the key, whose file holds both."""
    before = Identity("client certificate", days=(-400, -35))
    assert upload(olga, world, before.leaf_pem() + identity.leaf_pem() + identity.key_pem()).status_code == 302
    kept = Connection.objects.get(pk=world.connection.pk)
    assert kept.credential_expires_on == identity.leaf.not_valid_after_utc


BESIDE: dict[str, Identity] = {
    "self-signed CA that lasts longer": Identity("client certificate", days=(-1, 3650), ca=True),
    "CA of its own without the mark, which issued the other": Identity(
        "client certificate", days=(-1, 3650), name=CA_NAME
    ),
    "not valid yet, ends later": Identity("client certificate", days=(30, 900), ca=False),
    "expired": Identity("client certificate", days=(-400, -35), ca=False),
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_of_several_certificates_of_a_key_the_one_that_can_sign_in_is_taken(
    beside: str, first: bool, olga: Client, world: World
) -> None:
    meant, other = Identity("client certificate", days=(-1, 100), issuer=CA, ca=False), BESIDE[beside]
    certificates = [other.leaf_pem(), meant.leaf_pem()] if first else [meant.leaf_pem(), other.leaf_pem()]
    assert upload(olga, world, b"".join([meant.key_pem(), *certificates])).status_code == 302
    assert Connection.objects.get(pk=world.connection.pk).credential_expires_on == meant.leaf.not_valid_after_utc


def test_a_self_signed_certificate_may_call_itself_a_ca(olga: Client, world: World) -> None:
    """As `openssl req -x509` makes them."""
    own = Identity("client certificate", ca=True)
    assert upload(olga, world, own.key_pem() + own.leaf_pem()).status_code == 302


@pytest.mark.parametrize("purpose", ["client certificate", "another"])
def test_where_two_certificates_could_be_meant_both_are_named(purpose: str, olga: Client, world: World) -> None:
    one, other = Identity("client certificate", days=(-1, 100)), Identity(purpose, days=(-1, 200), issuer=TRUE_CA)
    answer = upload(olga, world, one.key_pem() + one.leaf_pem() + other.key_pem() + other.leaf_pem())
    assert answer.status_code == 422
    said = text_of(answer)
    assert "The file holds 2 certificates that could be meant" in said
    for each in (one, other):
        assert each.leaf.fingerprint(hashes.SHA1()).hex().upper() in said  # noqa: S303 as Entra ID lists them
        assert f"until {each.leaf.not_valid_after_utc:%Y-%m-%d}" in said


@pytest.mark.parametrize(
    ("days", "warning"),
    [
        ((-400, -35), "The certificate expired on"),
        ((3, 365), "The certificate is not valid before"),
        ((-1, 365), ""),
    ],
)
def test_a_certificate_out_of_its_time_is_stored_with_a_warning(
    days: tuple[int, int], warning: str, olga: Client, world: World
) -> None:
    assert upload(olga, world, Identity("of another time", days=days).pfx()).status_code == 302
    shown = text_of(olga.get(f"/connections/{world.connection.pk}/"))
    assert "was changed. Test it now." in shown
    assert "certificate CN=sp-shop-admin" in shown
    assert ("The certificate expired" in shown, "The certificate is not valid before" in shown) == (
        "expired" in warning,
        "before" in warning,
    )
    assert warning in shown


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


def pem_of(key: Any) -> tuple[bytes, str]:
    who = Identity("", key=key)
    return who.key_pem() + who.leaf_pem(), ""


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
    "EC": (
        lambda _: (Identity("", key=ec.generate_private_key(ec.SECP256R1())).pfx(), ""),
        "The certificate's key is EC. The portal signs in with RSA only: upload an RSA certificate",
    ),
    "EC, PEM with its parameters": (
        lambda who: (
            b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
            + Identity("", key=ec.generate_private_key(ec.SECP384R1())).key_pem(
                form=serialization.PrivateFormat.TraditionalOpenSSL
            )
            + who.leaf_pem(),
            "",
        ),
        "The certificate's key is EC.",
    ),
    "EC, with the CA's RSA key": (
        lambda _: (EC_LEAF.key_pem() + TRUE_CA.key_pem() + EC_LEAF.leaf_pem() + TRUE_CA.leaf_pem(), ""),
        "The certificate's key is EC.",
    ),
    "EC, the CA's key in its place": (
        lambda _: (TRUE_CA.key_pem() + EC_LEAF.leaf_pem() + TRUE_CA.leaf_pem(), ""),
        "The private key is a CA's, not that of the certificate beside it.",
    ),
    "the CA's key": (
        lambda _: (TRUE_CA.key_pem() + Identity("", issuer=TRUE_CA).leaf_pem() + TRUE_CA.leaf_pem(), ""),
        "The private key is a CA's, not that of the certificate beside it.",
    ),
    "OpenSSH": (
        lambda who: (who.key_pem(form=serialization.PrivateFormat.OpenSSH) + who.leaf_pem(), ""),
        "The private key is in OpenSSH's own format. Convert it to PEM: ssh-keygen -p -m PEM -f",
    ),
    "OpenSSH, without certificate, escaped": (
        lambda who: (escaped(who.key_pem(form=serialization.PrivateFormat.OpenSSH)), ""),
        "The private key is in OpenSSH's own format.",
    ),
    "PuTTY": (
        lambda _: (b"PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\n", ""),
        "The private key is in PuTTY's own format.",
    ),
    "Java": (lambda _: (b"\xfe\xed\xfe\xed\0\0\0\2" + b"\0" * 50, ""), "This is a Java keystore."),
    "key only, DER": (
        lambda who: (
            who.key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, NONE),
            "",
        ),
        "The file holds no certificate.",
    ),
    "certificate that can't be read": (
        lambda who: (who.key_pem() + who.leaf_pem().replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"), ""),
        "The file's certificate can't be read.",
    ),
    "Ed25519": (
        lambda _: pem_of(ed25519.Ed25519PrivateKey.generate()),
        "The certificate's key is Ed25519. The portal signs in with RSA only",
    ),
    "Ed448": (lambda _: pem_of(ed448.Ed448PrivateKey.generate()), "The certificate's key is Ed448."),
    "CA only": (
        lambda who: (CA.leaf_pem() + CA.leaf_pem() + who.key_pem(), ""),
        "The private key belongs to no certificate of the file.",
    ),
    "certificate only, DER": (
        lambda who: (who.leaf.public_bytes(serialization.Encoding.DER), ""),
        "The file holds no private key.",
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
