"""Key files that people import: what they are made of, and what is to come of them."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.attacks.test_earlier import der as in_der
from tests.attacks.test_earlier import endless_key
from tests.identities import Identity
from vaults.emulator.state import keymaterial

DER, PEM, NONE = serialization.Encoding.DER, serialization.Encoding.PEM, serialization.NoEncryption()
PKCS8, OLD, OPENSSH = (
    serialization.PrivateFormat.PKCS8,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.PrivateFormat.OpenSSH,
)
PASSWORD = "sesame of the key file"
RSA_KEY: Any = keymaterial.pooled_key("RSA", 2048, "key file")
OTHER_RSA: Any = keymaterial.pooled_key("RSA", 2048, "another key file")
EC_KEYS: dict[str, Any] = {
    name: keymaterial.pooled_key("EC", 0, name) for name in ("P-256", "P-384", "P-521", "P-256K")
}
P256 = EC_KEYS["P-256"]


@dataclass(frozen=True)
class Case:
    """`refused`: part of the sentence, `at`: the field where it stands; else `key` is what is in the vault afterwards."""

    file: bytes = field(default=b"", repr=False)
    key: Any = None
    password: str = ""
    pasted: str = field(default="", repr=False)
    refused: str = ""
    at: str = "upload"


def written(key: Any, encoding: Any = PEM, form: Any = PKCS8, password: str = "") -> bytes:
    lock = serialization.BestAvailableEncryption(password.encode()) if password else NONE
    return bytes(key.private_bytes(encoding, form, lock))


def number(value: int, size: int = 0) -> str:
    raw = value.to_bytes(size or (value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwk_of(key: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        own = key.private_numbers()
        parts = {"d": own.d, "p": own.p, "q": own.q, "dp": own.dmp1, "dq": own.dmq1, "qi": own.iqmp}
        return {"kty": "RSA", **keymaterial.public_jwk(key), **{name: number(part) for name, part in parts.items()}}
    private = number(key.private_numbers().private_value, (key.curve.key_size + 7) // 8)
    return {"kty": "EC", **keymaterial.public_jwk(key), "d": private}


def jwk(key: Any, *without: str, **more: Any) -> bytes:
    found = {name: value for name, value in jwk_of(key).items() if name not in without}
    return json.dumps(found | more).encode()


def blob(kid: str, exchange_key: rsa.RSAPublicKey, key: Any) -> bytes:
    """As the BYOK tools of HSM vendors write it."""
    aes = bytes(range(32))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 as specified
    wrapped = exchange_key.encrypt(aes, oaep) + keywrap.aes_key_wrap_with_padding(aes, keymaterial.dump(key))
    header = {"kid": kid, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}
    ciphertext = base64.urlsafe_b64encode(wrapped).decode().rstrip("=")
    return json.dumps(
        {"schema_version": "1.0.0", "header": header, "ciphertext": ciphertext, "generator": "x"}
    ).encode()


def endless_scrypt() -> bytes:
    """PKCS#8 in DER whose password has to go through scrypt with N = 2^30: a terabyte of memory."""
    cost = in_der(0x02, (2**30).to_bytes(4, "big")) + in_der(0x02, b"\x08") + in_der(0x02, b"\x01")
    parameters = in_der(0x30, in_der(0x04, bytes(8)) + cost)
    scrypt = in_der(0x30, in_der(0x06, bytes.fromhex("2b06010401da47040b")), parameters)
    cipher = in_der(0x30, in_der(0x06, bytes.fromhex("60864801650304012a")), in_der(0x04, bytes(16)))
    lock = in_der(0x30, in_der(0x06, bytes.fromhex("2a864886f70d01050d")), in_der(0x30, scrypt, cipher))
    return in_der(0x30, lock, in_der(0x04, bytes(16)))


def public_pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


