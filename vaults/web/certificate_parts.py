"""A certificate's policy as a list of parts, in words: for its page, and for the form for a new version."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.forms.boundfield import BoundField

from vaults.forms.certificate_versions import OF_THE_VERSION
from vaults.forms.policy_fields import CONTENT_TYPES, usage_name
from vaults.forms.policy_form import LIFETIME, POLICY_FIELDS, PolicyForm, values_of
from vaults.keyvault.types import Certificate, CertificatePolicy, LifetimeAction, Properties
from vaults.keyvault.x509 import CertificateFacts

Values = Mapping[str, Any]
CAN_NOT = "can't be read"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its present state, in words or as labels, and the fields that change it, if any.

    `title`: the same in Azure's spelling.
    """

    label: str
    text: str = ""
    labels: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    title: str = ""
    remark: str = ""
    fields: tuple[BoundField, ...] = ()
    changed: bool = False
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    parts: Sequence[Part]


def parts_of_policy(certificate: Certificate) -> Sequence[Group]:
    """All parts of a policy, for a page without a form."""
    values = values_of(certificate)
    values["lifetime_actions"] = (certificate.policy or CertificatePolicy()).lifetime_actions
    groups = [
        Group(
            label,
            [
                Part(part, **show(values) | _unread_part(names, certificate.policy, ""))
                for part, names, show in parts
                if not {"tags", "enabled"} & set(names)
            ],
        )
        for label, parts in _GROUPS
    ]
    return [*groups, *_others(certificate.policy)]


def parts_of_form(form: PolicyForm, facts: CertificateFacts | None) -> Sequence[Group]:
    """All parts of a policy or of a new version, with the fields that change them. `facts`: those of the present version."""
    certificate = form.renewal.certificate if form.renewal else None
    policy = certificate.policy if certificate else None
    values = {name: form.present(name) for name in form.part_names}
    values["lifetime_actions"] = _lifetime(values, certificate)
    providers = {issuer.name: issuer.provider for issuer in (form.renewal and form.renewal.issuers.value) or ()}
    values["provider"] = providers.get(values.get("issuer", ""), "")
    remarks = _remarks(values, facts) if facts and form.shows_policy else {}

    def part(label: str, names: Sequence[str], show: Callable[[Values], dict[str, Any]]) -> Part:
        known = [name for name in names if name in form.fields and not (policy and _of_policy(name) in policy.locked)]
        unread = _unread_part(names, policy, "kept unless it is changed") | _unread_version(names, certificate)
        return Part(
            label,
            **show(values) | unread,
            remark=remarks.get(names[0], ""),
            fields=tuple(form[name] for name in known),
            changed=bool(set(known) & set(form.changed_data)),
            wrong=bool(set(known) & set(form.errors)),
        )

    groups = [
        Group(label, [part(*each) for each in parts if _is_about(form, set(each[1]))]) for label, parts in _GROUPS
    ]
    if certificate and not policy:
        raw = certificate.odd.get("policy", "")
        note = f"{CAN_NOT}; the vault makes the new version by it"
        not_returned = "not returned by the vault, which makes the new version with the policy it has"
        groups.insert(0, Group("Policy", [Part("Policy", raw, note=note if raw else not_returned)]))
    return [*(group for group in groups if group.parts), *_others(policy)]


def _is_about(form: PolicyForm, names: set[str]) -> bool:
    return bool(form.of_the_version & names) if OF_THE_VERSION & names else form.shows_policy


def _of_policy(name: str) -> str:
    """The field of CertificatePolicy for a form's field; "" if there is none."""
    return {**POLICY_FIELDS, "key_size": "key_size", "crv": "curve"}.get(name, "")


def _unread_part(names: Sequence[str], policy: CertificatePolicy | None, what: str) -> dict[str, Any]:
    """The note for a part that can't be read (its text is listed under "Also kept"); {} for a part that was read."""
    if policy is None:
        return {}
    if any(_of_policy(name) in policy.locked for name in names):
        return {"note": CAN_NOT + (", kept as it is" if what else "")}
    if any(_of_policy(name) in policy.unread for name in names):
        return {"note": CAN_NOT + (f", {what}" if what else "")}
    return {}


def _unread_version(names: Sequence[str], certificate: Certificate | None) -> dict[str, Any]:
    """The same for a part of the version itself, with its text."""
    odd = {**certificate.properties.odd, **certificate.odd} if certificate else {}
    members = {"enabled": "enabled", "tags": "tags", "preserve_cert_order": "preserveCertOrder"}
    raw = next((odd[members[name]] for name in names if name in members and members[name] in odd), "")
    return in_words(raw, CAN_NOT) if raw else {}


def _others(policy: CertificatePolicy | None) -> Iterable[Group]:
    """Members without a field: they are only shown, and kept."""
    parts = [
        Part(path, json.dumps(value, ensure_ascii=False), note="kept as it is")
        for path, value in (policy.others.items() if policy else ())
    ]
    return [Group("Also kept", parts)] if parts else []


def _lifetime(values: Values, certificate: Certificate | None) -> tuple[LifetimeAction, ...]:
    if certificate and certificate.policy:
        return certificate.policy.lifetime_actions
    action, amount, unit = (values.get(name, "") for name in LIFETIME)
    if not action:
        return ()
    number = int(amount) if amount.isdecimal() else None
    return (LifetimeAction(action, *((None, number) if unit == "days" else (number, None))),)


_SAN_KINDS = {"dns_names": "DNS", "ip_addresses": "IP", "uris": "URI", "emails": "email", "upns": "UPN"}


