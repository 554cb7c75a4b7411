"""Secrets: each function checks the permission, acts on the vault and records the act. Only `reveal_secret` returns a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from vaults.actions.changes import (
    UNREAD,
    NameTaken,
    changing,
    differences,
    is_taken,
    look_up_lost,
    refuse_if_changed,
    refuse_if_unread,
    version_opened_on,
)
from vaults.actions.reveals import keep_within_limit
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part, no_version, part, require_some, versions_read
from vaults.keyvault.paths import check_new_name, is_version
from vaults.keyvault.types import Secret, SecretProperties
from vaults.models import Vault
from vaults.permissions import Action
from vaults.secret_comparison import Comparison, compare

#: The tag that names the version whose value a roll back stored again, if that is wanted.
ORIGIN_TAG = "rolled-back-to"


@dataclass(frozen=True, slots=True)
class SecretContent:
    """Content of a new version; None and an empty mapping are left out of the request."""

    value: str = field(repr=False)
    content_type: str | None = None
    enabled: bool | None = None
    not_before: datetime | None = None
    expires_on: datetime | None = None
    tags: Mapping[str, str] | None = None

    @classmethod
    def like(cls, value: str, current: SecretProperties) -> Self:
        """The attributes that a new version takes from the current one, without the expiry date: the user must choose that."""
        ahead = current.not_before is not None and current.not_before > timezone.now()
        return cls(
            value=value,
            content_type=current.content_type or None,
            not_before=current.not_before if ahead else None,
            tags=current.tags,
        )

    def made(self, version: SecretProperties) -> bool:
        """True if this content could have made this version. (The value is not compared: that would read it.)"""
        return (
            (version.content_type or None) == self.content_type
            and dict(version.tags) == dict(self.tags or {})
            and version.expires_on == self.expires_on
            and version.not_before == self.not_before
        )


def read_secret(actor: Actor, vault: Vault, name: str) -> Part[Sequence[SecretProperties]]:
    """All versions without values, newest first. Raises NotFound if there are none, and the error if none could be read."""
    asked_at = timezone.now()
    with act(actor, Action.SECRET_READ, vault, name=name) as doing:
        client = doing.client
        [versions] = gather(lambda: versions_read(client.secrets, name), meanwhile=doing.meanwhile)
        require_some(versions)
        doing.record_unread(versions)
        if not versions.value:
            raise no_version(name, versions)
    observe.see_live(vault, versions.value[0], asked_at)
    return versions


@sensitive_variables("first", "second")
def compare_secret(actor: Actor, vault: Vault, name: str, before: str, after: str) -> Comparison:
    """Compare the values of two versions; nobody sees them. It counts as two reveals.

    Raises NotFound if there is no such version, and Forbidden if one of them is disabled.
    """
    facts: dict[str, Any] = {"compared_with": before} if is_version(before) else {}
    with act(actor, Action.SECRET_COMPARE, vault, name=name, version=after, **facts) as doing:
        keep_within_limit(actor, vault)
        client = doing.client
        first, second = gather(lambda: client.secrets.get(name, before), lambda: client.secrets.get(name, after))
        doing.decide()  # the right may have ended while Azure was slow
        return compare(first.value, second.value)


def reveal_secret(actor: Actor, vault: Vault, name: str, version: str = "") -> Secret:
    """The value. It is returned only after the record of this reveal is committed."""
    with act(actor, Action.SECRET_REVEAL, vault, name=name, version=version) as doing:
        keep_within_limit(actor, vault)
        secret = doing.client.secrets.get(name, version)
        doing.decide()  # the right may have ended while Azure was slow
        doing.event.version = secret.properties.version
    return secret


@sensitive_variables("content")
def create_secret(actor: Actor, vault: Vault, name: str, content: SecretContent) -> SecretProperties:
    """Raises NameTaken if the name is in use, Conflict if a deleted secret has it, and AmbiguousPath."""
    with changing(actor, Action.SECRET_CREATE, vault, name) as doing:
        check_new_name("secrets", name)
        client = doing.client
        if is_taken(client.secrets, name):
            raise NameTaken
        made = _set(doing, name, content, ())
    observe.remember(vault, made)
    return made


@sensitive_variables("value", "content")
def new_version_of_secret(
    actor: Actor, vault: Vault, name: str, value: str, changes: Mapping[str, Any], opened_on: str
) -> SecretProperties:
    """Create a version that equals the current one except for its value and `changes`, which are members of SecretContent.

    If `opened_on` is UNREAD, the form showed nothing of the current version, and the new version gets only `changes`.

    Raises ChangedMeanwhile if another version was stored first.
    """
    with changing(actor, Action.SECRET_NEW_VERSION, vault, name) as doing:
        client = doing.client
        before = part(lambda: _versions(client, name))
        doing.record_unread(before)
        refuse_if_unread(before, opened_on)
        content = SecretContent(value)
        if before.value and opened_on != UNREAD:
            refuse_if_changed(before.value[0], opened_on)
            content = SecretContent.like(value, before.value[0])
        made = _set(doing, name, replace(content, **changes), before.value)
    observe.remember(vault, made)
    return made


def with_type_of(earlier: SecretProperties, current: SecretProperties) -> SecretProperties:
    """The current version's attributes, with the content type of an earlier one: it is about the value."""
    odd = {name: text for name, text in current.odd.items() if name != "content_type"}
    if "content_type" in earlier.odd:
        odd["content_type"] = earlier.odd["content_type"]
    return replace(current, content_type=earlier.content_type, odd=odd)