TAKEN: dict[str, Callable[[], Case]] = {
    "PEM, PKCS#8": lambda: Case(written(RSA_KEY), RSA_KEY),
    "PEM, PKCS#1": lambda: Case(written(RSA_KEY, form=OLD), RSA_KEY),
    "PEM, PKCS#8 encrypted": lambda: Case(written(RSA_KEY, password=PASSWORD), RSA_KEY, PASSWORD),
    "PEM, PKCS#1 encrypted by OpenSSL": lambda: Case(written(RSA_KEY, form=OLD, password=PASSWORD), RSA_KEY, PASSWORD),
    "PEM, SEC1 with its parameters": lambda: Case(
        b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + written(P256, form=OLD),
        P256,
    ),
    "PEM, SEC1 encrypted by OpenSSL": lambda: Case(written(P256, form=OLD, password=PASSWORD), P256, PASSWORD),
    "PEM, EC in PKCS#8 encrypted": lambda: Case(written(P256, password=PASSWORD), P256, PASSWORD),
    "PEM, a password that is not needed": lambda: Case(written(P256), P256, PASSWORD),
    "PEM, Windows line ends": lambda: Case(written(RSA_KEY).replace(b"\n", b"\r\n"), RSA_KEY),
    "PEM, UTF-16": lambda: Case(written(RSA_KEY).decode().encode("utf-16"), RSA_KEY),
    "PEM, text around it": lambda: Case(b"Here it is:\n\n" + written(P256) + b"\nRegards\n", P256),
    "PEM, line ends of an environment file": lambda: Case(b'KEY="' + written(P256).replace(b"\n", b"\\n") + b'"', P256),
    "PEM, the public key beside it": lambda: Case(public_pem(P256) + written(P256), P256),
    "PEM, pasted": lambda: Case(key=P256, pasted=written(P256).decode()),
    "PEM, a password in UTF-8": lambda: Case(written(P256, password="ü" * 40), P256, "ü" * 40),
    "DER, PKCS#8": lambda: Case(written(RSA_KEY, DER), RSA_KEY),
    "DER, PKCS#8 encrypted": lambda: Case(written(RSA_KEY, DER, password=PASSWORD), RSA_KEY, PASSWORD),
    "DER, PKCS#1": lambda: Case(written(RSA_KEY, DER, OLD), RSA_KEY),
    "DER, SEC1": lambda: Case(written(EC_KEYS["P-384"], DER, OLD), EC_KEYS["P-384"]),
    "DER in base64, pasted": lambda: Case(key=P256, pasted=base64.encodebytes(written(P256, DER)).decode()),
    "JWK, RSA": lambda: Case(jwk(RSA_KEY), RSA_KEY),
    "JWK, RSA without its primes": lambda: Case(jwk(RSA_KEY, "p", "q", "dp", "dq", "qi"), RSA_KEY),
    "JWK, RSA with leading zeros": lambda: Case(
        jwk(RSA_KEY, n=number(RSA_KEY.private_numbers().public_numbers.n, 257)), RSA_KEY
    ),
    "JWK, EC": lambda: Case(jwk(P256), P256),
    "JWK, with what is said about it": lambda: Case(
        jwk(P256, use="sig", alg="ES256", kid="mine", key_ops=["sign"], ext=True), P256
    ),
    "JWK, P-256K by its other name": lambda: Case(jwk(EC_KEYS["P-256K"], crv="secp256k1"), EC_KEYS["P-256K"]),
    "JWK, padded base64url": lambda: Case(jwk(P256, d=jwk_of(P256)["d"] + "="), P256),
    "JWK, pasted with a byte order mark": lambda: Case(key=P256, pasted="\ufeff" + jwk(P256).decode()),
    "JWK, UTF-16": lambda: Case(jwk(P256).decode().encode("utf-16"), P256),
    "JWK set of one": lambda: Case(b'{"keys": [' + jwk(P256) + b"]}", P256),
    "P-521": lambda: Case(written(EC_KEYS["P-521"]), EC_KEYS["P-521"]),
    "P-256K": lambda: Case(written(EC_KEYS["P-256K"]), EC_KEYS["P-256K"]),
    "RSA 3072": lambda: Case(written(of_size(3072)), of_size(3072)),
    "RSA 4096": lambda: Case(written(of_size(4096)), of_size(4096)),
}


def of_size(bits: int) -> Any:
    return keymaterial.pooled_key("RSA", bits, "key file")


def damaged(name: str) -> bytes:
    """An RSA JWK with one member taken from another key."""
    return jwk(RSA_KEY, **{name: jwk_of(OTHER_RSA)[name]})


