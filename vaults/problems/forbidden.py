"""The vault responded with 403. A permission is missing only in some of these cases, and only then a grant helps."""

import re

from django.utils.text import get_text_list

from vaults.azure.errors import AzureError, Forbidden
from vaults.keyvault.refusals import MISSING_PERMISSION, cause_of
from vaults.models import Vault
from vaults.problems.problem import Problem, details_of, problem_of
from vaults.remedies import grant_remedy

_POLICY = re.compile(r"does not have (secrets|keys|certificates) ([a-zA-Z]+) permission")
_OBJECT_ID = re.compile(r"oid=([0-9a-fA-F-]{36})")

#: By cause: code, meaning, what to do. `{vault}` is the vault's name, `{words}` the response's message.
SENTENCES = {
    "firewall": (
        "refused.firewall",
        "Azure refused because of where the call came from; it says nothing about permissions.",
        "Allow this server's address in the networking settings of {vault}, or use its private endpoint.",
    ),
    "private_link": (
        "refused.private_link",
        "Public network access of {vault} is off, and the call came over no approved private endpoint. It says nothing about "
        "permissions, and to allow an address in the firewall does not help.",
        "Give this server a way to the vault's private endpoint (network and DNS), or have public network access enabled.",
    ),
    "perimeter": (
        "refused.perimeter",
        "{vault} belongs to a network security perimeter without an access rule for this call. It says nothing about "
        "permissions.",
        "Have an inbound access rule for this server added to the perimeter.",
    ),
    "deny_assignment": (
        "refused.deny_assignment",
        "A deny assignment goes before every role, so no further role helps.",
        "See Access control (IAM), Deny assignments, of {vault}. Its creator (a managed application, a deployment stack) "
        "can exclude the service principal.",
    ),
    "azure_policy": (
        "refused.azure_policy",
        "No permission is missing: a policy in deny mode does not allow what was sent. {words}",
        "Send what the policy allows (an expiry date, another type or size), or have the vault exempted. Its page Policies "
        "in the Azure Portal lists the assignments.",
    ),
    "on_behalf_of": (
        "refused.on_behalf_of",
        "The policy of {vault} is for the application together with a user (a compound identity); the portal signs in as the "
        "application alone.",
        "Add an access policy for the service principal itself.",
    ),
    "disabled": (
        "refused.disabled",
        "Azure returns nothing of a disabled item, to anyone.",
        "Enable it first (Edit), if it should be used.",
    ),
    "managed": (
        "refused.managed",
        "Keys and secrets behind a certificate are managed by Key Vault and change only with it.",
        "Work on the certificate of the same name instead.",
    ),
    "key_operation": (
        "refused.key_operation",
        "Its permitted operations (key_ops) leave this one out. {words}",
        "Permit the operation on the key (Edit), if it should do that.",
    ),
    "dates": (
        "refused.dates",
        "It has expired or is not active yet, and Azure does not use it then. {words}",
        "Change its dates (Edit), or use a version that is valid now.",
    ),
    "ended": (
        "refused.ended",
        "A certificate's operation can be changed only while it is in progress.",
        "Open the certificate to see what came of it.",
    ),
    "issuer_at_work": (
        "refused.issuer_at_work",
        "The operation is in the hands of the issuer of its policy, and Key Vault takes no other certificate meanwhile.",
        "Wait until the issuer has ended it, or cancel it.",
    ),
}  # fmt: skip


def explain_forbidden(error: Forbidden, vault: Vault) -> Problem:
    cause = cause_of(error)
    if permission := _missing_for(error):
        more = [also for also in map(_missing_for, error.others) if also]
        return _missing(error, vault, list(dict.fromkeys([permission, *more])), rbac=cause == "role")
    if cause not in SENTENCES:
        words = error.words or "Azure refused, without a reason."
        return problem_of(
            error, "refused.other", words, "It names no permission that is missing. See the details.", 403
        )
    code, meaning, todo = SENTENCES[cause]
    explained = meaning.replace("{vault}", vault.name).replace("{words}", error.words).strip()
    return problem_of(error, code, explained, todo.replace("{vault}", vault.name), 403)


def _missing_for(error: AzureError) -> str:
    """The missing permission that explains a refusal; "" if the cause is another one."""
    if not isinstance(error, Forbidden) or cause_of(error) not in MISSING_PERMISSION:
        return ""
    stated = _POLICY.search(error.words)
    return f"{stated[1]}/{stated[2]}" if stated else error.permission


def _missing(error: Forbidden, vault: Vault, permissions: list[str], *, rbac: bool) -> Problem:
    principal = f"The service principal of “{vault.connection.name}” ({vault.connection.client_id})"
    object_id = _OBJECT_ID.search(error.words)
    remedy = grant_remedy(vault, *permissions, rbac=rbac)
    named, several = get_text_list(permissions, "and"), len(permissions) > 1
    return Problem(
        "refused.missing_permission",
        f"{principal}{f', object ID {object_id[1]},' if object_id else ''} lacks the "
        f"{'permissions' if several else 'permission'} {named} on {vault.name}.",
        remedy.todo,
        remedy.command,
        details_of(error),
        403,
        permissions[0],
        facts={"permissions": permissions},
    )