@sensitive_variables("earlier", "content")
def roll_back_secret(
    actor: Actor,
    vault: Vault,
    name: str,
    origin: str,
    changes: Mapping[str, Any],
    opened_on: str,
    *,
    tagged: bool = False,
) -> SecretProperties:
    """Create a version with the value and the content type of the version `origin`; nobody sees the value.

    The rest equals the current version except for `changes`, which are members of SecretContent. `tagged`: with ORIGIN_TAG.

    Raises NotFound if there is no such version, Forbidden if it is disabled, and ChangedMeanwhile if another one was stored
    first.
    """
    facts = {"origin": origin} if is_version(origin) else {}
    with changing(actor, Action.SECRET_NEW_VERSION, vault, name, **facts) as doing:
        client = doing.client
        versions, earlier = gather(lambda: _versions(client, name), lambda: client.secrets.get(name, origin))
        refuse_if_changed(versions[0], opened_on)
        content = SecretContent.like(earlier.value, with_type_of(earlier.properties, versions[0]))
        content = replace(content, **changes)
        if tagged:
            content = replace(content, tags={**(content.tags or {}), ORIGIN_TAG: origin})
        made = _set(doing, name, content, versions)
    observe.remember(vault, made)
    return made


def update_secret(actor: Actor, vault: Vault, name: str, wanted: Mapping[str, Any], opened_on: str) -> SecretProperties:
    """Set attributes and tags of one version; only differences are sent."""
    version = opened_on.partition(".")[0]
    with changing(actor, Action.SECRET_UPDATE, vault, name, version=version) as doing:
        client = doing.client
        versions = client.secrets.versions(name)
        current = version_opened_on(versions, opened_on)
        changes = differences(current, wanted)
        doing.detail["attributes"] = sorted(changes)
        if not changes:
            return current
        updated = client.secrets.update(name, version, **changes)
    if version == versions[0].version:
        observe.remember(vault, updated)
    return updated


def _versions(client: VaultClient, name: str) -> Sequence[SecretProperties]:
    found = client.secrets.versions(name)
    if not found:
        raise no_version(name, Part())
    return found


@sensitive_variables("content")
def _set(
    doing: Doing,
    name: str,
    content: SecretContent,
    before: Sequence[SecretProperties] | None,
) -> SecretProperties:
    try:
        made = doing.client.secrets.set(
            name,
            content.value,
            content_type=content.content_type,
            enabled=content.enabled,
            not_before=content.not_before,
            expires_on=content.expires_on,
            tags=content.tags or None,
        )
    except AzureError as lost:
        made = look_up_lost(lost, doing, lambda: doing.client.secrets.versions(name), before, content.made)
    doing.event.version = made.version
    return made
