"""Certificate policies: those of requests, completed with defaults.

Source: Key Vault REST, CertificatePolicy; the defaults come from recordings.
"""

from collections.abc import Collection
from typing import Any

from vaults.emulator.dataplane import subjects
from vaults.emulator.dataplane.call import Call
from vaults.emulator.dataplane.x509tools import KEY_USAGES, PEM, PKCS12, extensions
from vaults.emulator.state.keymaterial import CURVES, RSA_SIZES
from vaults.emulator.wire import rules
from vaults.emulator.wire.errors import bad_parameter

SERVER_AND_CLIENT = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
CURVE_BITS = {"P-256": 256, "P-256K": 256, "P-384": 384, "P-521": 521}
USAGES_BY_LOWER = {usage.lower(): usage for usage in KEY_USAGES}
SECTIONS = ("key_props", "secret_props", "x509_props", "issuer")
NEW_SANS = ("uris", "ipAddresses")
ACTIONS = ("AutoRenew", "EmailContacts")


def complete(
    requested: dict[str, Any], now: int, present: dict[str, Any] | None = None, *, unknown: Collection[str] = ()
) -> dict[str, Any]:
    """The policy that results from a request and the present policy. Raises the vault's 400.

    Alternative names of the kinds in `unknown` stay: the API version of the request does not have them.
    """
    merged = _merge(requested, present or {})
    sans = merged["x509_props"].get("sans")
    kept = (present or {}).get("x509_props", {}).get("sans") or {}
    if isinstance(sans, dict):
        merged["x509_props"]["sans"] = sans | {kind: kept[kind] for kind in unknown if kind in kept}
    issuer = rules.text(merged["issuer"], "name")
    if not issuer:
        raise bad_parameter("Issuer must be specified in the certificate policy.")
    actions = _actions(merged.get("lifetime_actions"), issuer)
    policy: dict[str, Any] = {
        "key_props": _key_props(merged["key_props"]),
        "secret_props": _secret_props(merged["secret_props"]),
        "x509_props": _x509_props(merged["x509_props"]),
        "lifetime_actions": actions,
        "issuer": {name: value for name, value in merged["issuer"].items() if value is not None},
        "attributes": {
            "enabled": True,
            "created": present["attributes"]["created"] if present else now,
            "updated": now,
        },
    }
    return policy


def issuable(call: Call, requested: dict[str, Any], present: dict[str, Any] | None = None) -> dict[str, Any]:
    """The policy for a new certificate: as `complete`, with more checks. Raises the vault's 400."""
    subjects.parse(rules.text(rules.mapping(requested, "x509_props"), "subject") or "")  # the service checks this first
    return check_issuable(complete(requested, call.now, present, unknown=unknown_sans(call)))


