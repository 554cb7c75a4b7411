"""Issuers of a vault: each function checks the permission, acts on the vault and records the act."""

import hashlib
from collections.abc import Sequence

from django.views.decorators.debug import sensitive_variables

from vaults.actions.changes import NameTaken, PartsUnread, changing
from vaults.actors import Actor
from vaults.acts import act
from vaults.azure.errors import NotFound
from vaults.keyvault.issuers import changed_members
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


def issuer_token(issuer: IssuerDetail) -> str:
    """The state that a form was opened on: a digest of the settings with the time of the last update."""
    state = repr([issuer.settings, issuer.updated_on, sorted(issuer.closed), sorted(issuer.odd.items())])
    return hashlib.blake2b(state.encode(), digest_size=16).hexdigest()


def list_issuers(actor: Actor, vault: Vault) -> Sequence[CertificateIssuer]:
    with act(actor, Action.ISSUER_LIST, vault) as doing:
        return doing.client.issuers.list()


def read_issuer(actor: Actor, vault: Vault, name: str) -> IssuerDetail:
    """Raises NotFound."""
    with act(actor, Action.ISSUER_READ, vault, name=name) as doing:
        return doing.client.issuers.get(name)


@sensitive_variables("password")
def create_issuer(actor: Actor, vault: Vault, name: str, settings: IssuerSettings, password: str) -> IssuerDetail:
    """Key Vault overwrites an issuer without a word, so the name is looked up first.

    Raises NameTaken, and Forbidden if it can't be looked up.
    """
    with changing(actor, Action.ISSUER_CREATE, vault, name) as doing:
        try:
            doing.client.issuers.get(name)
        except NotFound:
            return doing.client.issuers.create(name, settings, password)
        raise NameTaken


@sensitive_variables("password")
def update_issuer(actor: Actor, vault: Vault, name: str, wanted: IssuerSettings, password: str, opened_on: str) -> bool:
    """Send the sections that differ. False if none does.

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
        if body:
            doing.client.issuers.update(name, body)
    return bool(body)


def delete_issuer(actor: Actor, vault: Vault, name: str) -> None:
    """Delete it for good. Raises NotFound."""
    with changing(actor, Action.ISSUER_DELETE, vault, name) as doing:
        doing.client.issuers.delete(name)
