"""X.500 names in the format of .NET, on which the service runs: `CN=shop, O="Example, Ltd.", S=Texas`.

Parts are separated by comma or semicolon, the attributes of one part by a plus sign. Separators may be quoted; a doubled
quote stands for a quote. The certificate has the parts in the reverse order of the text.
"""

import re
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from vaults.emulator.wire.errors import bad_parameter

DESCRIPTION, PO_BOX, PHONE = (ObjectIdentifier(f"2.5.4.{number}") for number in (13, 18, 20))
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
    "TITLE": NameOID.TITLE,
    "G": NameOID.GIVEN_NAME,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "I": NameOID.INITIALS,
    "INITIALS": NameOID.INITIALS,
    "SN": NameOID.SURNAME,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "DESCRIPTION": DESCRIPTION,
    "POSTALCODE": NameOID.POSTAL_CODE,
    "POBOX": PO_BOX,
    "PHONE": PHONE,
    "DNQUALIFIER": NameOID.DN_QUALIFIER,
}
LABEL_OF = {oid: label for label, oid in reversed(LABELS.items())} | {
    DESCRIPTION: "Description",
    NameOID.POSTAL_CODE: "PostalCode",
    PO_BOX: "POBox",
    PHONE: "Phone",
    NameOID.DN_QUALIFIER: "dnQualifier",
}
SPECIAL = r'[,;+"=<>\#\\]'
ATTRIBUTE = re.compile(
    rf"""
    \s* (?P<label> [A-Z]+ | (?:OID\.)?[0-9][0-9.]* ) \s* = \s*
    (?: "(?P<quoted> (?:[^"]|"")* )" | (?P<plain> (?!") (?: \\{SPECIAL} | \\(?!{SPECIAL}) | [^,;+\\] )*? ) )
    \s* (?P<end> [,;+] | \Z )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def parse(text: str) -> x509.Name:
    """The name of a policy's subject; the empty one for "". Raises the vault's 400."""
    try:
        return x509.Name(reversed(list(_parts(text)) if text.strip() else []))
    except ValueError:
        raise bad_parameter(
            "Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n"
        ) from None


def write(name: x509.Name) -> str:
    """A name as text, the last part of the certificate first."""
    return ", ".join(" + ".join(_write(attribute) for attribute in part) for part in reversed(name.rdns))


def _parts(text: str) -> Iterator[x509.RelativeDistinguishedName]:
    """The parts of a name in the order of the text. Raises ValueError."""
    attributes: list[x509.NameAttribute[str]] = []
    end, position = ",", 0
    while end:
        match = ATTRIBUTE.match(text, position)
        if match is None:
            raise ValueError("not an attribute")
        attributes.append(x509.NameAttribute(_oid(match["label"]), _value(match)))
        end, position = match["end"], match.end()
        if end != "+":
            yield x509.RelativeDistinguishedName(attributes)
            attributes = []


def _oid(label: str) -> ObjectIdentifier:
    """The type of a label. Raises ValueError."""
    dotted = label.upper().removeprefix("OID.")
    if dotted[0].isdigit():
        return ObjectIdentifier(dotted)
    if dotted not in LABELS:
        raise ValueError("not a known label")
    return LABELS[dotted]


def _value(match: re.Match[str]) -> str:
    """The value of an attribute: unescaped quotes, or, without quotes, unescaped special characters."""
    if match["quoted"] is not None:
        return match["quoted"].replace('""', '"')
    return re.sub(rf"\\({SPECIAL})", r"\1", match["plain"])


def _write(attribute: x509.NameAttribute[str | bytes]) -> str:
    label = LABEL_OF.get(attribute.oid, f"OID.{attribute.oid.dotted_string}")
    return f"{label}={_quote(str(attribute.value))}"


def _quote(value: str) -> str:
    if re.search(r'[,;+"=<>#\n]|^\s|\s$', value):
        doubled = value.replace('"', '""')
        return f'"{doubled}"'
    return value
