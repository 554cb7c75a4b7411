"""Issuers of a vault: each function checks the permission, acts on the vault and records the act."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from django.views.decorators.debug import sensitive_variables

from vaults.actions.changes import NameTaken, PartsUnread, changing, settle_lost
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError, NotFound
from vaults.keyvault.issuers import IssuerClient, changed_members
from vaults.keyvault.parts import Part, require_some
from vaults.keyvault.types import ACCOUNT, ORGANIZATION, CertificateIssuer, IssuerDetail, IssuerSettings
from vaults.models import Vault
from vaults.permissions import Action

#: What a person calls the sections that are replaced as a whole.
SECTIONS = {ACCOUNT: "The account", ORGANIZATION: "The organization"}


class IssuerChanged(Exception):
    """Another person changed the issuer after the form was opened. `issuer`: its present state."""

    def __init__(self, issuer: IssuerDetail) -> None:
        self.issuer = issuer
        super().__init__("changed meanwhile")


class Change(Enum):
    """What became of a change."""

    NONE = "nothing differed"
    DONE = "done"
    ORGANIZATION_KEPT = "done, but the vault kept the organization ID that was to go"


def issuer_token(issuer: IssuerDetail) -> str:
    """The state that a form was opened on: a digest of the settings with the time of the last update."""
    state = repr([issuer.settings, issuer.updated_on, sorted(issuer.closed), sorted(issuer.odd.items())])
    return hashlib.blake2b(state.encode(), digest_size=16).hexdigest()


def list_issuers(actor: Actor, vault: Vault) -> Part[Sequence[CertificateIssuer]]:
    """Where the list breaks off, what was read before. Raises the error if nothing was."""
    with act(actor, Action.ISSUER_LIST, vault) as doing:
        found = doing.client.issuers.read()
        require_some(found)
        doing.record_unread(found)
        return found


def read_issuer(actor: Actor, vault: Vault, name: str) -> IssuerDetail:
    """Raises NotFound."""
    with act(actor, Action.ISSUER_READ, vault, name=name) as doing:
        return doing.client.issuers.get(name)


@sensitive_variables("password")
def create_issuer(actor: Actor, vault: Vault, name: str, settings: IssuerSettings, password: str) -> None:
    """Key Vault overwrites an issuer without a word, so the name is looked up first.

    Raises NameTaken, and Forbidden if it can't be looked up.
    """
    with changing(actor, Action.ISSUER_CREATE, vault, name) as doing:
        issuers = doing.client.issuers
        if is_there(issuers, name):
            raise NameTaken
        try:
            issuers.create(name, settings, password)
        except AzureError as lost:
            settle_lost(lost, doing, lambda: not changed_members(settings, "", issuers.get(name).settings))


@sensitive_variables("password")
def update_issuer(
    actor: Actor, vault: Vault, name: str, wanted: IssuerSettings, password: str, opened_on: str
) -> Change:
    """Send the sections that differ.

    `opened_on`: the `issuer_token` of the form. Raises IssuerChanged, NotFound, and PartsUnread if a section that
    differs can't be sent anew without a loss.
    """
    with changing(actor, Action.ISSUER_UPDATE, vault, name) as doing:
        present = doing.client.issuers.get(name)
        if issuer_token(present) != opened_on:
            raise IssuerChanged(present)
        body = changed_members(wanted, password, present.settings)
        if lost := [SECTIONS[section] for section in sorted(present.closed & body.keys())]:
            raise PartsUnread(lost)
        doing.detail["attributes"] = sorted(body)
        return _update(doing, name, body, wanted, opened_on) if body else Change.NONE


def _update(doing: Doing, name: str, body: Mapping[str, Any], wanted: IssuerSettings, opened_on: str) -> Change:
    issuers = doing.client.issuers
    try:
        found = issuers.update(name, body)
    except AzureError as lost:
        settle_lost(lost, doing, lambda: _is_changed(issuers.get(name), wanted, opened_on))
        return Change.DONE
    is_kept = found.settings.organization_id and not wanted.organization_id
    return Change.ORGANIZATION_KEPT if is_kept else Change.DONE


def _is_changed(found: IssuerDetail, wanted: IssuerSettings, opened_on: str) -> bool:
    return issuer_token(found) != opened_on and not changed_members(wanted, "", found.settings)


def delete_issuer(actor: Actor, vault: Vault, name: str) -> None:
    """Delete it for good. Raises NotFound."""
    with changing(actor, Action.ISSUER_DELETE, vault, name) as doing:
        issuers = doing.client.issuers
        try:
            issuers.delete(name)
        except AzureError as lost:
            settle_lost(lost, doing, lambda: not is_there(issuers, name))


def is_there(issuers: IssuerClient, name: str) -> bool:
    """Raises other errors than NotFound."""
    try:
        issuers.get(name)
    except NotFound:
        return False
    return True
