"""Keys: each function checks the permission, acts on the vault and records the act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.utils import timezone

from vaults.actions.changes import (
    UNREAD,
    NameTaken,
    PartsUnread,
    changing,
    differences,
    is_taken,
    look_up_lost,
    refuse_if_changed,
    refuse_if_unread,
    version_opened_on,
)
from vaults.actors import Actor
from vaults.acts import Doing, act
from vaults.azure.errors import AzureError, BadRequest, Forbidden, NotFound
from vaults.azure.parallel import gather
from vaults.inventory import observe
from vaults.keyvault.client import VaultClient
from vaults.keyvault.parts import Part, no_version, part, require_some, versions_read
from vaults.keyvault.paths import check_new_name
from vaults.keyvault.types import Key, KeyAttestation, KeyProperties, ReleasePolicy, RotationPolicy
from vaults.models import Vault
from vaults.permissions import Action

#: Operations that an EC key can't do. (Import and export do not depend on the type.)
NOT_FOR_EC = frozenset({"encrypt", "decrypt", "wrapKey", "unwrapKey"})


@dataclass(frozen=True, slots=True)
class KeyContent:
    """Content of a new key or version; None and empty values are left out of the request."""

    kty: str
    key_size: int | None = None
    crv: str | None = None
    key_ops: Sequence[str] | None = None
    enabled: bool | None = None
    not_before: datetime | None = None
    expires_on: datetime | None = None
    tags: Mapping[str, str] | None = None
    exportable: bool | None = None
    release_policy: ReleasePolicy | None = None

    @classmethod
    def like(cls, key: Key) -> Self:
        """The attributes that a new version takes from this one. Dates are not among them: they belong to one version."""
        return cls(
            kty=key.key_type,
            key_size=key.size or key.properties.key_size,
            crv=key.jwk.get("crv"),
            key_ops=key.key_ops,
            tags=key.properties.tags,
            exportable=key.properties.exportable or None,
            release_policy=key.release_policy,
        )

    def fitting(self) -> Self:
        """A copy without the attributes that a key of this type does not have."""
        if not self.kty.startswith("EC"):
            return replace(self, crv=None)
        if not self.key_ops:
            return replace(self, key_size=None)
        able = [operation for operation in self.key_ops if operation not in NOT_FOR_EC]
        return replace(self, key_size=None, key_ops=able or None)

    def undecided(self) -> list[str]:
        """Missing attributes that a key of this type needs. Key Vault would choose them, mostly the weakest value."""
        needed = {
            "key_size": self.kty.startswith(("RSA", "oct")),
            "crv": self.kty.startswith("EC"),
            "kty": not self.kty,
        }
        return [name for name, is_needed in needed.items() if is_needed and not getattr(self, name)]

    def made(self, version: KeyProperties) -> bool:
        """True if this content could have made this version."""
        return (
            dict(version.tags) == dict(self.tags or {})
            and version.expires_on == self.expires_on
            and version.not_before == self.not_before
        )


@dataclass(frozen=True, slots=True)
class KeyDetail:
    """One version of a key, and all versions (newest first). They need different permissions: get and list."""

    key: Part[Key]
    versions: Part[Sequence[KeyProperties]]


def read_key(actor: Actor, vault: Vault, name: str, version: str = "") -> KeyDetail:
    """Two parallel calls. Raises NotFound if there is no such key, and Forbidden if neither part may be read."""
    asked_at = timezone.now()
    with act(actor, Action.KEY_READ, vault, name=name, version=version) as doing:
        client = doing.client
        detail = KeyDetail(
            *gather(
                lambda: part(lambda: client.keys.get(name, version)),
                lambda: versions_read(client.keys, name),
                meanwhile=doing.meanwhile,
            )
        )
        if isinstance(detail.key.error, NotFound):
            raise detail.key.error
        require_some(detail.key, detail.versions)
        doing.record_unread(detail.key, detail.versions)
        if detail.key.error and not detail.versions.value:
            raise no_version(name, detail.versions)
    if detail.versions.value:
        observe.see_live(vault, detail.versions.value[0], asked_at)
    return detail


def read_public_key(actor: Actor, vault: Vault, name: str, version: str = "") -> Key:
    """One version; the current one if `version` is empty."""
    with act(actor, Action.KEY_READ, vault, name=name, version=version) as doing:
        return doing.client.keys.get(name, version)


def read_attestation(actor: Actor, vault: Vault, name: str, version: str = "") -> Part[KeyAttestation | None]:
    """What the HSM states about one version, the current one if `version` is empty; the vault's refusal if the key has none.

    Raises the errors other than BadRequest.
    """
    with act(actor, Action.KEY_READ, vault, name=name, version=version) as doing:
        found = part(lambda: doing.client.keys.attestation(name, version))
        if found.error and not isinstance(found.error, BadRequest):
            raise found.error
        return found


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The current version, all versions, and the rotation policy, if any: a new version is made from these.

    `knows_policies`: the API version in use supports export, release policies and rotation policies.
    """

    key: Part[Key]
    versions: Part[Sequence[KeyProperties]]
    rotation_policy: Part[RotationPolicy | None]
    knows_policies: bool


