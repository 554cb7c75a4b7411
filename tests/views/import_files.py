"""Files that people import: what they are made of, and what is to come of them."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import univ
from pyasn1_modules import rfc5652, rfc7292

from tests.attacks.test_earlier import endless_key
from tests.identities import Identity

DER, PEM, NONE = serialization.Encoding.DER, serialization.Encoding.PEM, serialization.NoEncryption()
OLD_FORM = serialization.PrivateFormat.TraditionalOpenSSL
PASSWORD = "of the file"


def named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


ROOT = Identity("import root", name=named("Contoso Root"), days=(-900, 4000), ca=True)
MIDDLE = Identity("import middle", name=named("Contoso Issuing CA"), days=(-800, 2000), issuer=ROOT, ca=True)
SITE = Identity("import leaf", name=named("www.contoso.example"), issuer=MIDDLE, ca=False)
OTHER = Identity("import other", name=named("mail.contoso.example"), issuer=MIDDLE, ca=False)
OWN = Identity("import own", name=named("own.contoso.example"))
CURVES = {
    each.name: Identity("", key=ec.generate_private_key(each), name=named(each.name))
    for each in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1())
}
#: As `openssl pkcs12 -export -legacy` writes it: RC2 with 40 bits for the certificate, 3DES for the key; EC, password 1234.
RC2 = base64.b64decode(
    """MIIDggIBAzCCA0gGCSqGSIb3DQEHAaCCAzkEggM1MIIDMTCCAicGCSqGSIb3DQEHBqCCAhgwggIUAgEAMIICDQYJKoZIhvcNAQcBMBwGCiqGSIb3DQEMAQ
YwDgQIYdTy3YGZKIsCAggAgIIB4IZs3sbmYjKO8aTuOuDqS3AC5NYcECmhaHLLnMEIF3y1QEqN2zakyLkMnm01LYUjx+4gsf/b4OhVMOx639eda/OS6KGt
9RIa6LkRh/Oeg80hN10s5HzD1loKAB829a+O2C/KikS7vp2F/r5vmYzOBqJT9swcxZU5fIJRzZWiBPkpamjdGgMMUPcm1GUyYTS0Q9t1Wqe6Qcae8VWfJG
iomh+L1TzgH6fnY98BaBmJMWqLsEROi4aiVmvVMk2NES0S7VAvdVgp4PtLd0AUkrPzCk2HAvh7J4PbRbGDRGeT78SNC1Ek8aj/794PhaEDZsZAtgDm4SaM
WEAI83VzQolCEpvFoaAN7ahN9AeUhlU6Fmt1hUJhu0SnH9I/loD588vJGdWbBODbbfc5ZWt4bDVe1KIrlzhV/SOJChdCOFXYOY+xl+8ZgMxUD8GnEWjmO2
EUyiKhIspnaMjXeJ9X6dYi7ogDHNg8l//b28iFW35zYYLhqT8q145njbybBWXYUsi0ZJd1caGpY7g4lLOkuOEYXvvBWOkWaEvNEDfgY7WeP2ZBrp+LR1E2
w8OTd4V6bPEwENFqKHnDvJ7734Ul7BmSYUDp1L4g4Klp21tR0zQV/vNUKNPYYEg9VSt2BzM6CRu58zCCAQIGCSqGSIb3DQEHAaCB9ASB8TCB7jCB6wYLKo
ZIhvcNAQwKAQKggbQwgbEwHAYKKoZIhvcNAQwBAzAOBAgM4R2l8jn/5AICCAAEgZA8MBdmNiZrrE2aodv+czsfzak7zrjODr1BrswIMHPZABhmcKoPaJxr
/KZ1UYMou/xv6kOF5fIhYVqhjJt17xnQe9CBT0GPx9Y0DywWgi3ZZkE4G9JPfTXvSzIsqDd5c6eDhKHKjJ2jHv6n1c9YggoxXN7Tgh+OC1OvRQIIeRdR4r
2G0OKkq4mjld1CZjiUXAIxJTAjBgkqhkiG9w0BCRUxFgQUF7OyBc9gUJ6tm5AmVUl4B3L1oLAwMTAhMAkGBSsOAwIaBQAEFBd4fChM/1GhVdvrsstYpvoR
7qn7BAiNZHyZ0wnoGQICCAA="""
)


@dataclass(frozen=True)
class Case:
    """`refused`: part of the sentence; "" if it is imported. `chain`: the subjects in the vault, the certificate's own first."""

    files: list[bytes] = field(repr=False)
    refused: str = ""
    chain: tuple[str, ...] = ()
    password: str = ""
    pasted: str = field(default="", repr=False)
    as_pem: bool = False
    left_out: str = ""