def _remarks(values: Values, facts: CertificateFacts) -> dict[str, str]:
    """By field: the differences between the names in the present certificate and in the policy."""
    remarks = {}
    for name, kind in _SAN_KINDS.items():
        asked = {text.casefold(): text for text in values[name]}
        given = {san.value.casefold(): san.value for san in facts.sans if san.kind == kind}
        missing = [asked[text] for text in asked.keys() - given.keys()]
        more = [given[text] for text in given.keys() - asked.keys()]
        if missing and facts.not_after:
            remarks[name] = f"Not in the present certificate: {', '.join(sorted(missing))}."
        elif more:
            remarks[name] = (
                f"The present certificate names {', '.join(sorted(more))}, the policy as this API version shows it does not. "
                "If another part is changed, it may be missing from the new version."
            )
    return remarks


# In words


def in_words(text: str, note: str = "") -> dict[str, Any]:
    return {"text": text, "note": note}


def _plain(name: str, absent: str) -> Callable[[Values], dict[str, Any]]:
    return lambda values: in_words(values[name]) if values[name] else in_words("", absent)


def _list(name: str, absent: str = "none", show: Callable[[str], str] = str) -> Callable[[Values], dict[str, Any]]:
    return lambda values: {"labels": tuple(show(item) for item in values[name]), "note": "" if values[name] else absent}


def _switch(name: str, yes: str, no: str, absent: str) -> Callable[[Values], dict[str, Any]]:
    words = {"true": yes, "false": no}
    return lambda values: in_words("", words.get(values.get(name, ""), absent))


def _issuer(values: Values) -> dict[str, Any]:
    known = {"self": "signed by its own key", "unknown": "a CA outside of Key Vault signs the CSR"}
    return in_words(values["issuer"], values.get("provider") or known.get(str(values["issuer"]).lower(), ""))


def key_words(values: Values) -> dict[str, Any]:
    kind = values["kty"]
    if not kind:
        return in_words("", "Key Vault decides")
    measure = values["crv"] if kind.startswith("EC") else f"{values['key_size']} bits" if values["key_size"] else ""
    return in_words(f"{kind} {measure}".strip(), "made in the vault's HSM" if kind.endswith("-HSM") else "")


def _before_the_end(values: Values) -> dict[str, Any]:
    steps = [_step(action) for action in values["lifetime_actions"]]
    return {"labels": tuple(steps)} if len(steps) > 1 else in_words("", steps[0] if steps else "nothing happens")


def _step(action: LifetimeAction) -> str:
    what = {"AutoRenew": "renewed by the vault", "EmailContacts": "e-mail to the contacts"}.get(
        action.action, action.action
    )
    if action.days_before_expiry is not None:
        return f"{action.days_before_expiry} days before: {what}"
    return f"at {action.lifetime_percentage} % of its life: {what}" if action.lifetime_percentage is not None else what


def _validity(values: Values) -> dict[str, Any]:
    months = values["validity_in_months"]
    return (
        in_words(f"{months} month{'' if str(months) == '1' else 's'}") if months else in_words("", "Key Vault decides")
    )


def _content_type(values: Values) -> dict[str, Any]:
    return in_words(values["content_type"] or "", dict(CONTENT_TYPES).get(values["content_type"], "Key Vault decides"))


def tag_words(values: Values, current: Properties | None = None) -> dict[str, Any]:
    """`current`: the version with these tags; its tags may be unreadable."""
    if current and "tags" in current.odd:
        return in_words(current.odd["tags"], CAN_NOT)
    tags = values["tags"]
    return {"tags": tags} if tags and isinstance(tags, Mapping) else in_words(tags or "", "" if tags else "none")


_GROUPS: Sequence[tuple[str, Sequence[tuple[str, Sequence[str], Callable[[Values], dict[str, Any]]]]]] = (
    (
        "Issuer",
        (
            ("Authority", ("issuer",), _issuer),
            ("Certificate type", ("certificate_type",), _plain("certificate_type", "none named")),
            (
                "Public log",
                ("certificate_transparency",),
                _switch("certificate_transparency", "yes, certificate transparency", "no", "Key Vault decides"),
            ),
        ),
    ),
    (
        "Names",
        (
            ("Subject", ("subject",), _plain("subject", "none")),
            ("DNS names", ("dns_names",), _list("dns_names")),
            ("IP addresses", ("ip_addresses",), _list("ip_addresses")),
            ("URIs", ("uris",), _list("uris")),
            ("E-mail addresses", ("emails",), _list("emails")),
            ("User principals", ("upns",), _list("upns")),
        ),
    ),
    (
        "Key",
        (
            ("Type and size", ("kty", "key_size", "crv"), key_words),
            (
                "Each version",
                ("reuse_key",),
                _switch("reuse_key", "has the key of the one before", "gets a key of its own", "Key Vault decides"),
            ),
            (
                "Export",
                ("exportable",),
                _switch(
                    "exportable",
                    "the private key comes with the secret",
                    "never, the private key stays in the vault",
                    "Key Vault decides",
                ),
            ),
        ),
    ),
    (
        "Use",
        (
            ("Key usage", ("key_usage",), _list("key_usage")),
            ("Extended usage", ("ekus",), _list("ekus", show=usage_name)),
        ),
    ),
    (
        "Life",
        (
            ("Validity", ("validity_in_months",), _validity),
            ("Before the end", LIFETIME, _before_the_end),
        ),
    ),
    (
        "Stored",
        (
            ("Content type", ("content_type",), _content_type),
            (
                "Chain order",
                ("preserve_cert_order",),
                _switch("preserve_cert_order", "as the CA sends it", "the certificate first", "as Key Vault has it"),
            ),
            ("State", ("enabled",), _switch("enabled", "enabled", "disabled, as the present version", "enabled")),
            ("Tags", ("tags",), tag_words),
        ),
    ),
)
