"""Sixty replies of CAs in all dresses: each is taken with the chain in order, or refused with its reason."""

import base64
import gzip
import io
import random
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import say
from tests.signing import Authority, Shop, bare, der, named, new_key, p7b, pem, pfx, private_der, private_pem
from vaults.keyvault.ca_reply import MOST_BYTES, REASONS, ReplyRefused, read_reply
from vaults.keyvault.chains import Chain, ChainRefused, build

Reply = bytes | list[bytes]


@pytest.fixture(scope="module")
def shops() -> dict[str, Shop]:
    return {"EC": Shop("EC"), "RSA": Shop("RSA")}


@dataclass(frozen=True)
class Case:
    """`wanted`: the names of the chain in order with what is missing after "?", or the reason of the refusal."""

    words: str
    reply: Callable[[Shop], Reply]
    wanted: str
    left_out: str = ""
    kind: str = "EC"


FULL = "shop.example < Issuing 2 < Issuing 1 < Root R"
QUOTED = b"On Monday Ada wrote:\n> Dear all, here it is.\n>\n"


def quoted(text: bytes, mark: bytes = b"> ") -> bytes:
    return b"\n".join(mark + line for line in text.split(b"\n"))


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("certificate.pem", content)
    return file.getvalue()


def csr_pem(shop: Shop) -> bytes:
    return x509.load_der_x509_csr(shop.csr).public_bytes(Encoding.PEM)


