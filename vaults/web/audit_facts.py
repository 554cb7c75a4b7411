"""An audit entry in words: why the act ended as it did, what it changed, and further facts."""

from dataclasses import dataclass
from typing import Any

from vaults.actors import Source
from vaults.audit.who import FACTS
from vaults.models import AuditEntry
from vaults.models.audit import AuditState
from vaults.permissions import Action, RevealsSpent, RoleMissing, smallest_role
from vaults.problems.titles import title_of

#: Labels of the members of `detail`; `audit.appending.DETAIL_KEYS` has all of them.
LABELS = {
    "actor_email": "E-mail of who acted",
    "actor_role": "Role of who acted",
    "after": "Changed to",
    "algorithm": "Algorithm",
    "attributes": "Changed attributes",
    "before": "Changed from",
    "broken": "First entry that does not fit",
    "browser": "Browser",
    "cause": "Cause",
    "cloud": "Cloud",
    "compared_with": "Compared with version",
    "count": "Number",
    "email": "E-mail",
    "encrypted": "Private key encrypted",
    "facts": "Facts of the result",
    "first_seq": "First entry",
    "digest": "Digest of the list",
    "format": "File",
    "issuer": "Issuer",
    "key_thumbprint": "SHA-256 thumbprint of the key",
    "kind": "Kind",
    "last_seq": "Last entry",
    "members": "Members",
    "name_was": "The name, before",
    "not_read": "Could not be read",
    "origin": "With the value of version",
    "production": "Production",
    "reason": "Reason",
    "request_id": "Request ID of the operation",
    "restored_as": "Name in the backup",
    "result": "Result",
    "role": "Role",
    "sentence": "Result",
    "source": "Source",
    "tag_names": "Changed tags",
    "thumbprint": "SHA-1 thumbprint",
    "through": "Read through another connection",
    "unconfirmed": "Found out later",
    "verdicts": "Permissions",
}
#: Labels of `count`, by action.
COUNTED = {
    Action.ACCOUNT_CONFIRM: "Wrong passwords in an hour",
    Action.ACCOUNT_GUESSED: "Wrong passwords in an hour",
    Action.ACCOUNT_PASSWORD: "Wrong passwords in an hour",
    Action.ACCOUNT_SIGN_IN: "Wrong passwords in an hour",
    Action.CONTACTS_UPDATE: "Contacts sent",
    Action.AUDIT_VERIFY: "Entries read",
    Action.INVENTORY_EXPORT: "Items exported",
    Action.SECRET_REVEAL_LIMIT: "Values that may be revealed in 10 minutes",
    Action.RANDOM_BYTES: "Random bytes",
    Action.VAULT_SCAN: "Items found",
}
#: Texts for some values of facts.
VALUE_WORDS = {
    ("browser", "known"): "signed in to this account before",
    ("browser", "new"): "new to this account",
    ("cause", "idle"): "half an hour without a request",
    ("format", "age"): "age: the backup, encrypted with a password",
    ("format", "backup-blob"): "the backup as Key Vault made it",
    ("format", "chain-shown"): "none: the chain was shown",
    ("format", "p7b"): "P7B: certificate and chain",
    ("format", "pem-all"): "PEM: private key, certificate and chain",
    ("format", "pem-chain"): "PEM: chain",
    ("format", "pem-full-chain"): "PEM: certificate and chain",
    ("format", "pem-key"): "PEM: private key",
    ("format", "pem-zip"): "zip of PEM files: private key, certificate and chain",
    ("format", "pfx"): "PFX: private key, certificate and chain",
    ("name_was", "unknown"): "not known",
    ("unconfirmed", True): "yes: no response came, and the vault was read afterwards",
}
#: Labels of the fields of connections, members and vaults that an act may change.
CHANGED = {
    "authority": "Trusted by browsers",
    "api_version": "API version",
    "client_id": "Application (client) ID",
    "cloud": "Cloud",
    "connections": "Connections, in order",
    "credential": "Credential",
    "credential_expires_on": "Credential ends on",
    "name": "Name",
    "production": "Production",
    "role": "Role",
    "tenant_id": "Tenant ID",
}
SOURCES = {
    Source.PERSON: "a person, in the portal",
    Source.JOB: "a job for a person",
    Source.PORTAL: "the portal itself",
    Source.COMMAND: "a command on the server",
    Source.STRANGER: "somebody not signed in",
}
#: Why the portal refused or gave up, by the code stored in an entry.
WHY = {
    "RevealsSpent": "The limit of revealed values was reached.",
    "AgeBusy": "The file could not be encrypted in time.",
    "NameHeld": "The name was not free.",
    "KeyMissing": "The managed secret held no private key.",
    "ChainMissing": "The managed secret held no chain.",
    "BundleUnreadable": "What the managed secret held could not be read as this certificate.",
    "WrongPassword": "The password was wrong.",
    "LastOwner": "The team would have been left without an owner.",
    "VaultGone": "Somebody else had removed the vault meanwhile.",
    "ConnectionGone": "Somebody else had deleted the connection meanwhile.",
    "MemberGone": "Somebody else had removed the member meanwhile.",
    "InvitationSpent": "The invitation was used, was withdrawn or had ended.",
    "EmailTaken": "There is an account with this e-mail address already.",
    "AccountOff": "The account was switched off.",
    "AlreadyInvited": "There was an open invitation for this person already.",
    "AlreadyMember": "This person was in the team already.",
    "UnfitName": "The name can't be used.",
    "ConnectionChanged": "Somebody else had changed the connection meanwhile.",
    "ProtectedError": "The connection still had vaults.",
    "LastConnection": "A vault would have been left without a connection.",
    "ReachesVaults": "The connection reached vaults of its cloud.",
    "NotReached": "The vault was not reached through this connection.",
    "VaultKnown": "The connection had this vault already.",
    "InvalidVaultName": "No vault can have this name.",
    "HostNotAllowed": "The connection's cloud allows no vault at this host.",
    "ChangedMeanwhile": "Somebody else had changed the item meanwhile.",
    "CurrentUnread": "The current version could not be read, so nobody could tell whether it had changed.",
    "PartsUnread": "Parts of the current version could not be read, and the new one would have been made without them.",
    "NameTaken": "The name was in use already.",
    "NothingToAddTo": "There was nothing of this name to add a version to.",
    "OperationChanged": "The operation had ended, or somebody else had replaced it.",
    "HalfDone": "The operation was deleted, but no new one could be started.",
    "NoSuchAuthority": "No certificate of the team was of this CA any more.",
    "ContactsChanged": "Somebody else had changed the contacts meanwhile.",
    "IssuerChanged": "Somebody else had changed the issuer meanwhile.",
    "PolicyChanged": "Somebody else had changed the rotation policy meanwhile.",
    "ChainRefused": "The certificate does not belong to the key of the operation.",
    "ScanUnderWay": "Another scan of the vault was under way.",
    "SealBroken": "The stored credential could not be opened.",
    "InvalidInput": "What was entered is not valid.",
    "AuditUnavailable": "The record could not be written.",
    "TransportError": "No answer came from Azure.",
    "AuthenticationError": "Entra ID gave no token.",
    "MalformedResponse": "The answer could not be understood.",
    "MalformedAnswer": "The answer could not be understood.",  # the name in earlier versions
}
#: Actions that send requests to Azure.
CALLS_AZURE = frozenset(
    action
    for action in Action
    if action.startswith(
        ("secret.", "key.", "certificate.", "certificate_operation.", "issuer.", "contacts.", "deleted.", "access.")
    )
    and action != Action.SECRET_REVEAL_LIMIT
) | {Action.VAULT_SCAN, Action.CONNECTION_TEST, Action.AUDIT_SETTLE}
REFUSED_BY_US = {RoleMissing.__name__, RevealsSpent.__name__}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line on an entry's page."""

    label: str
    text: str


