"""Problem codes and their titles. A problem is stored as its code with facts; the words are made for display."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.text import get_text_list

Facts = Mapping[str, Any]

#: By code; text in braces is a fact.
TITLES: Final[Mapping[str, str]] = {
    "connection.has_vaults": "The connection still has vaults",
    "connection.token_issued": "A token was issued. Add a vault to see whether it answers.",
    "job.asked_for": "Someone asked for it meanwhile",
    "job.broken": "It failed in this server. Its log says why.",
    "job.not_due": "No longer needed: another scan has ended meanwhile",
    "job.under_way": "Another scan of this vault was in progress",
    "job.unknown_kind": "This version does not know such jobs",
    "job.vault_removed": "The vault was removed from the portal",
    "job.worker_lost": "The worker ended five times while doing it",
    "portal.ambiguous_path": "The item's name is a word of Key Vault's own addresses",
    "portal.audit_unavailable": "The audit trail can't be written",
    "portal.form_not_noted": "The database can't be written",
    "portal.host_not_allowed": "The address is not one of this cloud's vaults",
    "portal.invalid_clouds": "The file of clouds can't be used",
    "portal.invalid_name": "Key Vault has no such names",
    "portal.invalid_tenant": "The connection's tenant ID can't be used",
    "portal.invalid_version": "This version can't be asked for",
    "portal.no_team": "You are not a member of any team",
    "portal.not_reached": "The vault is not reached through this connection",
    "portal.reveals_spent": "{limit} values in {minutes} minutes are the limit",
    "portal.role_missing": "This needs the role {role}",
    "portal.seal_broken": "The stored credential can't be opened",
    "refused.azure_policy": "Azure Policy forbids this request",
    "refused.dates": "The item is outside its dates",
    "refused.deny_assignment": "A deny assignment forbids this",
    "refused.disabled": "The item is disabled",
    "refused.ended": "The operation has ended",
    "refused.firewall": "The vault's firewall turned this server away",
    "refused.issuer_at_work": "The issuer is still at work",
    "refused.key_operation": "The key is not made for this operation",
    "refused.managed": "It belongs to a certificate",
    "refused.on_behalf_of": "The access policy asks for a user behind the application",
    "refused.other": "Azure refused",
    "refused.perimeter": "The vault's network security perimeter turned this server away",
    "refused.private_link": "The vault takes no calls from public networks",
    "response.broken_link": "The vault's list breaks off",
    "response.hostile_link": "The vault's list leads elsewhere",
    "response.list_too_long": "The vault's list is too long to be read to its end",
    "response.malformed": "The answer does not look like Key Vault's",
    "response.only_nameless": "Azure names it by nothing that can be read",
    "scan.broken": "The scan failed in this server. Its log says why.",
    "service.api_version": "The vault does not know the API version",
    "service.backup_refused": "Key Vault can't read this backup",
    "service.being_deleted": "The item is still being deleted or recovered",
    "service.conflict": "Something else is going on with this name",
    "service.error": "Key Vault returned a server error",
    "service.foreign_key": "The certificate belongs to another key",
    "service.name_of_deleted": "The name belongs to a deleted item",
    "service.no_key_vault": "No Key Vault answers at the vault's address",
    "service.no_such_vault": "There is no such vault",
    "service.not_found": "Item not found",
    "service.operation_not_offered": "The vault does not offer this operation",
    "service.request_refused": "Azure did not accept the request",
    "service.restore_conflict": "The name in the backup is not free",
    "service.throttled": "Azure is throttling this vault",
    "service.token_refused": "Azure did not accept the token",
    "sign_in.ca_file": "The file of CAs can't be read",
    "sign_in.clock": "This server's clock is wrong",
    "sign_in.conditional_access": "Conditional Access blocks this server",
    "sign_in.disabled_application": "The application is disabled",
    "sign_in.expired_certificate": "The certificate has expired",
    "sign_in.expired_secret": "The client secret has expired",
    "sign_in.internal": "This server could not ask for a token",
    "sign_in.malformed": "The answer does not look like Entra ID's",
    "sign_in.missing_principal": "The application has no service principal in this tenant",
    "sign_in.other": "Entra ID gave no token",
    "sign_in.other_cloud": "The tenant belongs to another cloud",
    "sign_in.throttled": "Entra ID is throttling",
    "sign_in.unavailable": "Entra ID returned a server error",
    "sign_in.unknown_application": "The tenant does not know this application",
    "sign_in.unknown_certificate": "The certificate is not registered",
    "sign_in.unknown_resource": "The tenant does not know Azure Key Vault",
    "sign_in.unknown_tenant": "There is no such tenant",
    "sign_in.unreachable": "The sign-in service can't be reached",
    "sign_in.untrusted": "The sign-in host's certificate is not trusted",
    "sign_in.unusable_certificate": "The stored certificate can't be used",
    "sign_in.unusable_credential": "Entra ID can't use the credential",
    "sign_in.wrong_secret": "The client secret is wrong",
    "team.invitation_ended": "This invitation had ended already",
    "team.last_owner": "A team keeps at least one owner",
    "team.member_gone": "This member is no longer in the team",
    "team.no_such_role": "There is no such role",
    "team.unknown_ca": "None of the team's certificates is of this CA",
    "vault.ca_file": "The file of CAs can't be read",
    "vault.keeps_failing": "The vault keeps failing: {cause}",
    "vault.last_connection": "It is the only connection of this vault",
    "vault.not_asked": "The vault was not asked",
    "vault.response_lost": "The answer was lost",
    "vault.unreachable": "The vault can't be reached",
}


def title_of(code: str, facts: Facts) -> str:
    """The title in words. "earlier": a sentence stored by an earlier version. An unknown code is returned unchanged."""
    match code:
        case "refused.missing_permission":
            named = facts.get("permissions")
            permissions = [str(permission) for permission in named] if isinstance(named, list) else []
            return (
                f"Azure refused: {get_text_list(permissions, 'and')} {'are' if len(permissions) > 1 else 'is'} missing"
            )
        case "connection.vaults_listed":
            words = f"A token was issued; {facts.get('answered')} of {facts.get('tried')} vaults could be listed."
            return f"{words} The other {facts['untried']} were not tried." if facts.get("untried") else words
        case "scan.nameless":
            items = "item has" if facts.get("count") == 1 else "items have"
            return f"{facts.get('count')} {items} no identifier that can be read"
        case "earlier":
            return str(facts.get("sentence", ""))
    try:
        return TITLES[code].format_map({name: str(fact) for name, fact in facts.items()})
    except KeyError:  # a code of another version, or a missing fact
        return code
