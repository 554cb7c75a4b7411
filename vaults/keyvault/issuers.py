"""The issuers of a vault: the CAs that it has an account with. Key Vault REST: Certificate Issuers.

An update replaces each section that it names as a whole: `credentials`, `org_details`, `attributes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vaults.azure.errors import MalformedResponse
from vaults.azure.json_values import Json
from vaults.azure.members import Members, as_text, is_one_line
from vaults.keyvault.operations import OPERATIONS
from vaults.keyvault.paging import Page, page_of, pages, walk
from vaults.keyvault.parts import Part, read_through
from vaults.keyvault.paths import path_of
from vaults.keyvault.session import VaultSession
from vaults.keyvault.types import ACCOUNT, ORGANIZATION, CertificateIssuer, IssuerAdmin, IssuerDetail, IssuerSettings

_ADMIN_MEMBERS: Final = ("first_name", "last_name", "email", "phone")
#: The members of each section that are known here. Key Vault adds `zip` with 0 by itself (seen in recordings).
_KNOWN: Final = {ACCOUNT: frozenset({"account_id", "pwd"}), ORGANIZATION: frozenset({"id", "zip", "admin_details"})}


class IssuerClient:
    """The issuers of one vault."""

    def __init__(self, session: VaultSession) -> None:
        self._session = session

    def list(self) -> Sequence[CertificateIssuer]:
        """All issuers, without their accounts. Permission: listissuers. (Get Certificate Issuers)"""
        return list(walk(self._page))

    def read(self) -> Part[Sequence[CertificateIssuer]]:
        """The same for display: where the list breaks off, what was read before. (Get Certificate Issuers)"""
        read = read_through(pages(self._page))
        return Part(read.value, read.error, read.nameless)

    def get(self, name: str) -> IssuerDetail:
        """One issuer. Permission: getissuers. (Get Certificate Issuer)"""
        return self._session.send(OPERATIONS["GetCertificateIssuer"], lambda data: read_issuer(data, name), name=name)

    def create(self, name: str, settings: IssuerSettings, password: str = "") -> IssuerDetail:
        """Set an issuer; one of this name is overwritten. Permission: setissuers. (Set Certificate Issuer)"""
        return self._session.send(
            OPERATIONS["SetCertificateIssuer"],
            lambda data: read_issuer(data, name),
            name=name,
            json=changed_members(settings, password),
        )

    def update(self, name: str, body: Mapping[str, Any]) -> IssuerDetail:
        """Change an issuer; `body` is made by `changed_members`. Permission: setissuers. (Update Certificate Issuer)"""
        return self._session.send(
            OPERATIONS["UpdateCertificateIssuer"], lambda data: read_issuer(data, name), name=name, json=body
        )

    def delete(self, name: str) -> None:
        """Delete an issuer for good. Permission: deleteissuers. (Delete Certificate Issuer)"""
        self._session.send(OPERATIONS["DeleteCertificateIssuer"], lambda _: None, name=name)

    def _page(self, token: str | None) -> Page[CertificateIssuer]:
        operation = OPERATIONS["GetCertificateIssuers"]
        list_url = self._session.vault_url + path_of(operation)
        return self._session.send(
            operation,
            lambda data: page_of(data, list_url, _listed),
            query={"$skiptoken": token} if token else None,
        )


def changed_members(
    settings: IssuerSettings, password: str = "", present: IssuerSettings | None = None
) -> dict[str, Any]:
    """The body of a request: the sections with something that differs from the present settings, or that says something."""
    before = present or IssuerSettings("")
    body: dict[str, Any] = {}
    if settings.provider != before.provider:
        body["provider"] = settings.provider
    if password or settings.account_id != before.account_id:
        body[ACCOUNT] = {"account_id": settings.account_id} | ({"pwd": password} if password else {})
    if (settings.organization_id, settings.admins) != (before.organization_id, before.admins):
        # Without an ID, as in all recordings of issuers that have none. What an empty one does is not documented.
        named = {"id": settings.organization_id} if settings.organization_id else {}
        body[ORGANIZATION] = named | {"admin_details": [_admin_members(admin) for admin in settings.admins]}
    if settings.enabled is not None and settings.enabled != before.enabled:
        body["attributes"] = {"enabled": settings.enabled}
    return body


def _admin_members(admin: IssuerAdmin) -> dict[str, str]:
    return {member: text for member in _ADMIN_MEMBERS if (text := getattr(admin, member))}


def read_issuer(data: Json, name: str) -> IssuerDetail:
    """An issuer, under the name of its id, or else under the one that was asked for."""
    members = Members(data)
    account, organization = members.section(ACCOUNT), members.section(ORGANIZATION)
    attributes = Members(members.raw("attributes"), members.odd)
    sent = organization.raw("admin_details")
    listed = sent if isinstance(sent, list) else []
    settings = IssuerSettings(
        provider=members.text("provider") or "",
        account_id=account.text("account_id") or "",
        organization_id=organization.text("id", "organization_id") or "",
        admins=tuple(_admin(item) for item in listed if isinstance(item, dict)),
        enabled=attributes.flag("enabled"),
    )
    created, updated = attributes.timestamp("created"), attributes.timestamp("updated")
    closed = {section for section in _KNOWN if not _is_plain(section, members.raw(section))}
    if ORGANIZATION in closed and sent is not None:
        members.odd["admins"] = as_text(sent)
    return IssuerDetail(_name_in(members) or name, settings, created, updated, frozenset(closed), members.odd)


def _is_plain(section: str, sent: Any) -> bool:
    """True if each member of the section is known and can be read, so that the section can be sent anew."""
    if sent is None:
        return True
    if not isinstance(sent, dict) or not sent.keys() <= _KNOWN[section]:
        return False
    if not all(isinstance(sent.get(member), str | None) for member in ("account_id", "id")):
        return False
    if sent.get("zip") not in (None, 0):
        return False
    admins = sent.get("admin_details")
    return admins is None or (isinstance(admins, list) and all(_is_plain_admin(item) for item in admins))


def _is_plain_admin(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() <= set(_ADMIN_MEMBERS)
        and all(text is None or is_one_line(text) for text in item.values())
    )


def _admin(item: Mapping[str, Any]) -> IssuerAdmin:
    members = Members(item)
    return IssuerAdmin(*(members.text(member) or "" for member in _ADMIN_MEMBERS))


def _name_in(members: Members) -> str:
    """The name in the id, `https://{vault}/certificates/issuers/{name}`; "" if it has none."""
    _, found, name = (members.text("id") or "").rpartition("/certificates/issuers/")
    return name if found else ""


def _listed(data: Json) -> CertificateIssuer:
    """An item of the list. Raises MalformedResponse if it has no name."""
    members = Members(data)
    name = _name_in(members)
    if not name:
        raise MalformedResponse("The answer names no issuer.")
    return CertificateIssuer(name, members.text("provider") or "")