def public_pem(shop: Shop) -> bytes:
    return shop.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def encrypted(shop: Shop, encoding: Encoding = Encoding.PEM) -> bytes:
    return shop.key.private_bytes(encoding, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def renamed_ca(shop: Shop) -> x509.Certificate:
    """A CA with the name of the leaf's issuer, and another key."""
    return shop.roots[0].sign(shop.two.name, new_key().public_key(), ca=True)


def damaged(shop: Shop) -> bytes:
    text = pem(shop.leaf).decode()
    return (text[:120] + "\n*!*\n" + text[140:]).encode()


def one_line(text: bytes) -> bytes:
    return text.replace(b"\n", b" ")


def trusted(shop: Shop) -> bytes:
    body = base64.encodebytes(der(shop.leaf) + b"\x30\x0a\x0c\x08my alias")
    return b"-----BEGIN TRUSTED CERTIFICATE-----\n" + body + b"-----END TRUSTED CERTIFICATE-----\n"


def soft(text: bytes) -> bytes:
    """Quoted-printable, as in the source of a mail."""
    return text.replace(b"=", b"=3D").replace(b"\n", b"=\n", 3)


CASES = [
    Case("PEM, the whole chain", lambda s: pem(*s.chain), FULL),
    Case("PEM, the whole chain, RSA", lambda s: pem(*s.chain), FULL, kind="RSA"),
    Case("PEM, upside down", lambda s: pem(*reversed(s.chain)), FULL),
    Case("PEM, shuffled", lambda s: pem(s.root, s.leaf, s.intermediate, s.lower), FULL),
    Case("PEM, the leaf alone", lambda s: pem(s.leaf), "shop.example ? Issuing 2"),
    Case("PEM without the root", lambda s: pem(*s.chain[:3]), "shop.example < Issuing 2 < Issuing 1 ? Root R"),
    Case(
        "PEM, one in the middle is missing",
        lambda s: pem(s.leaf, s.intermediate, s.root),
        "shop.example ? Issuing 2",
        "foreign foreign",
    ),
    Case("PEM, Windows line ends", lambda s: pem(*s.chain).replace(b"\n", b"\r\n"), FULL),
    Case("PEM, line ends of an old Mac", lambda s: pem(*s.chain).replace(b"\n", b"\r"), FULL),
    Case("PEM, UTF-8 with BOM", lambda s: b"\xef\xbb\xbf" + pem(*s.chain), FULL),
    Case("PEM, UTF-16 with BOM", lambda s: pem(*s.chain).decode().encode("utf-16"), FULL),
    Case("PEM, UTF-16 without BOM", lambda s: pem(*s.chain).decode().encode("utf-16-le"), FULL),
    Case(
        "PEM, with OpenSSL's text before", lambda s: b"subject=CN = shop.example\nissuer=CN = x\n" + pem(*s.chain), FULL
    ),
    Case(
        "PEM, Bag Attributes between",
        lambda s: b"Bag Attributes\n  localKeyID: 01\n".join(pem(c) for c in s.chain),
        FULL,
    ),
    Case("PEM in one line", lambda s: one_line(pem(*s.chain)), FULL),
    Case(
        "PEM without line ends in the body",
        lambda s: pem(s.leaf, s.lower).replace(b"\n", b""),
        "shop.example < Issuing 2 ? Issuing 1",
    ),
    Case(
        "PEM, wrapped at 30",
        lambda s: b"\n".join(
            b"-----BEGIN CERTIFICATE-----\n" + bare(c, width=30) + b"\n-----END CERTIFICATE-----" for c in s.chain
        ),
        FULL,
    ),
    Case("PEM, quoted in a mail", lambda s: QUOTED + quoted(pem(*s.chain)) + b"\nRegards\n", FULL),
    Case("PEM, quoted twice", lambda s: quoted(quoted(pem(*s.chain), b">")), FULL),
    Case("PEM, quoted with a bar", lambda s: quoted(pem(*s.chain), b"| "), FULL),
    Case("PEM, indented", lambda s: quoted(pem(*s.chain), b"    "), FULL),
    Case("PEM, non-breaking spaces", lambda s: quoted(pem(*s.chain), "\u00a0\u00a0".encode()), FULL),
    Case("PEM, marks with dashes of a word processor", lambda s: pem(*s.chain).replace(b"-----", "——".encode()), FULL),
    Case("PEM, marks broken over two lines", lambda s: pem(*s.chain).replace(b"N CERT", b"N\nCERT"), FULL),
    Case("PEM, zero-width characters", lambda s: pem(*s.chain).replace(b"\n", "\u200b\n".encode()), FULL),
    Case("PEM in quoted-printable", lambda s: soft(pem(*s.chain)), FULL),
    Case(
        "PEM as X509 CERTIFICATE",
        lambda s: pem(*s.chain).replace(b"N CERT", b"N X509 CERT").replace(b"D CERT", b"D X509 CERT"),
        FULL,
    ),
    Case("PEM as TRUSTED CERTIFICATE", trusted, "shop.example ? Issuing 2"),
    Case("PEM and a public key", lambda s: public_pem(s) + pem(*s.chain), FULL),
    Case("DER, the leaf", lambda s: der(s.leaf), "shop.example ? Issuing 2"),
    Case("DER, the leaf, RSA", lambda s: der(s.leaf), "shop.example ? Issuing 2", kind="RSA"),
    Case("DER, four files", lambda s: [der(c) for c in reversed(s.chain)], FULL),
    Case("DER, one after the other in one file", lambda s: b"".join(der(c) for c in s.chain), FULL),
    Case("a DER file and the chain pasted", lambda s: [der(s.leaf), pem(s.root, s.lower, s.intermediate)], FULL),
    Case("P7B, DER", lambda s: p7b(*s.chain), FULL),
    Case("P7B, DER, RSA", lambda s: p7b(*s.chain), FULL, kind="RSA"),
    Case("P7B, PEM", lambda s: p7b(*s.chain, encoding=Encoding.PEM), FULL),
    Case(
        "P7B, PEM, as CERTIFICATE",
        lambda s: p7b(*s.chain, encoding=Encoding.PEM).replace(b"PKCS7", b"CERTIFICATE"),
        FULL,
    ),
    Case(
        "P7B, PEM, quoted with Windows line ends",
        lambda s: quoted(p7b(*s.chain, encoding=Encoding.PEM)).replace(b"\n", b"\r\n"),
        FULL,
    ),
    Case("P7B, base64 without marks", lambda s: base64.encodebytes(p7b(*s.chain)), FULL),
    Case("base64 without marks", lambda s: bare(*s.chain), FULL),
    Case("base64 in one line", lambda s: base64.b64encode(der(s.leaf)), "shop.example ? Issuing 2"),
    Case(
        "base64 in a mail", lambda s: b"Hello,\n\n" + quoted(bare(*s.chain)) + b"\n\nMICHAEL SMITH\nHead of PKI\n", FULL
    ),
    Case(
        "base64 with hard spaces",
        lambda s: bare(s.leaf, s.lower).replace(b"\n", "\u00a0\n".encode()),
        "shop.example < Issuing 2 ? Issuing 1",
    ),
    Case(
        "everything twice",
        lambda s: pem(*s.chain) + p7b(*s.chain, encoding=Encoding.PEM),
        FULL,
        "duplicate duplicate duplicate duplicate",
    ),
    Case("a foreign certificate too", lambda s: pem(*s.chain, s.foreign), FULL, "foreign"),
    Case("cross-signed root and its root", lambda s: pem(s.old_root, s.cross, *s.chain), FULL, "other_path other_path"),
    Case(
        "cross-signed, its own root is missing",
        lambda s: pem(s.leaf, s.lower, s.intermediate, s.cross, s.old_root),
        "shop.example < Issuing 2 < Issuing 1 < Root R < Root O",
    ),
    Case("a CA of the same name", lambda s: pem(renamed_ca(s), *s.chain), FULL, "same_name"),
    Case(
        "only the wrong CA of that name", lambda s: pem(s.leaf, renamed_ca(s)), "shop.example ? Issuing 2", "same_name"
    ),
    Case(
        "two certificates for the key",
        lambda s: pem(s.two.sign("shop.example", s.public, begin=-400, end=-30), *s.chain),
        FULL,
        "other_leaf",
    ),
    Case(
        "an expired leaf",
        lambda s: pem(s.two.sign("shop.example", s.public, begin=-400, end=-30), s.lower),
        "shop.example < Issuing 2 ? Issuing 1",
    ),
    Case(
        "a leaf that is not valid yet",
        lambda s: pem(s.two.sign("shop.example", s.public, begin=3)),
        "shop.example ? Issuing 2",
    ),
    Case(
        "self-signed",
        lambda s: pem(
            x509.CertificateBuilder(
                named("shop.example"),
                named("shop.example"),
                s.key.public_key(),
                5,
                datetime(2020, 1, 1, tzinfo=UTC),
                datetime(2040, 1, 1, tzinfo=UTC),
            ).sign(s.key, hashes.SHA256())
        ),
        "shop.example",
    ),
    Case(
        "an expired intermediate and its renewal",
        lambda s: pem(s.roots[0].sign(s.one.name, s.one.key.public_key(), ca=True, begin=-900, end=-9), *s.chain),
        FULL,
        "other_path",
    ),
    Case("another key's certificate", lambda s: pem(s.foreign, s.lower), "foreign_key"),
    Case("only CAs", lambda s: pem(s.lower, s.root), "foreign_key"),
    Case("the signing request itself", csr_pem, "signing_request"),
    Case("the signing request in DER", lambda s: s.csr, "signing_request"),
    Case("nothing", lambda _: b" \r\n ", "empty"),
    Case("a mail without a certificate", lambda _: b"Dear Olga, your order 4711 is under way.", "no_certificate"),
    Case("a public key", public_pem, "no_certificate"),
    Case("a private key beside it", lambda s: pem(*s.chain) + private_pem(s.key), "private_key"),
    Case("a private key of SEC 1", lambda s: private_pem(s.key, PrivateFormat.TraditionalOpenSSL), "private_key"),
    Case(
        "a private key of PKCS#1, quoted",
        lambda s: quoted(private_pem(s.key, PrivateFormat.TraditionalOpenSSL)),
        "private_key",
        kind="RSA",
    ),
    Case("an encrypted private key", encrypted, "private_key"),
    Case("a private key in DER", lambda s: private_der(s.key), "private_key"),
    Case(
        "a private key in DER, RSA",
        lambda s: private_der(s.key, PrivateFormat.TraditionalOpenSSL),
        "private_key",
        kind="RSA",
    ),
    Case("an encrypted private key in DER", lambda s: encrypted(s, Encoding.DER), "private_key"),
    Case("a private key in base64 without marks", lambda s: base64.encodebytes(private_der(s.key)), "private_key"),
    Case("a private key whose end is cut off", lambda s: private_pem(s.key)[:90], "private_key"),
    Case(
        "a private key in base64, cut off",
        lambda s: base64.encodebytes(private_der(s.key))[:100],
        "private_key",
        kind="RSA",
    ),
    Case("a private key in a second file", lambda s: [b"no certificate", private_pem(s.key)], "private_key"),
    Case(
        "a private key called a certificate",
        lambda s: private_pem(s.key).replace(b"PRIVATE KEY", b"CERTIFICATE"),
        "private_key",
    ),
    Case("PFX", lambda s: pfx(s.key, s.leaf), "keystore"),
    Case("Java keystore", lambda _: b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "keystore"),
    Case("ZIP", lambda s: zipped(pem(*s.chain)), "archive"),
    Case("gzip", lambda s: gzip.compress(pem(*s.chain)), "archive"),
    Case("a block without its end", lambda s: pem(*s.chain)[:-30], "cut_off"),
    Case("DER, cut off", lambda s: der(s.leaf)[:-40], "cut_off"),
    Case("base64, cut off", lambda s: bare(s.leaf)[:-40], "cut_off"),
    Case("foreign characters in a block", damaged, "damaged"),
    Case(
        "a block of something else",
        lambda _: b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----",
        "damaged",
    ),
    Case("DER of something else", lambda _: b"\x30\x04\x02\x02\x00\x05", "damaged"),
    Case("more than a megabyte", lambda s: pem(s.leaf) + b" " * MOST_BYTES, "too_large"),
    Case("more than a hundred", lambda s: pem(*([s.leaf] * 101)), "too_many"),
]


def cn(certificate: bytes) -> str:
    name = x509.load_der_x509_certificate(certificate).subject
    return str(name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def said(chain: Chain) -> str:
    missing = f" ? {chain.missing.removeprefix('CN=')}" if chain.missing else ""
    return " < ".join(cn(each) for each in chain.certificates) + missing


def taken(parts: Sequence[bytes], csr: bytes) -> tuple[str, str]:
    try:
        chain = build(read_reply(parts), csr, datetime.now(UTC))
    except (ReplyRefused, ChainRefused) as refused:
        return refused.reason, ""
    return said(chain), " ".join(each.reason for each in chain.left_out)


@pytest.mark.parametrize("case", CASES, ids=[case.words for case in CASES])
def test_a_reply_is_taken_or_refused(case: Case, shops: dict[str, Shop]) -> None:
    shop = shops[case.kind]
    reply = case.reply(shop)
    assert taken([reply] if isinstance(reply, bytes) else reply, shop.csr) == (case.wanted, case.left_out)


def test_there_are_sixty_and_every_reason_is_met() -> None:
    refused = {case.wanted for case in CASES} & {*REASONS}
    say(f"replies of CAs: {len(CASES)}, of which {sum(case.wanted in REASONS for case in CASES)} refused as they are")
    assert len(CASES) >= 60
    assert len({case.words for case in CASES}) == len(CASES)
    assert refused == {*REASONS}


MADE_UP = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(str.encode),
    st.binary(max_size=60).map(lambda content: b"\x30" + content),
    st.lists(
        st.sampled_from(
            [
                b"-----BEGIN CERTIFICATE-----",
                b"-----END CERTIFICATE-----",
                b"-----BEGIN ",
                b"END",
                b"PKCS7",
                b"-----",
                b"\n",
                b"> ",
                b"MIIC",
                b"MIICAAAAAAAAAAAAAAAA",
                b"MIAGCSqGSIb3DQEHAqCA",
                b"AAAA" * 9,
                b"=",
                b"\x00",
                b":",
                b"\xc2\xa0",
            ]
        ),
        max_size=30,
    ).map(b"".join),
)


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(MADE_UP, max_size=3))
def test_arbitrary_bytes_are_read_or_refused(parts: list[bytes]) -> None:
    assert taken(parts, b"no request")[0] in {*REASONS, "request_unreadable"}


