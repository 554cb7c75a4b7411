"""The data plane's operations: address, permission, data action, first API version.

Key Vault REST: the operation groups Secrets, Keys and Certificates. This table is the whole of what a
vault can be asked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vaults.emulator import certificates, keys, pending, secrets
from vaults.emulator.call import Call
from vaults.emulator.web import Response

Operation = Callable[[Call], Response]
Row = tuple[str, str, str, str, Operation] | tuple[str, str, str, str, Operation, str]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `permissions` are alternatives: each of them opens the door."""

    method: str
    template: str
    permissions: tuple[str, ...]
    data_action: str
    operation: Operation
    since: str = "2016-10-01"


def _group(collection: str, *rows: Row) -> Iterator[Route]:
    """Operations below one path, whose permissions are those of one collection."""
    kind = collection.removeprefix("deleted").partition("/")[0]
    for method, path, names, data_action, operation, *since in rows:
        template = f"{collection}/{path}".rstrip("/")
        permissions = tuple(f"{kind}/{name}" for name in names.split(" "))
        yield Route(method, template, permissions, data_action, operation, *since)


ROUTES = (
    *_group(
        "secrets",
        ("GET", "", "list", "secrets/readMetadata/action", secrets.list_secrets),
        ("PUT", "{name}", "set", "secrets/setSecret/action", secrets.set_secret),
        ("GET", "{name}", "get", "secrets/getSecret/action", secrets.get_secret),
        ("PATCH", "{name}", "set", "secrets/update/action", secrets.update_secret),
        ("DELETE", "{name}", "delete", "secrets/delete", secrets.delete_secret),
        ("GET", "{name}/versions", "list", "secrets/readMetadata/action", secrets.list_secret_versions),
        ("GET", "{name}/{version}", "get", "secrets/getSecret/action", secrets.get_secret),
        ("PATCH", "{name}/{version}", "set", "secrets/update/action", secrets.update_secret),
    ),
    *_group(
        "deletedsecrets",
        ("GET", "", "list", "secrets/readMetadata/action", secrets.list_deleted_secrets),
        ("GET", "{name}", "get", "secrets/readMetadata/action", secrets.get_deleted_secret),
        ("DELETE", "{name}", "purge", "secrets/purge/action", secrets.purge_secret),
        ("POST", "{name}/recover", "recover", "secrets/recover/action", secrets.recover_secret),
    ),
    *_group(
        "keys",
        ("GET", "", "list", "keys/read", keys.list_keys),
        ("POST", "{name}/create", "create", "keys/create/action", keys.create_key),
        ("GET", "{name}", "get", "keys/read", keys.get_key),
        ("PATCH", "{name}", "update", "keys/update/action", keys.update_key),
        ("DELETE", "{name}", "delete", "keys/delete", keys.delete_key),
        ("GET", "{name}/versions", "list", "keys/read", keys.list_key_versions),
        ("GET", "{name}/{version}", "get", "keys/read", keys.get_key),
        ("PATCH", "{name}/{version}", "update", "keys/update/action", keys.update_key),
    ),
    *_group(
        "deletedkeys",
        ("GET", "", "list", "keys/read", keys.list_deleted_keys),
        ("GET", "{name}", "get", "keys/read", keys.get_deleted_key),
        ("DELETE", "{name}", "purge", "keys/purge/action", keys.purge_key),
        ("POST", "{name}/recover", "recover", "keys/recover/action", keys.recover_key),
    ),
    *_group(
        "certificates",
        ("GET", "", "list", "certificates/read", certificates.list_certificates),
        ("POST", "{name}/create", "create", "certificates/create/action", pending.create_certificate),
        ("GET", "{name}", "get", "certificates/read", certificates.get_certificate),
        ("PATCH", "{name}", "update", "certificates/update/action", certificates.update_certificate),
        ("DELETE", "{name}", "delete", "certificates/delete", certificates.delete_certificate),
        ("GET", "{name}/versions", "list", "certificates/read", certificates.list_certificate_versions),
        ("GET", "{name}/policy", "get", "certificates/read", certificates.get_policy),
        ("PATCH", "{name}/policy", "update", "certificates/update/action", certificates.update_policy),
        ("GET", "{name}/pending", "get", "certificates/read", pending.get_operation),
        ("PATCH", "{name}/pending", "update", "certificates/update/action", pending.update_operation),
        ("DELETE", "{name}/pending", "update", "certificates/update/action", pending.delete_operation),
        ("GET", "{name}/{version}", "get", "certificates/read", certificates.get_certificate),
        (
            "PATCH",
            "{name}/{version}",
            "update",
            "certificates/update/action",
            certificates.update_certificate,
        ),
    ),
    *_group(
        "deletedcertificates",
        ("GET", "", "list", "certificates/read", certificates.list_deleted_certificates),
        ("GET", "{name}", "get", "certificates/read", certificates.get_deleted_certificate),
        ("DELETE", "{name}", "purge", "certificates/purge/action", certificates.purge_certificate),
        (
            "POST",
            "{name}/recover",
            "recover",
            "certificates/recover/action",
            certificates.recover_certificate,
        ),
    ),
)


def find_route(method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
    """The operation behind a method and path, with the path's parameters. Rows are tried in their order."""
    for route, parts in _BY_SHAPE.get((method, len(segments)), ()):
        params: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                params[part[1:-1]] = segment
            elif part != segment.lower():
                break
        else:
            return route, params
    return None


_BY_SHAPE: dict[tuple[str, int], list[tuple[Route, list[str]]]] = {}
for _route in ROUTES:
    _parts = _route.template.split("/")
    _BY_SHAPE.setdefault((_route.method, len(_parts)), []).append((_route, _parts))
