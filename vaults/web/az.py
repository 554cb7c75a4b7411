"""A request to Key Vault as a command of the Azure CLI: its own command if one does the same, else `az rest`.

Azure CLI reference: az keyvault, az rest. Commands name the vault and the item by `--id`, which works in every cloud. A body
stays in a file, so that no value gets into a command or a shell's history.
"""

import shlex
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from vaults.keyvault.session import Exchange

_OF_EVERY_KIND: Final = {
    "Get{}": "show",
    "Get{}s": "list",
    "Get{}Versions": "list-versions",
    "Delete{}": "delete",
    "GetDeleted{}s": "list-deleted",
    "GetDeleted{}": "show-deleted",
    "RecoverDeleted{}": "recover",
    "PurgeDeleted{}": "purge",
}
#: By operation: the command under `az keyvault`. Operations with a body, and commands without `--id`, are left out.
COMMANDS: Final[Mapping[str, str]] = {
    operation.format(noun): f"{noun.lower()} {verb}"
    for noun in ("Secret", "Key", "Certificate")
    for operation, verb in _OF_EVERY_KIND.items()
} | {
    # Without the option the commands leave out managed secrets and keys.
    "GetSecrets": "secret list --include-managed true",
    "GetKeys": "key list --include-managed true",
    "RotateKey": "key rotate",
    "GetKeyRotationPolicy": "key rotation-policy show",
}
#: Query parameters that a command also has, with the name of its option.
OPTIONS: Final[Mapping[str, str]] = {"maxresults": "--maxresults", "includePending": "--include-pending"}
#: Last path segments that belong to the request and not to the item's identifier.
_CALLS: Final = frozenset({"versions", "recover", "rotate", "rotationpolicy"})


def az_command(sent: Exchange) -> str:
    parts = urlsplit(sent.url)
    query = {name: value for name, value in parse_qsl(parts.query) if name != "api-version"}
    command = COMMANDS.get(sent.operation)
    if command is None or sent.body_members or not all(name in OPTIONS and query[name].isalnum() for name in query):
        return _rest(sent)
    identifier = f"https://{parts.netloc}{_item_path(parts.path)}"
    options = [f"{OPTIONS[name]} {value}" for name, value in query.items()]
    return " ".join(["az keyvault", command, "--id", shlex.quote(identifier), *options])


def _item_path(path: str) -> str:
    """The item's path; "" for a list, because its command needs only the vault."""
    segments = path.strip("/").split("/")
    if len(segments) > 2 and segments[-1] in _CALLS:
        segments.pop()
    return "/" + "/".join(segments) if len(segments) > 1 else ""


def _rest(sent: Exchange) -> str:
    resource = sent.scope.removesuffix("/.default")
    body = ["--body @body.json"] if sent.body_members else []
    url = shlex.quote(sent.url)
    return " ".join(["az rest --method", sent.method.lower(), "--url", url, "--resource", shlex.quote(resource), *body])