def why(entry: AuditEntry) -> str:
    """Why an act was refused or failed, unless Azure's response says so; "" in that case and for other outcomes."""
    if entry.state in (AuditState.SUCCEEDED, AuditState.STARTED, AuditState.LOOKED) or entry.status:
        return ""
    if entry.code == RoleMissing.__name__:
        needed = f": it needs the role {smallest_role(Action(entry.action))}" if entry.action in set(Action) else ""
        return f"Their role did not allow it{needed}."
    return WHY.get(entry.code, entry.code)


def asked_azure(entry: AuditEntry) -> bool:
    """Whether Azure's own log may contain the act."""
    return entry.action in CALLS_AZURE and entry.code not in REFUSED_BY_US


def facts_of(entry: AuditEntry) -> list[Fact]:
    """The facts in `detail`, without those about the actor: first the changes, then the rest."""
    detail = entry.detail
    before, after = _mapping(detail.get("before")), _mapping(detail.get("after"))
    changed = [
        Fact(CHANGED.get(name, name), f"{_words(old)} → {_words(after.get(name, detail.get(name)))}")
        for name, old in before.items()
    ]
    not_listed = FACTS | {"before", "after", "result", "facts"} | before.keys()
    result = (
        [Fact("Result", title_of(str(code), _mapping(detail.get("facts"))))] if (code := detail.get("result")) else []
    )
    rest = [
        Fact(_label(entry, name), _value_words(name, value)) for name, value in detail.items() if name not in not_listed
    ]
    return changed + result + rest


#: Why an act was allowed or refused, by `access.Decision.because`.
GROUNDS = {
    "no-role": "no role in the team",
    "own-account": "the person's own account",
    "system": "work of the portal itself",
    "command": "a command on the server",
    "invitation": "an invitation",
    "not-signed-in": "nobody was signed in",
}


def grounds_of(entry: AuditEntry) -> list[Fact]:
    """Why the act was decided as it was, and what it belongs to. Entries of schema 1 don't say it."""
    role = entry.because.removeprefix("role:")
    because = f"the role {role}" if role != entry.because else GROUNDS.get(entry.because, entry.because)
    facts = {"Decided by": because, "Approval": entry.request}
    return [Fact(label, str(value)) for label, value in facts.items() if value]


def _mapping(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _label(entry: AuditEntry, name: str) -> str:
    counted = COUNTED.get(Action(entry.action), "Items listed") if entry.action in set(Action) else ""
    return (name == "count" and counted) or LABELS.get(name, name)


def _value_words(name: str, value: Any) -> str:
    if name == "attributes":  # named like form fields and fields of our types
        return _words(value).replace("_", " ")
    return VALUE_WORDS.get((name, value if isinstance(value, str | bool) else None)) or _words(value)


def _words(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "none"
        case dict():
            return ", ".join(f"{name}: {_words(each)}" for name, each in value.items())
        case _:
            return str(value)