def test_a_reply_with_changed_bytes_never_raises(shops: dict[str, Shop]) -> None:
    shop, chance = shops["EC"], random.Random(7)  # noqa: S311 - not for secrets
    for whole in (p7b(*shop.chain), pem(*shop.chain), der(shop.leaf), der(shop.leaf)) * 150:
        content = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        with suppress(ReplyRefused, ChainRefused):
            build(read_reply([bytes(content)]), shop.csr, datetime.now(UTC))


def same_names(count: int) -> list[bytes]:
    """Certificates of which each could be the leaf's issuer by name, with a large key."""
    ca = Authority("Issuing 2", rsa.generate_private_key(65537, 3072))
    return [der(ca.sign(ca.name, ca.key.public_key(), ca=True)) for _ in range(count)]


@pytest.mark.parametrize(
    "hostile",
    [
        b"-" * MOST_BYTES,
        b"M" * MOST_BYTES,
        b"-----BEGIN CERTIFICATE-----\n" * 35_000,
        b"-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n" * 15_000,
        b"MIIBAAAAAAAAAAAAAAAAAAAAAAAA\n" * 34_000,
        b"\x30\x00" * 500_000,
        b"\x30\x80" * 500_000,
        b"> " * 500_000,
        b"BEGIN" * 200_000,
    ],
)
def test_a_hostile_reply_costs_less_than_a_second(hostile: bytes) -> None:
    begin = time.process_time()
    assert taken([hostile], b"")[0] in REASONS
    assert time.process_time() - begin < 1


def test_many_cas_of_one_name_cost_less_than_a_second() -> None:
    shop = Shop()
    names = same_names(99)
    begin = time.process_time()
    chain = build([der(shop.leaf), *names], shop.csr, datetime.now(UTC))
    assert len(chain.left_out) == 99
    assert time.process_time() - begin < 1