def pfx(who: Identity, password: str = "", *above: Identity, algorithm: Any = None) -> bytes:
    lock: Any = NONE
    if password:
        building = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2000)
        building = building.key_cert_algorithm(algorithm or pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        digest = hashes.SHA1() if algorithm else hashes.SHA256()  # noqa: S303 as old tools write it
        lock = building.hmac_hash(digest).build(password.encode())
    return pkcs12.serialize_key_and_certificates(b"x", who.key, who.leaf, [each.leaf for each in above], lock)


def together(*files: bytes) -> bytes:
    """One PFX with the parts of several, as Windows exports several certificates. It has no MAC."""
    parts = rfc7292.AuthenticatedSafe()
    for each in files:
        opened, _ = decoder.decode(each, asn1Spec=rfc7292.PFX())
        inner, _ = decoder.decode(opened["authSafe"]["content"])
        parts.extend(decoder.decode(inner, asn1Spec=rfc7292.AuthenticatedSafe())[0])
    made = rfc7292.PFX()
    made["version"], made["authSafe"]["contentType"] = 3, rfc5652.id_data
    made["authSafe"]["content"] = encoder.encode(univ.OctetString(encoder.encode(parts)))
    return bytes(encoder.encode(made))


def endless_pfx() -> bytes:
    """A PFX whose password has to go through two thousand million rounds, before it is known to be right."""
    made, _ = decoder.decode(pfx(OWN, PASSWORD), asn1Spec=rfc7292.PFX())
    made["macData"]["iterations"] = 2**31 - 1
    return bytes(encoder.encode(made))


def der(who: Identity, form: Any = serialization.PrivateFormat.PKCS8, password: str = "") -> bytes:
    lock = serialization.BestAvailableEncryption(password.encode()) if password else NONE
    return bytes(who.key.private_bytes(DER, form, lock))


def leaf_der(who: Identity) -> bytes:
    return who.leaf.public_bytes(DER)


def bundle(*who: Identity) -> bytes:
    return b"".join(each.leaf_pem() for each in who)


def many_of(count: int) -> list[Identity]:
    key = ec.generate_private_key(ec.SECP256R1())
    return [Identity("", key=key, name=named(f"number {number}")) for number in range(count)]


def many(count: int) -> bytes:
    return bundle(*many_of(count))


def of_size(bits: int) -> Identity:
    return Identity("", key=rsa.generate_private_key(65537, bits), name=named(f"rsa {bits}"))


FULL = ("CN=www.contoso.example", "CN=Contoso Issuing CA", "CN=Contoso Root")
LEAF, SELF = FULL[:1], ("CN=own.contoso.example",)
TAKEN: dict[str, Callable[[], Case]] = {
    "PFX without a password": lambda: Case([pfx(OWN)], chain=SELF),
    "PFX, AES-256": lambda: Case([pfx(SITE, PASSWORD, MIDDLE, ROOT)], chain=FULL, password=PASSWORD),
    "PFX, 3DES": lambda: Case(
        [pfx(SITE, PASSWORD, MIDDLE, ROOT, algorithm=pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)],
        chain=FULL,
        password=PASSWORD,
    ),
    "PFX, RC2": lambda: Case([RC2], chain=("CN=old.example",), password="1234"),
    "PFX, chain in the wrong order": lambda: Case([pfx(SITE, "", ROOT, MIDDLE)], chain=FULL),
    "PFX in base64": lambda: Case([base64.encodebytes(pfx(OWN))], chain=SELF),
    "PFX and its chain in another file": lambda: Case([pfx(SITE), bundle(ROOT, MIDDLE)], chain=FULL),
    "PEM, key first": lambda: Case([SITE.key_pem() + bundle(SITE, MIDDLE, ROOT)], chain=FULL, as_pem=True),
    "PEM, key last, chain upside down": lambda: Case(
        [bundle(ROOT, MIDDLE, SITE) + SITE.key_pem()], chain=FULL, as_pem=True
    ),
    "PEM, PKCS#1": lambda: Case([SITE.key_pem(form=OLD_FORM) + SITE.leaf_pem()], chain=LEAF, as_pem=True),
    "PEM, PKCS#8 encrypted": lambda: Case(
        [SITE.key_pem(PASSWORD) + SITE.leaf_pem()], chain=LEAF, password=PASSWORD, as_pem=True
    ),
    "PEM, PKCS#1 encrypted": lambda: Case(
        [SITE.key_pem(PASSWORD, OLD_FORM) + SITE.leaf_pem()], chain=LEAF, password=PASSWORD, as_pem=True
    ),
    "PEM, SEC1 with its parameters": lambda: Case(
        [
            b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
            + CURVES["secp256r1"].key_pem(form=OLD_FORM)
            + CURVES["secp256r1"].leaf_pem()
        ],
        chain=("CN=secp256r1",),
        as_pem=True,
    ),
    "PEM, a password that is not needed": lambda: Case(
        [OWN.key_pem() + OWN.leaf_pem()], chain=SELF, password=PASSWORD, as_pem=True
    ),
    "PEM, UTF-16": lambda: Case([(OWN.key_pem() + OWN.leaf_pem()).decode().encode("utf-16")], chain=SELF, as_pem=True),
    "PEM, the same certificate twice": lambda: Case(
        [OWN.key_pem() + OWN.leaf_pem(), OWN.leaf_pem()], chain=SELF, as_pem=True
    ),
    "PEM, key and chain in three files": lambda: Case(
        [ROOT.leaf_pem() + MIDDLE.leaf_pem(), SITE.leaf_pem(), SITE.key_pem()], chain=FULL, as_pem=True
    ),
    "PEM, another's certificate": lambda: Case(
        [SITE.key_pem() + bundle(OTHER, SITE, MIDDLE)], chain=FULL[:2], as_pem=True, left_out="CN=mail.contoso.example"
    ),
    "PEM, a damaged certificate besides": lambda: Case(
        [OWN.key_pem() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + OWN.leaf_pem()],
        chain=SELF,
        as_pem=True,
        left_out="It can't be read.",
    ),
    "pasted PEM": lambda: Case(
        [], chain=FULL, pasted=(SITE.key_pem() + bundle(SITE, MIDDLE, ROOT)).decode(), as_pem=True
    ),
    "certificate as a file, key pasted": lambda: Case(
        [leaf_der(OWN)], chain=SELF, pasted=OWN.key_pem().decode(), as_pem=True
    ),
    "DER, PKCS#8": lambda: Case([leaf_der(OWN), der(OWN)], chain=SELF),
    "DER, PKCS#8 encrypted": lambda: Case([der(OWN, password=PASSWORD), leaf_der(OWN)], chain=SELF, password=PASSWORD),
    "DER, PKCS#1": lambda: Case([leaf_der(OWN), der(OWN, OLD_FORM)], chain=SELF),
    "DER, SEC1": lambda: Case(
        [leaf_der(CURVES["secp384r1"]), der(CURVES["secp384r1"], OLD_FORM)], chain=("CN=secp384r1",)
    ),
    "PKCS#7 chain, DER": lambda: Case(
        [der(SITE), pkcs7.serialize_certificates([ROOT.leaf, SITE.leaf, MIDDLE.leaf], DER)], chain=FULL
    ),
    "PKCS#7 chain, PEM": lambda: Case(
        [SITE.key_pem(), pkcs7.serialize_certificates([ROOT.leaf, SITE.leaf, MIDDLE.leaf], PEM)],
        chain=FULL,
        as_pem=True,
    ),
    "P-521": lambda: Case([pfx(CURVES["secp521r1"])], chain=("CN=secp521r1",)),
    "P-256K": lambda: Case([pfx(CURVES["secp256k1"])], chain=("CN=secp256k1",)),
    "RSA 3072": lambda: Case([pfx(of_size(3072))], chain=("CN=rsa 3072",)),
    "not valid yet": lambda: Case(
        [pfx(Identity("import later", name=named("later"), days=(20, 90)))], chain=("CN=later",)
    ),
    "self-signed that calls itself a CA": lambda: Case(
        [pfx(Identity("import own", name=named("own.contoso.example"), ca=True))], chain=SELF
    ),
    "the longest subject": lambda: Case([pfx(Identity("import long", name=long_name(200)))], chain=(written(200),)),
    "a password in UTF-8": lambda: Case([pfx(OWN, "ü" * 40)], chain=SELF, password="ü" * 40),
}


def long_name(length: int) -> x509.Name:
    """A name that Azure writes with so many characters."""
    units = [x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "o" * 60) for _ in range(length // 65)]
    rest = length - 65 * len(units) - len("CN=")
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "c" * rest), *units])


