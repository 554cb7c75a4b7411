"""The data plane's operations: address, permission, data action, first API version.

Key Vault REST: the operation groups Secrets, Keys and Certificates. This table is the whole of what a vault can be asked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vaults.emulator import certificates, keys, pending, secrets
from vaults.emulator.call import Call
from vaults.emulator.web import Response

Operation = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `also` is a second permission that opens the same door."""

    method: str
    template: str
    permission: str
    data_action: str
    operation: Operation
    since: str = "2016-10-01"
    also: str = ""

    @property
    def permissions(self) -> tuple[str, ...]:
        return (self.permission, self.also) if self.also else (self.permission,)


ROUTES = (
    Route("GET", "secrets", "secrets/list", "secrets/readMetadata/action", secrets.list_secrets),
    Route("PUT", "secrets/{name}", "secrets/set", "secrets/setSecret/action", secrets.set_secret),
    Route("GET", "secrets/{name}", "secrets/get", "secrets/getSecret/action", secrets.get_secret),
    Route("PATCH", "secrets/{name}", "secrets/set", "secrets/update/action", secrets.update_secret),
    Route("DELETE", "secrets/{name}", "secrets/delete", "secrets/delete", secrets.delete_secret),
    Route("GET", "secrets/{name}/versions", "secrets/list", "secrets/readMetadata/action", secrets.list_secret_versions),
    Route("GET", "secrets/{name}/{version}", "secrets/get", "secrets/getSecret/action", secrets.get_secret),
    Route("PATCH", "secrets/{name}/{version}", "secrets/set", "secrets/update/action", secrets.update_secret),
    Route("GET", "deletedsecrets", "secrets/list", "secrets/readMetadata/action", secrets.list_deleted_secrets),
    Route("GET", "deletedsecrets/{name}", "secrets/get", "secrets/readMetadata/action", secrets.get_deleted_secret),
    Route("DELETE", "deletedsecrets/{name}", "secrets/purge", "secrets/purge/action", secrets.purge_secret),
    Route("POST", "deletedsecrets/{name}/recover", "secrets/recover", "secrets/recover/action", secrets.recover_secret),
    Route("GET", "keys", "keys/list", "keys/read", keys.list_keys),
    Route("POST", "keys/{name}/create", "keys/create", "keys/create/action", keys.create_key),
    Route("GET", "keys/{name}", "keys/get", "keys/read", keys.get_key),
    Route("PATCH", "keys/{name}", "keys/update", "keys/update/action", keys.update_key),
    Route("DELETE", "keys/{name}", "keys/delete", "keys/delete", keys.delete_key),
    Route("GET", "keys/{name}/versions", "keys/list", "keys/read", keys.list_key_versions),
    Route("GET", "keys/{name}/{version}", "keys/get", "keys/read", keys.get_key),
    Route("PATCH", "keys/{name}/{version}", "keys/update", "keys/update/action", keys.update_key),
    Route("GET", "deletedkeys", "keys/list", "keys/read", keys.list_deleted_keys),
    Route("GET", "deletedkeys/{name}", "keys/get", "keys/read", keys.get_deleted_key),
    Route("DELETE", "deletedkeys/{name}", "keys/purge", "keys/purge/action", keys.purge_key),
    Route("POST", "deletedkeys/{name}/recover", "keys/recover", "keys/recover/action", keys.recover_key),
    Route("GET", "certificates", "certificates/list", "certificates/read", certificates.list_certificates),
    Route(
        "POST", "certificates/{name}/create", "certificates/create", "certificates/create/action",
        pending.create_certificate,
    ),
    Route("GET", "certificates/{name}", "certificates/get", "certificates/read", certificates.get_certificate),
    Route(
        "PATCH", "certificates/{name}", "certificates/update", "certificates/update/action",
        certificates.update_certificate,
    ),
    Route("DELETE", "certificates/{name}", "certificates/delete", "certificates/delete", certificates.delete_certificate),
    Route(
        "GET", "certificates/{name}/versions", "certificates/list", "certificates/read",
        certificates.list_certificate_versions,
    ),
    Route("GET", "certificates/{name}/policy", "certificates/get", "certificates/read", certificates.get_policy),
    Route(
        "PATCH", "certificates/{name}/policy", "certificates/update", "certificates/update/action",
        certificates.update_policy,
    ),
    Route("GET", "certificates/{name}/pending", "certificates/get", "certificates/read", pending.get_operation),
    Route(
        "PATCH", "certificates/{name}/pending", "certificates/update", "certificates/update/action",
        pending.update_operation,
    ),
    Route(
        "DELETE", "certificates/{name}/pending", "certificates/update", "certificates/update/action",
        pending.delete_operation,
    ),
    Route("GET", "certificates/{name}/{version}", "certificates/get", "certificates/read", certificates.get_certificate),
    Route(
        "PATCH", "certificates/{name}/{version}", "certificates/update", "certificates/update/action",
        certificates.update_certificate,
    ),
    Route(
        "GET", "deletedcertificates", "certificates/list", "certificates/read", certificates.list_deleted_certificates
    ),
    Route(
        "GET", "deletedcertificates/{name}", "certificates/get", "certificates/read",
        certificates.get_deleted_certificate,
    ),
    Route(
        "DELETE", "deletedcertificates/{name}", "certificates/purge", "certificates/purge/action",
        certificates.purge_certificate,
    ),
    Route(
        "POST", "deletedcertificates/{name}/recover", "certificates/recover", "certificates/recover/action",
        certificates.recover_certificate,
    ),
)  # fmt: skip


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
