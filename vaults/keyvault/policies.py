"""Certificate policies, to and from JSON. Key Vault REST: Certificates, "CertificatePolicy".

A policy is sent back as it was read, with the changed fields replaced: members that this client does not know, or whose
value has an unexpected type, stay unchanged.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vaults.azure.json_values import Json
from vaults.keyvault.bodies import creation_members
from vaults.keyvault.types import CertificatePolicy, LifetimeAction


@dataclass(frozen=True, slots=True)
class _Member:
    """The path of a CertificatePolicy field in the JSON, and its type there; `tuple` is a list of texts."""

    path: tuple[str, ...]
    kind: type


_MEMBERS: Mapping[str, _Member] = {
    "issuer_name": _Member(("issuer", "name"), str),
    "certificate_type": _Member(("issuer", "cty"), str),
    "certificate_transparency": _Member(("issuer", "cert_transparency"), bool),
    "subject": _Member(("x509_props", "subject"), str),
    "dns_names": _Member(("x509_props", "sans", "dns_names"), tuple),
    "emails": _Member(("x509_props", "sans", "emails"), tuple),
    "upns": _Member(("x509_props", "sans", "upns"), tuple),
    "uris": _Member(("x509_props", "sans", "uris"), tuple),
    "ip_addresses": _Member(("x509_props", "sans", "ipAddresses"), tuple),
    "ekus": _Member(("x509_props", "ekus"), tuple),
    "key_usage": _Member(("x509_props", "key_usage"), tuple),
    "validity_in_months": _Member(("x509_props", "validity_months"), int),
    "exportable": _Member(("key_props", "exportable"), bool),
    "key_type": _Member(("key_props", "kty"), str),
    "key_size": _Member(("key_props", "key_size"), int),
    "curve": _Member(("key_props", "crv"), str),
    "reuse_key": _Member(("key_props", "reuse_key"), bool),
    "content_type": _Member(("secret_props", "contentType"), str),
}
_ACTIONS = ("lifetime_actions",)
_OF_THE_SERVICE = {("id",), ("attributes", "created"), ("attributes", "updated")}


def policy_to_json(policy: CertificatePolicy) -> dict[str, Any]:
    """The JSON of a policy: as it was read, with its changed fields replaced. A new policy has only the fields that are set."""
    present = policy_from_json(policy.as_read)
    body = copy.deepcopy(dict(policy.as_read))
    for name, member in _MEMBERS.items():
        if getattr(policy, name) != getattr(present, name):
            _put(body, member.path, getattr(policy, name))
    if policy.lifetime_actions != present.lifetime_actions:
        body["lifetime_actions"] = [_action_to_json(action) for action in policy.lifetime_actions]
    return body


def changed_sections(policy: CertificatePolicy) -> dict[str, Any]:
    """The body of Update Certificate Policy: the sections that differ from what was read, each whole.

    The vault keeps the sections that are left out. Whether it also keeps members that are left out of a section is nowhere
    said, so a section is sent with all of its members.
    """
    return {name: value for name, value in policy_to_json(policy).items() if value != policy.as_read.get(name)}


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a member, or remove it if the value is None. A section that is missing or not an object is replaced."""
    *sections, name = path
    for part in sections:
        if not isinstance(body.get(part), dict):
            body[part] = {}
        body = body[part]
    if value is None:
        body.pop(name, None)
    else:
        body[name] = list(value) if isinstance(value, tuple) else value


def _action_to_json(action: LifetimeAction) -> dict[str, Any]:
    trigger = creation_members(
        lifetime_percentage=action.lifetime_percentage, days_before_expiry=action.days_before_expiry
    )
    return {"trigger": trigger, "action": {"action_type": action.action}}


def policy_from_json(data: Json) -> CertificatePolicy:
    """The policy in a response."""
    members = dict(_walk(data))
    fields: dict[str, Any] = {}
    for name, member in _MEMBERS.items():
        value: Any = members.get(member.path)
        if _fits(value, member.kind):
            fields[name] = tuple(value) if member.kind is tuple else value
            del members[member.path]
    actions: Any = members.get(_ACTIONS)
    if _are_actions(actions):
        fields["lifetime_actions"] = tuple(_action_from_json(item) for item in actions)
        del members[_ACTIONS]
    others = {".".join(path): value for path, value in members.items() if path not in _OF_THE_SERVICE}
    unread = {name: ".".join(member.path) for name, member in _MEMBERS.items() if member.path in members}
    locked = {
        name: ".".join(member.path[:depth])
        for name, member in _MEMBERS.items()
        for depth in range(1, len(member.path))
        if member.path[:depth] in members
    }
    return CertificatePolicy(**fields, as_read=data, others=others, unread=unread, locked=locked)


def _walk(data: Json, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every member that is not an object, by its path. Members that are null are left out."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _walk(value, (*above, name))
        elif value is not None:
            yield (*above, name), value


def _fits(value: Any, kind: type) -> bool:
    if kind is tuple:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is kind


def _are_actions(items: Any) -> bool:
    """True if LifetimeAction can represent these items completely."""
    return isinstance(items, list) and all(
        isinstance(item, dict) and dict(_walk(item)) == dict(_walk(_action_to_json(_action_from_json(item))))
        for item in items
    )


def _action_from_json(data: Json) -> LifetimeAction:
    members = dict(_walk(data))
    kind, percentage, days = (
        members.get(path)
        for path in (("action", "action_type"), ("trigger", "lifetime_percentage"), ("trigger", "days_before_expiry"))
    )
    return LifetimeAction(
        action=kind if isinstance(kind, str) else "",
        lifetime_percentage=percentage if type(percentage) is int else None,
        days_before_expiry=days if type(days) is int else None,
    )
