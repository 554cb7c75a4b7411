"""Certificate policies: what a request says, completed by what the service assumes.

Key Vault REST: CertificatePolicy; the defaults are the ones that recordings show.
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
    given: dict[str, Any], now: int, present: dict[str, Any] | None = None, *, unspoken: Collection[str] = ()
) -> dict[str, Any]:
    """The policy that results from a request, on top of one that is there. Raises the vault's 400.

    Alternative names of the kinds that are `unspoken` stay, for the request could not name them.
    """
    merged = _merge(given, present or {})
    sans = merged["x509_props"].get("sans")
    kept = (present or {}).get("x509_props", {}).get("sans") or {}
    if isinstance(sans, dict):
        merged["x509_props"]["sans"] = sans | {kind: kept[kind] for kind in unspoken if kind in kept}
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


def issuable(call: Call, given: dict[str, Any], present: dict[str, Any] | None = None) -> dict[str, Any]:
    """The policy that a certificate is made by: as `complete`, and held to more. Raises the vault's 400."""
    subjects.parse(rules.text(rules.mapping(given, "x509_props"), "subject") or "")  # what the service looks at first
    return check_issuable(complete(given, call.now, present, unspoken=unspoken_sans(call)))


def check_issuable(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy, if a certificate can be made by it. Raises the vault's 400.

    A policy that describes an imported certificate need not pass: that certificate is there already.
    """
    props = policy["x509_props"]
    if not props["subject"] and not any(props.get("sans", {}).values()):
        raise bad_parameter("The certificate policy must name a subject or subject alternative names.")
    subjects.parse(props["subject"])
    extensions(policy)
    return policy


def shown(call: Call, name: str, policy: dict[str, Any]) -> dict[str, Any]:
    """The policy with its address. Alternative names of a kind that the caller's version does not know are left out."""
    answer = {"id": call.url("certificates", name, "policy"), **policy}
    sans = policy["x509_props"].get("sans")
    if sans:
        unspoken = unspoken_sans(call)
        known = {kind: names for kind, names in sans.items() if kind not in unspoken}
        answer["x509_props"] = policy["x509_props"] | {"sans": known}
    return answer


def unspoken_sans(call: Call) -> tuple[str, ...]:
    """The kinds of alternative names that the caller's version does not know."""
    return () if call.since("2025-07-01") else NEW_SANS


def _merge(given: dict[str, Any], present: dict[str, Any]) -> dict[str, Any]:
    """Members of a section replace their namesakes; sections and members that are left out stay."""
    merged: dict[str, Any] = {}
    for section in SECTIONS:
        merged[section] = present.get(section, {}) | _without_nulls(rules.mapping(given, section))
    if rules.mapping(given, "key_props").get("kty") not in (None, present.get("key_props", {}).get("kty")):
        # Another key type: what the old one says about size and curve does not hold for it.
        merged["key_props"] = {
            name: value
            for name, value in merged["key_props"].items()
            if name not in ("key_size", "crv") or name in given["key_props"]
        }
    actions = given.get("lifetime_actions")
    merged["lifetime_actions"] = present.get("lifetime_actions") if actions is None else actions
    return merged


def _without_nulls(section: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in section.items() if value is not None}


def _key_props(given: dict[str, Any]) -> dict[str, Any]:
    kty = rules.text(given, "kty") or "RSA"
    family = kty.removesuffix("-HSM")
    curve = rules.text(given, "crv")
    size = rules.whole_number(given, "key_size")
    exportable = rules.flag(given, "exportable") is not False
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
    props["reuse_key"] = rules.flag(given, "reuse_key") is True
    if family == "EC":
        props["crv"] = curve
    return props


def _secret_props(given: dict[str, Any]) -> dict[str, Any]:
    content_type = rules.text(given, "contentType") or PKCS12
    if content_type not in (PKCS12, PEM):
        raise rules.invalid_property("contentType")
    return {"contentType": content_type}


def _x509_props(given: dict[str, Any]) -> dict[str, Any]:
    subject = rules.text(given, "subject")
    sans = given.get("sans")
    if sans is not None:
        sans = {name: rules.texts(sans, name) or [] for name in rules.mapping(given, "sans")}
    props: dict[str, Any] = {"subject": subject or ""}
    if sans is not None:
        props["sans"] = sans
    usages = _key_usage(rules.texts(given, "key_usage"))
    ekus = rules.texts(given, "ekus")
    months = rules.whole_number(given, "validity_months")
    props["ekus"] = list(SERVER_AND_CLIENT) if ekus is None else ekus
    props["key_usage"] = ["digitalSignature", "keyEncipherment"] if usages is None else usages
    props["validity_months"] = 12 if months is None else months
    if not 1 <= props["validity_months"] <= 1200:
        raise rules.invalid_property("validity_months")
    props["basic_constraints"] = {"ca": bool(rules.mapping(given, "basic_constraints").get("ca"))}
    return props


def _key_usage(given: list[str] | None) -> list[str] | None:
    """Usages in any case, as clients send `crlSign`, in the spelling and order that the service gives them."""
    if given is None:
        return None
    try:
        return sorted({USAGES_BY_LOWER[usage.lower()] for usage in given})
    except KeyError:
        raise rules.invalid_property("key_usage") from None


def _actions(given: Any, issuer: str) -> list[dict[str, Any]]:
    """Nobody can renew what an unknown issuer signed: there the service writes mail instead."""
    if given is None:
        action = "EmailContacts" if issuer.lower() == "unknown" else "AutoRenew"
        return [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": action}}]
    if not isinstance(given, list):
        raise rules.invalid_property("lifetime_actions")
    return [_action(item) for item in given]


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
