"""Import Certificate and Merge Certificate. Source: Key Vault REST.

A PFX is base64, PEM is text in any order or base64 of it. The certificate takes precedence over the policy of the request.
"""

import base64
import binascii
import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from vaults.emulator.dataplane import certificate_policy, certificates, pending, subjects
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.x509tools import PEM, PKCS12, UPN, add_months, key_usages
from vaults.emulator.state import keymaterial, operations
from vaults.emulator.state.entries import Entry, Version, new_version_id
from vaults.emulator.state.keymaterial import PrivateKey
from vaults.emulator.wire import rules
from vaults.emulator.wire.errors import VaultError, bad_parameter
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import CERTIFICATE

#: Most characters of a subject and of a password.
LONGEST = 200
PEM_MARK = "-----BEGIN "
PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
UNREADABLE = (
    "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is in "
    "valid PKCS#12 format."
)
UNREADABLE_PEM = (
    "The specified PEM X.509 certificate content is in an unexpected format. Please check if certificate is "
    "in valid PEM format."
)
FOREIGN_KEY = (
    "The public key of the end-entity certificate in the specified X.509 certificate content does not match "
    "the public part of the specified private key. Please check if certificate is valid."
)

EXPIRED = "The specified X.509 certificate content has expired. Please check if certificate is valid."


def import_certificate(call: Call) -> Response:
    attributes = rules.read_attributes(call.body)
    tags = rules.read_tags(call.body)
    requested = rules.mapping(call.body, "policy")
    content = rules.text(call.body, "value")
    if not content:
        raise rules.invalid_property("value")
    pem = _pem(content)
    wanted = rules.text(rules.mapping(requested, "secret_props"), "contentType")
    content_type = wanted or (PKCS12 if pem is None else PEM)
    password = rules.text(call.body, "pwd")
    if len(password or "") > LONGEST:
        raise rules.invalid_property("pwd")
    key, chain = _read(content if pem is None else pem, content_type, password)
    _refuse_unfit(chain[0], call.now)
    version = Version(new_version_id(), call.now, call.now, attributes.enabled is not False, tags=tags)
    with call.service.store.writing() as db:
        table = call.table(db, CERTIFICATE)
        entry = table.free_or_live(call.name) or Entry(call.name, version.version)
        certificates.check_names_free(call, db)
        if not entry.listed:
            version.version = entry.current  # replaces the version that was never issued
        entry.extra["policy"] = _policy(requested, entry.extra.get("policy"), chain[0], key, content_type, call.now)
        if rules.flag(call.body, "preserveCertOrder") is not None:
            entry.extra["preserveCertOrder"] = call.body["preserveCertOrder"]
        certificates.store_certificate(db, call, entry, version, chain, key)
        operations.forget(db, call.vault.id, entry.name)
        return json_response(200, certificates.bundle(call, db, entry, version))


def merge_certificate(call: Call) -> Response:
    """Merge Certificate: joins a certificate of an unknown issuer with the pending key. 201 with its address."""
    requested = rules.texts(call.body, "x5c")
    attributes = rules.read_attributes(call.body)
    tags = rules.read_tags(call.body)
    with call.service.store.writing() as db:
        try:
            operation, _, material = pending.find_asked(call, db)
        except VaultError as absent:
            # Only here the service writes it with a capital C.
            raise VaultError(404, absent.code, f"Pending Certificate not found: {call.name}") from None
        if not requested:
            raise rules.invalid_property("x5c")
        if operation["status"] != operations.IN_PROGRESS:
            raise VaultError(403, "Forbidden", "Pending status must be in progress to allow update.")
        if operation["issuer"].lower() != "unknown":
            # The typing error is in Microsoft's documentation.
            raise VaultError(
                403,
                "Forbidden",
                f"Merge is forbidden on pending object created with issuer : {operation['issuer']} while it is in progess.",
            )
        chain = [_der_certificate(item) for item in requested]
        key = keymaterial.load(material)
        if chain[0].public_key() != key.public_key():
            raise bad_parameter(FOREIGN_KEY)
        entry = call.table(db, CERTIFICATE).live(call.name)
        enabled = operation["enabled"] if attributes.enabled is None else attributes.enabled
        version = Version(
            operation["version"],
            call.now,
            call.now,
            enabled,
            tags=operation["tags"] if tags is None else tags,
        )
        certificates.store_certificate(db, call, entry, version, chain, key)
        operation["status"] = operations.COMPLETED
        operations.write(db, call.vault.id, call.name, operation, None, material)
        body = certificates.bundle(call, db, entry, version)
    location = f"{call.url('certificates', entry.name)}?api-version={call.api_version}"
    return json_response(201, body, [("Location", location)])


def _pem(content: str) -> str | None:
    """The PEM text of a value, which may be base64 of it; None if it is neither."""
    if PEM_MARK in content:
        return content
    try:
        text = base64.b64decode("".join(content.split()), validate=True).decode("ascii")
    except ValueError:
        return None
    return text if PEM_MARK in text else None