MISSING = {f"JWK, {name} missing": name for name in ("n", "e", "p", "q", "dp", "dq", "qi")}
REFUSED: dict[str, Callable[[], Case]] = {
    **{
        kind: lambda name=name: Case(jwk(RSA_KEY, name), refused=f"The member {name} is missing.")  # type: ignore[misc]
        for kind, name in MISSING.items()
    },
    **{
        f"JWK, {name} of another key": lambda name=name: Case(damaged(name), refused="don't belong together")  # type: ignore[misc]
        for name in ("d", "p", "q", "dp", "dq", "qi")
    },
    "JWK, n is not p times q": lambda: Case(damaged("n"), refused="n is not p times q"),
    "JWK, d of another key, no primes": lambda: Case(
        jwk(RSA_KEY, "p", "q", "dp", "dq", "qi", d=jwk_of(OTHER_RSA)["d"]), refused="don't belong together"
    ),
    "JWK, x missing": lambda: Case(jwk(P256, "x"), refused="The member x is missing."),
    "JWK, crv missing": lambda: Case(jwk(P256, "crv"), refused="The member crv is missing."),
    "JWK, x of another key": lambda: Case(
        jwk(P256, x=jwk_of(EC_KEYS["P-256K"])["x"]), refused="x, y and d don't belong together"
    ),
    "JWK, d of another key, EC": lambda: Case(
        jwk(P256, d=jwk_of(EC_KEYS["P-256K"])["d"]), refused="x, y and d don't belong together"
    ),
    "JWK, public RSA": lambda: Case(
        jwk(RSA_KEY, "d", "p", "q", "dp", "dq", "qi"), refused="This is a public key: the member d is missing."
    ),
    "JWK, public EC": lambda: Case(jwk(P256, "d"), refused="This is a public key: the member d is missing."),
    "JWK, an empty member": lambda: Case(jwk(RSA_KEY, qi=""), refused="The member qi is empty."),
    "JWK, a number as a member": lambda: Case(jwk(P256, d=5), refused="The member d is no text."),
    "JWK, a list as a member": lambda: Case(jwk(P256, d=["AA"]), refused="The member d is no text."),
    "JWK, a member that is not base64url": lambda: Case(jwk(P256, d="+/é"), refused="The member d is not base64url."),
    "JWK, a foreign member": lambda: Case(jwk(P256, n="AQAB"), refused="It has members that a JWK of this type"),
    "JWK, an unknown member": lambda: Case(jwk(RSA_KEY, secret="x"), refused="It has members that a JWK of this type"),
    "JWK, more than two primes": lambda: Case(jwk(RSA_KEY, oth=[]), refused="The key has more than two primes."),
    "JWK, a member twice": lambda: Case(b'{"kty": "EC", "kty": "RSA"}', refused="can't be read as JSON"),
    "JWK, symmetric": lambda: Case(b'{"kty": "oct", "k": "AAAA"}', refused="This is a symmetric key."),
    "JWK, Ed25519": lambda: Case(b'{"kty": "OKP", "crv": "Ed25519", "d": "AA"}', refused="The key is of the type OKP"),
    "JWK, an unknown type": lambda: Case(b'{"kty": "LWE"}', refused="The member kty names another type."),
    "JWK, no type": lambda: Case(b'{"d": "AA"}', refused="The member kty is missing"),
    "JWK, RSA 1024": lambda: Case(jwk(of_size(1024)), refused="The key is RSA with 1024 bits."),
    "JWK, a curve that is none": lambda: Case(
        jwk(P256, crv="brainpoolP256r1"), refused="The key's curve is brainpoolP256r1."
    ),
    "JWK, a curve that is no word": lambda: Case(jwk(P256, crv="<script>"), refused="The key's curve is another one."),
    "JWK set of two": lambda: Case(
        b'{"keys": [' + jwk(P256) + b"," + jwk(P256) + b"]}", refused="There are 2 keys in it."
    ),
    "JWK set of none": lambda: Case(b'{"keys": []}', refused="There are 0 keys in it."),
    "JSON, a list": lambda: Case(b"[1, 2]", refused="This is JSON, but no JWK."),
    "JSON, cut off": lambda: Case(jwk(P256)[:-9], refused="This starts like JSON, but can't be read as JSON."),
    "JSON, deep": lambda: Case(b'{"a":' * 15_000 + b"1" + b"}" * 15_000, refused="can't be read as JSON"),
    "JSON, deep list": lambda: Case(b"[" * 90_000, refused="can't be read as JSON"),
    "JWK, a modulus as large as the file": lambda: Case(
        jwk(RSA_KEY, n="_" * 90_000), refused="The key is RSA with 540000 bits."
    ),
    "JWK, members as large as the file": lambda: Case(jwk(RSA_KEY, d="_" * 90_000), refused="don't belong together"),
    "PEM, public": lambda: Case(public_pem(RSA_KEY), refused="This is a public key."),
    "PEM, a certificate besides": lambda: Case(
        Identity("key file").leaf_pem() + written(RSA_KEY), refused="There are certificates in it."
    ),
    "PEM, a certificate alone": lambda: Case(Identity("key file").leaf_pem(), refused="There are certificates in it."),
    "PEM, two keys": lambda: Case(written(RSA_KEY) + written(P256), refused="There are 2 private keys in it."),
    "PEM, neither": lambda: Case(
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", refused="There is no private key in it."
    ),
    "PEM, its password missing": lambda: Case(written(P256, password=PASSWORD), refused="Give its password."),
    "PEM, a wrong password": lambda: Case(
        written(P256, password=PASSWORD), password="another", refused="The password is not that of the private key"
    ),
    "PEM of OpenSSL, its password missing": lambda: Case(
        written(RSA_KEY, form=OLD, password=PASSWORD), refused="Give its password."
    ),
    "PEM of OpenSSL, a wrong password": lambda: Case(
        written(RSA_KEY, form=OLD, password=PASSWORD), password="another", refused="The password is not that"
    ),
    "PEM, damaged": lambda: Case(
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", refused="The private key can't be read"
    ),
    "PEM, 2^31 rounds": lambda: Case(endless_key(), password=PASSWORD, refused="would take too many rounds"),
    "DER, scrypt of a terabyte": lambda: Case(
        endless_scrypt(), password=PASSWORD, refused="would take too many rounds"
    ),
    "DER, public": lambda: Case(
        P256.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        refused="This is a public key.",
    ),
    "DER, a certificate": lambda: Case(
        Identity("key file").leaf.public_bytes(DER), refused="There are certificates in it."
    ),
    "PFX": lambda: Case(
        pkcs12.serialize_key_and_certificates(b"x", RSA_KEY, Identity("key file").leaf, None, NONE),
        refused="There are certificates in it.",
    ),
    "OpenSSH": lambda: Case(written(P256, form=OPENSSH), refused="The private key is in OpenSSH's own format."),
    "PuTTY": lambda: Case(b"PuTTY-User-Key-File-3: ssh-rsa\n", refused="The private key is in PuTTY's own format."),
    "Java keystore": lambda: Case(b"\xfe\xed\xfe\xed" + bytes(40), refused="This is a Java keystore."),
    "RSA 1024": lambda: Case(written(of_size(1024)), refused="The key is RSA with 1024 bits."),
    "RSA 2304": lambda: Case(written(of_size(2304)), refused="The key is RSA with 2304 bits."),
    "brainpool": lambda: Case(
        written(ec.generate_private_key(ec.BrainpoolP256R1())), refused="The key is on the curve brainpoolP256r1."
    ),
    "P-224": lambda: Case(
        written(ec.generate_private_key(ec.SECP224R1())), refused="The key is on the curve secp224r1."
    ),
    "Ed25519": lambda: Case(written(ed25519.Ed25519PrivateKey.generate()), refused="The key is Ed25519."),
    "X25519": lambda: Case(written(x25519.X25519PrivateKey.generate()), refused="The key is of another kind."),
    "DSA": lambda: Case(written(dsa.generate_private_key(2048)), refused="The key is DSA."),
    "rubbish": lambda: Case(b"\x00\xff rubbish", refused="This is neither PEM nor DER nor JWK"),
    "rubbish that starts like DER": lambda: Case(b"0" + bytes(90), refused="The private key can't be read"),
    "text": lambda: Case(pasted="my key", refused="This is neither PEM nor DER nor JWK", at="pasted"),
    "huge": lambda: Case(b"-" * 100_001, refused="This is larger than 100 kB; a private key is smaller."),
    "huge, pasted": lambda: Case(pasted="-" * 100_001, refused="This is larger than 100 kB", at="pasted"),
    "nothing": lambda: Case(refused="Choose a file, or paste the key below."),
    "spaces": lambda: Case(pasted=" \n", refused="Choose a file, or paste the key below."),
    "both": lambda: Case(
        written(P256), pasted=written(P256).decode(), refused="Choose a file or paste the key, not both."
    ),
    "blob without a mechanism": lambda: Case(
        b'{"header": {"kid": "x"}, "ciphertext": "AA"}', refused="does not name the mechanism CKM_RSA_AES_KEY_WRAP."
    ),
    "blob without a key exchange key": lambda: Case(
        b'{"header": {"enc": "CKM_RSA_AES_KEY_WRAP", "kid": "kek"}, "ciphertext": "AA"}',
        refused="does not name its key exchange key",
    ),
    "blob without ciphertext": lambda: Case(
        b'{"header": {"enc": "CKM_RSA_AES_KEY_WRAP", "kid": "https://v.example/keys/kek"}, "ciphertext": "<>"}',
        refused="The key transfer blob has no ciphertext.",
    ),
    "blob of an unknown type": lambda: Case(
        b'{"header": {"enc": "CKM_RSA_AES_KEY_WRAP", "kid": "https://v.example/keys/kek"}, "ciphertext": "AAAA"}',
        refused="Choose what is in the transfer blob",
        at="transferred",
    ),
    "JWK with rubbish as a blob": lambda: Case(
        b'{"kty": "RSA-HSM", "key_hsm": "AAAA"}', refused="The member key_hsm holds no key transfer blob."
    ),
}
