"""A vault's Postman collection: all its operations as requests that can be sent by hand or run one after the other.

Format: Postman Collection v2.1.0. It holds no secret: variables for secrets are empty. What the scripts keep of answers are
current values, which Postman does not export; backups are kept for a run only.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vaults import clients
from vaults.keyvault.operations import OPERATIONS, Operation
from vaults.keyvault.request_samples import BODIES, sample_text, variables_in
from vaults.models import Vault
from vaults.web.postman_steps import FOLDERS, Step

SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
#: Names that hardly any vault has, so that a run touches nothing of the team's; and harmless input for keys, as base64url.
DEFAULTS: Final = {
    "secret_name": "postman-secret",
    "key_name": "postman-key",
    "imported_key_name": "postman-key-imported",
    "certificate_name": "postman-certificate",
    "imported_certificate_name": "postman-certificate-imported",
    "merged_certificate_name": "postman-certificate-merged",
    "cancelled_certificate_name": "postman-certificate-cancelled",
    "issuer_name": "postman-issuer",
    "plaintext": "cG9zdG1hbg",
    "digest": "A" * 43,
}
DESCRIPTION: Final = """All operations of Key Vault on this vault.

1. Fill in the variable `client_secret` (as a current value, which stays on your machine), or paste a token into `access_token`:
   `az account get-access-token --scope {scope} --query accessToken --output tsv`.
2. Send "Get a token".
3. Send what you need, or run folders from top to bottom with a delay of 15 seconds between the requests: Key Vault completes
   deletions and certificates some seconds later. The answers fill in versions, backups and the like.

The names in the variables begin with `postman-`. A run creates, deletes and purges the items of these names. The folder
Contacts replaces and deletes the contacts of the whole vault."""


def collection(vault: Vault) -> dict[str, Any]:
    """The collection for the vault and the connection in use. Raises UnknownCloud, InvalidVaultName, HostNotAllowed."""
    connection = vault.connection
    cloud, api_version = clients.azure.cloud_of(connection), connection.api_version
    known = {
        "vault_url": clients.vault_url(vault),
        "api_version": api_version,
        "authority": cloud.authority,
        "scope": cloud.scope,
        "tenant_id": connection.tenant_id,
        "client_id": connection.client_id,
        "client_secret": "",
        "access_token": "",
    }
    folders = [
        {"name": folder, "item": [_request(step, api_version) for step in steps]} for folder, steps in FOLDERS.items()
    ]
    used = variables_in(json.dumps(folders))
    variables = known | {name: DEFAULTS.get(name, "") for name in used if name not in known}
    return {
        "info": {
            "name": f"Key Vault {vault.name}",
            "description": DESCRIPTION.format(scope=cloud.scope),
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}]},
        "variable": [{"key": name, "value": value, "type": "string"} for name, value in variables.items()],
        "item": [_token_request(), *folders],
    }


def _token_request() -> dict[str, Any]:
    """OAuth 2.0 client credentials, Microsoft identity platform v2.0."""
    sent = {
        "grant_type": "client_credentials",
        "client_id": "{{client_id}}",
        "client_secret": "{{client_secret}}",
        "scope": "{{scope}}",
    }
    fields = [{"key": name, "value": value, "type": "text"} for name, value in sent.items()]
    return {
        "name": "Get a token",
        "event": [_script([_keep("access_token", "access_token")])],
        "request": {
            "method": "POST",
            "auth": {"type": "noauth"},
            "header": [],
            "url": _url("{{authority}}", ["{{tenant_id}}", "oauth2", "v2.0", "token"], {}),
            "body": {"mode": "urlencoded", "urlencoded": fields},
            "description": "The token is kept in the variable access_token. It is valid for about an hour.",
        },
        "response": [],
    }


def _request(step: Step, api_version: str) -> dict[str, Any]:
    operation = OPERATIONS[step.operation]
    asked = operation.api_version(api_version)
    body = step.body or BODIES.get(operation.name)
    request: dict[str, Any] = {
        "method": operation.method,
        "header": [{"key": "Content-Type", "value": "application/json"}] if body else [],
        "url": _url("{{vault_url}}", _path(step, operation), {"api-version": _version_asked(asked, api_version)}),
        "description": " ".join(filter(None, (f"{operation.name}. Permission: {operation.permission}.", step.note))),
    }
    if body:
        request["body"] = {"mode": "raw", "raw": sample_text(body), "options": {"raw": {"language": "json"}}}
    lines = [_check(operation)] if step.sure else []
    lines += [_keep(name, path) for name, path in step.keeps.items()]
    return {"name": step.label, "event": [_script(lines)] if lines else [], "request": request, "response": []}


def _version_asked(asked: str, api_version: str) -> str:
    """The variable, or the first version with the operation if that is newer than the connection's."""
    return "{{api_version}}" if asked == api_version else asked


def _path(step: Step, operation: Operation) -> Sequence[str]:
    of_step = {"{name}": f"{{{{{step.name}}}}}", "{version}": f"{{{{{step.version}}}}}" if step.version else ""}
    parts = [of_step.get(part, part) for part in operation.path.strip("/").split("/")]
    return [part for part in parts if part]


def _url(host: str, path: Sequence[str], query: Mapping[str, str]) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    url: dict[str, Any] = {
        "raw": "/".join([host, *path]) + (f"?{asked}" if asked else ""),
        "host": [host],
        "path": path,
    }
    return url | ({"query": [{"key": name, "value": value} for name, value in query.items()]} if query else {})


def _script(lines: Sequence[str]) -> dict[str, Any]:
    return {"listen": "test", "script": {"type": "text/javascript", "exec": list(lines)}}


def _check(operation: Operation) -> str:
    return f'pm.test("{operation.name}", () => pm.expect(pm.response.code).to.be.oneOf({list(operation.ok)}));'


def _keep(variable: str, path: str) -> str:
    """The script that keeps a member of the answer. What could be restored elsewhere is kept for the run only."""
    member, _, part = path.partition("|")
    value = f"pm.response.json().{member}" + ('.split("/").pop()' if part else "")
    scope = "variables" if variable.endswith("_backup") else "collectionVariables"
    return f'pm.{scope}.set("{variable}", {value});'