def written(length: int) -> str:
    parts = length // 65
    return "OU=" + "o" * 60 + (", OU=" + "o" * 60) * (parts - 1) + ", CN=" + "c" * (length - 65 * parts - 3)


REFUSED: dict[str, Callable[[], Case]] = {
    "expired": lambda: Case(
        [pfx(Identity("import old", name=named("old"), days=(-400, -2)))],
        "Key Vault takes no expired certificate: import the one that followed it.",
    ),
    "no key": lambda: Case([SITE.leaf_pem()], "There is no private key in it."),
    "no key, DER": lambda: Case([leaf_der(SITE)], "There is no private key in it."),
    "PFX without a key": lambda: Case(
        [pkcs12.serialize_key_and_certificates(None, None, SITE.leaf, None, NONE)], "There is no private key in it."
    ),
    "no certificate": lambda: Case([SITE.key_pem()], "There is no certificate in it."),
    "two keys": lambda: Case(
        [SITE.key_pem() + OTHER.key_pem() + SITE.leaf_pem()], "There are 2 private keys in it. Leave in only the one"
    ),
    "PFX, three keys": lambda: Case(
        [together(*(pfx(each, PASSWORD) for each in (SITE, OTHER, OWN)))],
        "There are 3 private keys in it. Leave in only the one",
        password=PASSWORD,
    ),
    "PFX, three keys, no password": lambda: Case(
        [together(pfx(SITE), pfx(OTHER), pfx(OWN))], "There are 3 private keys in it. Leave in only the one"
    ),
    "another's key": lambda: Case(
        [OTHER.key_pem() + SITE.leaf_pem()], "The private key does not belong to the certificate."
    ),
    "a key that fits none of several": lambda: Case(
        [OTHER.key_pem() + bundle(SITE, MIDDLE)], "The private key belongs to no certificate in it."
    ),
    "the CA's key": lambda: Case([MIDDLE.key_pem() + bundle(SITE, MIDDLE)], "The private key is a CA's"),
    "two certificates for the key": lambda: Case(
        [SITE.key_pem() + SITE.leaf_pem() + Identity("import leaf", name=named("renewed")).leaf_pem()],
        "There are 2 certificates for this key in it",
    ),
    "PFX, its password missing": lambda: Case([pfx(OWN, PASSWORD)], "The PFX file has a password, or it is damaged."),
    "PFX, a wrong password": lambda: Case(
        [pfx(OWN, PASSWORD)], "The password does not open the PFX file, or the file is damaged.", password="another"
    ),
    "PFX, cut off": lambda: Case([pfx(OWN)[:-200]], "The PFX file has a password, or it is damaged."),
    "PEM, its password missing": lambda: Case(
        [OWN.key_pem(PASSWORD) + OWN.leaf_pem()], "The private key is encrypted. Give its password."
    ),
    "PEM, a wrong password": lambda: Case(
        [OWN.key_pem(PASSWORD) + OWN.leaf_pem()], "The password is not that of the private key", password="another"
    ),
    "PEM, a damaged key": lambda: Case(
        [b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" + OWN.leaf_pem()],
        "The private key can't be read",
    ),
    "RSA 1024": lambda: Case([pfx(of_size(1024))], "The key is RSA with 1024 bits. Key Vault takes RSA keys of 2048,"),
    "RSA 2304": lambda: Case([pfx(of_size(2304))], "The key is RSA with 2304 bits."),
    "P-224": lambda: Case(
        [pfx(Identity("", key=ec.generate_private_key(ec.SECP224R1())))], "The key is on the curve secp224r1."
    ),
    "Ed25519": lambda: Case(
        [pfx(Identity("", key=ed25519.Ed25519PrivateKey.generate()))],
        "The key is Ed25519. Key Vault takes only RSA and EC keys.",
    ),
    "DSA": lambda: Case(
        [Identity("", key=dsa.generate_private_key(2048)).key_pem() + OWN.leaf_pem()], "The key is DSA."
    ),
    "500 certificates": lambda: Case(
        [OWN.key_pem() + OWN.leaf_pem() + many(499)], "There are 500 certificates in it; 30 are taken at most."
    ),
    "PFX, 500 certificates": lambda: Case(
        [pfx(OWN, "", *many_of(499))], "There are 500 certificates in it; 30 are taken at most."
    ),
    "PFX, 2^31 rounds": lambda: Case(
        [endless_pfx()], "Reading the file took longer than 5 seconds.", password=PASSWORD
    ),
    "2^31 rounds": lambda: Case(
        [endless_key() + OWN.leaf_pem()], "Reading the file took longer than 5 seconds.", password=PASSWORD
    ),
    "too large": lambda: Case([b"x" * 400_001], "This is larger than 400 kB"),
    "empty": lambda: Case([b""], "The submitted file is empty."),
    "too many files": lambda: Case([leaf_der(OWN)] * 11, "These are 11 files; 10 are taken at most."),
    "nothing at all": lambda: Case([], "Choose the file or files, or paste PEM text below."),
    "backslashes only": lambda: Case([b"\\" * 399_000], "This is neither PEM nor PFX nor DER"),
    "a picture": lambda: Case([b"\x89PNG\r\n\x1a\n" + bytes(200)], "This is neither PEM nor PFX nor DER"),
    "OpenSSH": lambda: Case(
        [OWN.key_pem(form=serialization.PrivateFormat.OpenSSH) + OWN.leaf_pem()],
        "The private key is in OpenSSH's own format.",
    ),
    "Java keystore": lambda: Case([b"\xfe\xed\xfe\xed\0\0\0\2" + b"\0" * 50], "This is a Java keystore."),
    "pasted text of another kind": lambda: Case([], "This is neither PEM nor PFX nor DER", pasted="nothing of use\n"),
    "a subject that is too long": lambda: Case(
        [pfx(Identity("import long", name=long_name(201)))],
        "The certificate's subject has 201 characters; Key Vault takes 200",
    ),
}