def _read(content: str, content_type: str, password: str | None) -> tuple[PrivateKey, list[x509.Certificate]]:
    """Private key and certificates, the leaf first. Raises the vault's 400."""
    unreadable = UNREADABLE if content_type == PKCS12 else UNREADABLE_PEM
    try:
        if content_type == PKCS12:
            key, found = _read_pfx(content, password)
        else:
            key, found = _read_pem(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise bad_parameter(unreadable) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise bad_parameter(unreadable)
    leaves = [certificate for certificate in found if certificate.public_key() == key.public_key()]
    if not leaves:
        raise bad_parameter(FOREIGN_KEY)
    return key, [leaves[0], *(certificate for certificate in found if certificate != leaves[0])]


def _refuse_unfit(leaf: x509.Certificate, now: int) -> None:
    """Raise the vault's 400 for an expired certificate, or one with a subject that is too long."""
    if leaf.not_valid_after_utc.timestamp() <= now:
        raise bad_parameter(EXPIRED)
    if len(subjects.write(leaf.subject)) > LONGEST:
        raise rules.invalid_property("subject")


def _read_pfx(content: str, password: str | None) -> tuple[Any, list[x509.Certificate]]:
    try:
        raw = base64.b64decode("".join(content.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    key, leaf, others = pkcs12.load_key_and_certificates(raw, (password or "").encode() or None)
    return key, [certificate for certificate in (leaf, *others) if certificate is not None]


def _read_pem(content: str, password: str | None) -> tuple[Any, list[x509.Certificate]]:
    key: Any = None
    found = []
    for match in PEM_BLOCK.finditer(content.encode()):
        if match[1] == b"CERTIFICATE":
            found.append(x509.load_pem_x509_certificate(match[0]))
        elif match[1].endswith(b"PRIVATE KEY"):
            encrypted = b"ENCRYPTED" in match[0]
            key = serialization.load_pem_private_key(match[0], (password or "").encode() if encrypted else None)
    return key, found


def _der_certificate(text: str) -> x509.Certificate:
    """A certificate of x5c. Base64 of base64 text is accepted, too, as recorded."""
    try:
        raw = base64.b64decode(text)
        if not raw.startswith(b"\x30"):
            raw = base64.b64decode(raw)
        return x509.load_der_x509_certificate(raw)
    except ValueError:
        raise rules.invalid_property("x5c") from None


def _policy(
    requested: dict[str, Any],
    present: dict[str, Any] | None,
    leaf: x509.Certificate,
    key: PrivateKey,
    content_type: str,
    now: int,
) -> dict[str, Any]:
    """The policy: from the certificate if possible, else from the request."""
    key_props: dict[str, Any] = rules.mapping(requested, "key_props") | {"key_size": key.key_size}
    key_props["kty"] = "RSA" if isinstance(key, rsa.RSAPrivateKey) else "EC"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        key_props["crv"] = keymaterial.curve_name(key)
    return certificate_policy.complete(
        {
            "key_props": key_props,
            "secret_props": {"contentType": content_type},
            "x509_props": _x509_props(leaf),
            "issuer": rules.mapping(requested, "issuer") or {"name": "Unknown"},
            "lifetime_actions": requested.get("lifetime_actions"),
        },
        now,
        {"attributes": present["attributes"]} if present else None,
    )


def _x509_props(leaf: x509.Certificate) -> dict[str, Any]:
    usage = _extension(leaf, x509.KeyUsage)
    basic = _extension(leaf, x509.BasicConstraints)
    ekus = _extension(leaf, x509.ExtendedKeyUsage)
    names = _extension(leaf, x509.SubjectAlternativeName)
    props: dict[str, Any] = {
        "subject": subjects.write(leaf.subject),
        "ekus": [oid.dotted_string for oid in ekus] if ekus else [],
        "key_usage": key_usages(usage) if usage else [],
        "validity_months": _months(leaf),
        "basic_constraints": {"ca": bool(basic and basic.ca)},
    }
    if names:
        props["sans"] = {
            "emails": names.get_values_for_type(x509.RFC822Name),
            "dns_names": names.get_values_for_type(x509.DNSName),
            "upns": [name.value[2:].decode() for name in names.get_values_for_type(x509.OtherName) if _is_upn(name)],
        }
    return props


def _is_upn(name: x509.OtherName) -> bool:
    """Whether a name is a user principal name in a UTF8String of the short form; other forms are not read."""
    return name.type_id == UPN and re.fullmatch(rb"\x0c[\x00-\x7f].*", name.value, re.DOTALL) is not None


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _months(leaf: x509.Certificate) -> int:
    """The validity of a certificate in months, rounded up, as recorded."""
    start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(int(start.timestamp()), months) < end:
        months += 1
    return max(1, min(months, 1200))