def read_predecessor(actor: Actor, vault: Vault, name: str) -> Predecessor:
    """Three parallel calls. Parts that may not be read are left out. Raises any other error of reading the key."""
    with act(actor, Action.KEY_READ, vault, name=name) as doing:
        before = _predecessor(doing, name)
        if before.key.error and not isinstance(before.key.error, Forbidden):
            raise before.key.error
        return before


def create_key(actor: Actor, vault: Vault, name: str, content: KeyContent) -> KeyProperties:
    """Raises NameTaken if the name is in use, Conflict if a deleted key has it, and AmbiguousPath."""
    with changing(actor, Action.KEY_CREATE, vault, name) as doing:
        check_new_name("keys", name)
        client = doing.client
        if is_taken(client.keys, name):
            raise NameTaken
        made = _make(doing, name, content, ())
    observe.remember(vault, made)
    return made


def new_version_of_key(
    actor: Actor, vault: Vault, name: str, changes: Mapping[str, Any], opened_on: str
) -> KeyProperties:
    """Create a version that equals the current one except for `changes`, which are members of KeyContent.

    If there are no changes and the key has a rotation policy, the key is rotated; the policy then sets the dates. If
    `opened_on` is UNREAD, the form showed nothing of the current version, and the new version gets only `changes`.

    Raises ChangedMeanwhile if another version was stored first, and PartsUnread if `changes` lack a part that was not read.
    """
    with changing(actor, Action.KEY_NEW_VERSION, vault, name) as doing:
        before = _predecessor(doing, name)
        refuse_if_unread(before.key, opened_on)
        key, content = None if opened_on == UNREAD else before.key.value, KeyContent(kty="")
        if key:
            refuse_if_changed(key.properties, opened_on)
            content = KeyContent.like(key)
        content = replace(content, **changes).fitting()
        rotate = not changes and _rotates(before.rotation_policy)
        if key and not rotate:
            _refuse_if_less(content, key, changes)
        if key and content.key_ops:
            content = replace(content, key_ops=key.as_sent(content.key_ops))
        made = _make(doing, name, content, before.versions.value, rotate=rotate)
    observe.remember(vault, made)
    return made


def rotate_key(actor: Actor, vault: Vault, name: str, opened_on: str) -> KeyProperties:
    """Create a version of the same type and size; the rotation policy, if there is one, sets its dates.

    If `opened_on` is UNREAD, the versions could not be listed when the form was opened.

    Raises ChangedMeanwhile if another version was stored first, and CurrentUnread.
    """
    with changing(actor, Action.KEY_ROTATE, vault, name) as doing:
        versions = part(lambda: doing.client.keys.versions(name))
        doing.record_unread(versions)
        refuse_if_unread(versions, opened_on)
        if versions.value:
            refuse_if_changed(versions.value[0], opened_on)
        made = _make(doing, name, KeyContent(kty=""), versions.value, rotate=True)
    observe.remember(vault, made)
    return made


