"""Certificate policies, to and from JSON. Key Vault REST: Certificates, "CertificatePolicy"."""

from __future__ import annotations

from typing import Any

from vaults.keyvault.answers import Json, member, objects, section, texts
from vaults.keyvault.bodies import given
from vaults.keyvault.types import CertificatePolicy, LifetimeAction


def policy_to_json(policy: CertificatePolicy) -> dict[str, Any]:
    """The members that are filled in, and no others."""
    names = given(dns_names=_list(policy.dns_names), emails=_list(policy.emails), upns=_list(policy.upns))
    return given(
        key_props=given(
            exportable=policy.exportable,
            kty=policy.key_type,
            key_size=policy.key_size,
            reuse_key=policy.reuse_key,
            crv=policy.curve,
        ),
        secret_props=given(contentType=policy.content_type),
        x509_props=given(
            subject=policy.subject,
            sans=names,
            ekus=_list(policy.ekus),
            key_usage=_list(policy.key_usage),
            validity_months=policy.validity_in_months,
        ),
        issuer=given(name=policy.issuer_name, cty=policy.certificate_type),
        lifetime_actions=[_action_to_json(action) for action in policy.lifetime_actions] or None,
    )


def _list(items: tuple[str, ...]) -> list[str] | None:
    return list(items) or None


def _action_to_json(action: LifetimeAction) -> dict[str, Any]:
    trigger = given(lifetime_percentage=action.lifetime_percentage, days_before_expiry=action.days_before_expiry)
    return {"trigger": trigger, "action": {"action_type": action.action}}


def policy_from_json(data: Json) -> CertificatePolicy:
    """The policy in an answer."""
    key, x509, issuer = section(data, "key_props"), section(data, "x509_props"), section(data, "issuer")
    names = section(x509, "sans")
    return CertificatePolicy(
        issuer_name=member(issuer, "name", str),
        certificate_type=member(issuer, "cty", str),
        subject=member(x509, "subject", str),
        dns_names=texts(names, "dns_names"),
        emails=texts(names, "emails"),
        upns=texts(names, "upns"),
        ekus=texts(x509, "ekus"),
        key_usage=texts(x509, "key_usage"),
        validity_in_months=member(x509, "validity_months", int),
        exportable=member(key, "exportable", bool),
        key_type=member(key, "kty", str),
        key_size=member(key, "key_size", int),
        curve=member(key, "crv", str),
        reuse_key=member(key, "reuse_key", bool),
        content_type=member(section(data, "secret_props"), "contentType", str),
        lifetime_actions=tuple(_action_from_json(item) for item in objects(data, "lifetime_actions")),
    )


def _action_from_json(data: Json) -> LifetimeAction:
    trigger = section(data, "trigger")
    return LifetimeAction(
        action=member(section(data, "action"), "action_type", str) or "",
        lifetime_percentage=member(trigger, "lifetime_percentage", int),
        days_before_expiry=member(trigger, "days_before_expiry", int),
    )
