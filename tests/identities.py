"""Certificates that service principals sign in with."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12

from vaults.emulator.state import keymaterial

PEM, NONE = serialization.Encoding.PEM, serialization.NoEncryption()
NAME = x509.Name.from_rfc4514_string("CN=sp-shop-admin")
CA_NAME = x509.Name.from_rfc4514_string("CN=Contoso CA")
DAY = timedelta(days=1)


class Identity:
    """A key and its certificate, as the files people have them in; valid from and until so many days from now."""

    def __init__(
        self,
        purpose: str,
        *,
        key: Any = None,
        days: tuple[int, int] = (0, 365),
        name: Any = NAME,
        issuer: "Identity | None" = None,
        ca: bool | None = None,
    ) -> None:
        self.key: Any = key or keymaterial.pooled_key("RSA", 2048, purpose)
        signer, now = issuer.key if issuer else self.key, datetime.now(UTC)
        issuer_name = issuer.leaf.subject if issuer else name
        made = x509.CertificateBuilder(issuer_name, name, self.key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now + days[0] * DAY).not_valid_after(now + days[1] * DAY)
        if ca is not None:
            made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        hashed = None if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()
        self.leaf: x509.Certificate = made.sign(signer, hashed)

    def key_pem(self, password: str = "", form: Any = serialization.PrivateFormat.PKCS8) -> bytes:
        lock = serialization.BestAvailableEncryption(password.encode()) if password else NONE
        return bytes(self.key.private_bytes(PEM, form, lock))

    def leaf_pem(self) -> bytes:
        return self.leaf.public_bytes(PEM)

    def pfx(self, password: str = "") -> bytes:
        lock = serialization.BestAvailableEncryption(password.encode()) if password else NONE
        return pkcs12.serialize_key_and_certificates(b"sp", self.key, self.leaf, [CA.leaf], lock)


CA = Identity("Contoso CA", name=CA_NAME)