def check_issuable(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy, if a certificate can be issued with it. Raises the vault's 400.

    The policy of an imported certificate need not satisfy this.
    """
    props = policy["x509_props"]
    if not props["subject"] and not any(props.get("sans", {}).values()):
        raise bad_parameter("The certificate policy must name a subject or subject alternative names.")
    subjects.parse(props["subject"])
    extensions(policy)
    return policy


def policy_body(call: Call, name: str, policy: dict[str, Any]) -> dict[str, Any]:
    """The policy with its id, without the kinds of alternative names that the API version does not have."""
    answer = {"id": call.url("certificates", name, "policy"), **policy}
    sans = policy["x509_props"].get("sans")
    if sans:
        unknown = unknown_sans(call)
        known = {kind: names for kind, names in sans.items() if kind not in unknown}
        answer["x509_props"] = policy["x509_props"] | {"sans": known}
    return answer


def unknown_sans(call: Call) -> tuple[str, ...]:
    """The kinds of alternative names that the API version of the call does not have."""
    return () if call.since("2025-07-01") else NEW_SANS


def _merge(requested: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """Members of a section replace those of the same name; missing sections and members stay unchanged."""
    merged: dict[str, Any] = {}
    for section in SECTIONS:
        merged[section] = present.get(section, {}) | _without_nulls(rules.mapping(requested, section))
    if rules.mapping(requested, "key_props").get("kty") not in (None, present.get("key_props", {}).get("kty")):
        # Size and curve of the old key type do not apply to another one.
        merged["key_props"] = {
            name: value
            for name, value in merged["key_props"].items()
            if name not in ("key_size", "crv") or name in requested["key_props"]
        }
    actions = requested.get("lifetime_actions")
    merged["lifetime_actions"] = present.get("lifetime_actions") if actions is None else actions
    return merged


def _without_nulls(section: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if value is not None}


def _key_props(requested: dict[str, Any]) -> dict[str, Any]:
    kty = rules.text(requested, "kty") or "RSA"
    family = kty.removesuffix("-HSM")
    curve = rules.text(requested, "crv")
    size = rules.whole_number(requested, "key_size")
    exportable = rules.flag(requested, "exportable") is not False
    props: dict[str, Any] = {"exportable": exportable, "kty": kty}
    if family == "RSA":
        props["key_size"] = size or 2048
        valid = props["key_size"] in RSA_SIZES
    elif family == "EC":
        curve = curve or next((name for name, bits in CURVE_BITS.items() if bits == size), "P-256")
        props["key_size"] = CURVE_BITS.get(curve)
        valid = curve in CURVES
    else:
        valid = False
    if not valid or (kty.endswith("-HSM") and exportable):
        raise rules.invalid_property()
    props["reuse_key"] = rules.flag(requested, "reuse_key") is True
    if family == "EC":
        props["crv"] = curve
    return props


def _secret_props(requested: dict[str, Any]) -> dict[str, Any]:
    content_type = rules.text(requested, "contentType") or PKCS12
    if content_type not in (PKCS12, PEM):
        raise rules.invalid_property("contentType")
    return {"contentType": content_type}


def _x509_props(requested: dict[str, Any]) -> dict[str, Any]:
    subject = rules.text(requested, "subject")
    sans = requested.get("sans")
    if sans is not None:
        sans = {name: rules.texts(sans, name) or [] for name in rules.mapping(requested, "sans")}
    props: dict[str, Any] = {"subject": subject or ""}
    if sans is not None:
        props["sans"] = sans
    usages = _key_usage(rules.texts(requested, "key_usage"))
    ekus = rules.texts(requested, "ekus")
    months = rules.whole_number(requested, "validity_months")
    props["ekus"] = list(SERVER_AND_CLIENT) if ekus is None else ekus
    props["key_usage"] = ["digitalSignature", "keyEncipherment"] if usages is None else usages
    props["validity_months"] = 12 if months is None else months
    if not 1 <= props["validity_months"] <= 1200:
        raise rules.invalid_property("validity_months")
    props["basic_constraints"] = {"ca": bool(rules.mapping(requested, "basic_constraints").get("ca"))}
    return props


def _key_usage(requested: list[str] | None) -> list[str] | None:
    """Usages in the spelling and order of the service. Clients also send other cases, such as `crlSign`."""
    if requested is None:
        return None
    try:
        return sorted({USAGES_BY_LOWER[usage.lower()] for usage in requested})
    except KeyError:
        raise rules.invalid_property("key_usage") from None


def _actions(requested: Any, issuer: str) -> list[dict[str, Any]]:
    """The lifetime actions. A certificate of an unknown issuer cannot be renewed: there the default is e-mail."""
    if requested is None:
        action = "EmailContacts" if issuer.lower() == "unknown" else "AutoRenew"
        return [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": action}}]
    if not isinstance(requested, list):
        raise rules.invalid_property("lifetime_actions")
    return [_action(item) for item in requested]


def _action(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise rules.invalid_property("lifetime_actions")
    trigger = _without_nulls(rules.mapping(item, "trigger"))
    percentage = rules.whole_number(trigger, "lifetime_percentage")
    days = rules.whole_number(trigger, "days_before_expiry")
    action = rules.text(rules.mapping(item, "action"), "action_type")
    if (percentage is None) == (days is None) or action not in ACTIONS:
        raise rules.invalid_property("lifetime_actions")
    if percentage is not None and not 1 <= percentage <= 99:
        raise rules.invalid_property("lifetime_percentage")
    return {"trigger": trigger, "action": {"action_type": action}}