def _refuse_if_less(content: KeyContent, key: Key, changes: Mapping[str, Any]) -> None:
    """Raises PartsUnread."""
    of_its_type = {"kty", "key_size", "crv"}
    missing = content.undecided() + [name for name in key.unread if name not in {*changes, *of_its_type}]
    if missing:
        raise PartsUnread(missing)


def _rotates(policy: Part[RotationPolicy | None]) -> bool:
    """True if the key has a rotation policy. Raises errors other than Forbidden: the form may have shown the policy's dates."""
    if policy.error and not isinstance(policy.error, Forbidden):
        raise policy.error
    return policy.value is not None


def update_key(
    actor: Actor, vault: Vault, name: str, wanted: Mapping[str, Any], key_ops: Sequence[str] | None, opened_on: str
) -> None:
    """Set attributes, tags and permitted operations of one version; only differences are sent.

    `key_ops` None: leave them unchanged.
    """
    version = opened_on.partition(".")[0]
    with changing(actor, Action.KEY_UPDATE, vault, name, version=version) as doing:
        client = doing.client
        current, listed = gather(
            lambda: part(lambda: client.keys.get(name, version)),
            lambda: part(lambda: client.keys.versions(name)),
        )
        require_some(current, listed)
        doing.record_unread(current, listed)
        key, versions = current.value, listed.value or ()
        known = versions or [current.needed().properties]
        changes = differences(version_opened_on(known, opened_on), wanted)
        if key_ops is not None and (key is None or set(key_ops) != set(key.key_ops)):
            changes["key_ops"] = key.as_sent(key_ops) if key else list(key_ops)
        doing.detail["attributes"] = sorted(changes)
        updated = client.keys.update(name, version, **changes).properties if changes else None
    if updated and versions and version == versions[0].version:
        observe.remember(vault, updated)


def _predecessor(doing: Doing, name: str) -> Predecessor:
    client = doing.client
    key, versions, policy = gather(
        lambda: part(lambda: client.keys.get(name)),
        lambda: part(lambda: client.keys.versions(name)),
        lambda: part(lambda: _own_policy(client, name)),
    )
    doing.record_unread(key, versions, policy)
    return Predecessor(key, versions, policy, client.keys.knows_policies)


def _own_policy(client: VaultClient, name: str) -> RotationPolicy | None:
    """None for the default, by which nothing is rotated, and if the API version has no policies."""
    policy = client.keys.rotation_policy(name) if client.keys.knows_policies else None
    return policy if policy and policy.own else None


def _make(
    doing: Doing,
    name: str,
    content: KeyContent,
    before: Sequence[KeyProperties] | None,
    *,
    rotate: bool = False,
) -> KeyProperties:
    try:
        made = doing.client.keys.rotate(name).properties if rotate else _create(doing.client, name, content)
    except AzureError as lost:
        # The policy sets the dates of a rotated version, so they can't be compared here.
        is_ours = (lambda _: True) if rotate else content.made
        made = look_up_lost(lost, doing, lambda: doing.client.keys.versions(name), before, is_ours)
    doing.event.version = made.version
    return made


def _create(client: VaultClient, name: str, content: KeyContent) -> KeyProperties:
    return client.keys.create(
        name,
        kty=content.kty,
        key_size=content.key_size,
        crv=content.crv,
        key_ops=content.key_ops,
        enabled=content.enabled,
        exportable=content.exportable,
        not_before=content.not_before,
        expires_on=content.expires_on,
        tags=content.tags or None,
        release_policy=content.release_policy,
    ).properties
