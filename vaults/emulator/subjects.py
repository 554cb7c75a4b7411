"""X.500 names as .NET writes them, for that is what the service runs on: `CN=shop, O=Example, C=DE`.

The text names the most specific part first or last as it likes; the certificate holds the parts in the
reverse order.
"""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from vaults.emulator.errors import bad_parameter

LABELS: dict[str, ObjectIdentifier] = {
    "CN": NameOID.COMMON_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "L": NameOID.LOCALITY_NAME,
    "S": NameOID.STATE_OR_PROVINCE_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "C": NameOID.COUNTRY_NAME,
    "E": NameOID.EMAIL_ADDRESS,
    "EMAIL": NameOID.EMAIL_ADDRESS,
    "DC": NameOID.DOMAIN_COMPONENT,
    "STREET": NameOID.STREET_ADDRESS,
    "T": NameOID.TITLE,
    "G": NameOID.GIVEN_NAME,
    "SN": NameOID.SURNAME,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
}
SHOWN = {oid: label for label, oid in reversed(LABELS.items())} | {NameOID.STATE_OR_PROVINCE_NAME: "S"}
PART = re.compile(r'\s*([A-Za-z]+|[0-9.]+)\s*=\s*("(?:[^"]|"")*"|(?:\\.|[^,;+"\\])*)\s*(?:[,;+]|$)')


def parse(text: str) -> x509.Name:
    """The name that a policy's subject means. Raises the vault's 400."""
    attributes: list[x509.NameAttribute[str]] = []
    position = 0
    while position < len(text):
        match = PART.match(text, position)
        oid = _oid(match[1]) if match else None
        if match is None or oid is None:
            raise bad_parameter(f"The subject name '{text}' is not a valid X500 name.")
        position = match.end()
        try:
            attributes.append(x509.NameAttribute(oid, _unquote(match[2])))
        except ValueError:
            raise bad_parameter(f"The subject name '{text}' is not a valid X500 name.") from None
    return x509.Name(reversed(attributes))


def write(name: x509.Name) -> str:
    """A name as text, the last part of the certificate first."""
    return ", ".join(
        f"{SHOWN.get(attribute.oid, attribute.oid.dotted_string)}={_quote(str(attribute.value))}"
        for attribute in reversed(list(name))
    )


def _oid(label: str) -> ObjectIdentifier | None:
    if label[0].isdigit():
        try:
            return ObjectIdentifier(label)
        except ValueError:
            return None
    return LABELS.get(label.upper())


def _unquote(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        return value[1:-1].replace('""', '"')
    return re.sub(r"\\(.)", r"\1", value)


def _quote(value: str) -> str:
    if re.search(r'[,;+"=<>#\n]|^\s|\s$', value):
        doubled = value.replace('"', '""')
        return f'"{doubled}"'
    return value
