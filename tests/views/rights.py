"""Every address: who may go there, and what it answers."""

from vaults.kinds import SECRET
from vaults.permissions import Role

ALL = frozenset(Role)
WRITERS = frozenset({Role.WRITER, Role.MANAGER, Role.OWNER})
MANAGERS = frozenset({Role.MANAGER, Role.OWNER})
REVEALERS = frozenset({Role.READER, Role.MANAGER, Role.OWNER})
OWNERS = frozenset({Role.OWNER})
V, NAME = "kv-shop-prod", "checkout-db-password"
KEY, CERTIFICATE = "order-signing", "shop-tls"
#: name: (method, arguments, roles that are let in, status they get)
TABLE: dict[str, tuple[str, list[object], frozenset[Role], int]] = {
    "overview": ("get", [], ALL, 200),
    "inventory": ("get", [], ALL, 200),
    "inventory_csv": ("get", [], ALL, 200),
    "all_operations": ("get", [], ALL, 200),
    "all_deleted": ("get", [], ALL, 200),
    "go": ("get", [], ALL, 200),
    "audit_list": ("get", [], ALL, 200),
    "audit_verify": ("post", [], OWNERS, 302),
    "audit_detail": ("get", ["event"], ALL, 200),
    "job_list": ("get", [], ALL, 200),
    "job_detail": ("get", ["job"], ALL, 200),
    "job_cancel": ("post", ["job"], ALL, 302),
    "job_retry": ("post", ["job"], ALL, 302),
    "team": ("get", [], ALL, 200),
    "team_choose": ("post", [], ALL, 404),
    "member_invite": ("post", [], OWNERS, 422),
    "invitation_withdraw": ("post", ["invitation"], OWNERS, 302),
    "member_update": ("post", ["member"], OWNERS, 422),
    "member_remove": ("post", ["member"], OWNERS, 422),
    "connection_list": ("get", [], ALL, 200),
    "connection_new": ("get", [], OWNERS, 200),
    "connection_detail": ("get", ["connection"], ALL, 200),
    "connection_edit": ("get", ["connection"], OWNERS, 200),
    "connection_test": ("post", ["connection"], OWNERS, 200),
    "connection_delete": ("get", ["connection"], OWNERS, 200),
    "vault_list": ("get", [], ALL, 200),
    "vaults_scan": ("post", [], ALL, 302),
    "vault_new": ("get", [], OWNERS, 200),
    "vault_detail": ("get", [V], ALL, 200),
    "vault_edit": ("get", [V], OWNERS, 200),
    "vault_connections": ("get", [V], OWNERS, 200),
    "vault_connection_forward": ("post", [V, "connection"], OWNERS, 302),
    "vault_connection_remove": ("get", [V, "connection"], OWNERS, 200),
    "vault_remove": ("get", [V], OWNERS, 200),
    "vault_scan": ("post", [V], ALL, 302),
    "access": ("get", [V], ALL, 200),
    "access_grant": ("get", [V], ALL, 200),
    "secret_list": ("get", [V], ALL, 200),
    "secret_new": ("get", [V], WRITERS, 200),
    "secret_detail": ("get", [V, NAME], ALL, 200),
    "secret_version": ("get", [V, NAME, "version"], ALL, 200),
    "secret_edit": ("get", [V, NAME], WRITERS, 200),
    "secret_new_version": ("get", [V, NAME], WRITERS, 200),
    "secret_roll_back": ("get", [V, NAME, "version"], WRITERS, 302),  # to the present version: there is nothing to do
    "secret_version_enable": ("get", [V, NAME, "version"], WRITERS, 302),  # it is enabled
    "secret_version_disable": ("get", [V, NAME, "version"], WRITERS, 200),
    "secret_reveal": ("post", [V, NAME], REVEALERS, 422),
    "secret_compare": ("get", [V, NAME], REVEALERS, 302),  # there is one version only
    "secret_delete": ("get", [V, NAME], MANAGERS, 200),
    "key_list": ("get", [V], ALL, 200),
    "name_state": ("get", [V, "keys"], WRITERS, 200),
    "key_new": ("get", [V], WRITERS, 200),
    "key_detail": ("get", [V, KEY], ALL, 200),
    "key_version": ("get", [V, KEY, "key version"], ALL, 200),
    "key_version_enable": ("get", [V, KEY, "key version"], WRITERS, 302),
    "key_version_disable": ("get", [V, KEY, "key version"], WRITERS, 200),
    "key_edit": ("get", [V, KEY], WRITERS, 200),
    "key_new_version": ("get", [V, KEY], WRITERS, 200),
    "key_rotate": ("get", [V, KEY], WRITERS, 302),  # the world's API version has no rotation
    "key_rotation": ("get", [V, KEY], ALL, 200),
    "key_rotation_edit": ("get", [V, KEY], WRITERS, 302),
    "key_delete": ("get", [V, KEY], MANAGERS, 200),
    "key_attestation": ("get", [V, KEY], ALL, 200),
    "key_public": ("get", [V, KEY], ALL, 200),
    "certificate_list": ("get", [V], ALL, 200),
    "certificate_new": ("get", [V], WRITERS, 200),
    "certificate_detail": ("get", [V, CERTIFICATE], ALL, 200),
    "certificate_version": ("get", [V, CERTIFICATE, "certificate version"], ALL, 200),
    "certificate_version_enable": ("get", [V, CERTIFICATE, "certificate version"], WRITERS, 302),
    "certificate_version_disable": ("get", [V, CERTIFICATE, "certificate version"], WRITERS, 200),
    "certificate_edit": ("get", [V, CERTIFICATE], WRITERS, 200),
    "certificate_new_version": ("get", [V, CERTIFICATE], WRITERS, 200),
    "certificate_delete": ("get", [V, CERTIFICATE], MANAGERS, 200),
    "key_import": ("get", [V], WRITERS, 200),
    "certificate_import": ("get", [V], WRITERS, 200),
    "certificate_download": ("get", [V, CERTIFICATE], ALL, 200),
    "certificate_renewals": ("get", [V, CERTIFICATE], ALL, 200),
    "certificate_export": ("get", [V, CERTIFICATE], ALL, 200),  # key and chain: test_certificate_export
    "certificate_operation": ("get", [V, CERTIFICATE], ALL, 200),
    "certificate_operation_status": ("get", [V, CERTIFICATE], ALL, 200),
    "certificate_operation_csr": ("get", [V, CERTIFICATE], ALL, 200),
    "certificate_operation_cancel": ("get", [V, CERTIFICATE], WRITERS, 200),
    "certificate_operation_delete": ("get", [V, CERTIFICATE], WRITERS, 200),
    "certificate_operation_merge": ("get", [V, CERTIFICATE], WRITERS, 302),  # it does not wait for a certificate
    "certificate_operation_restart": ("get", [V, CERTIFICATE], WRITERS, 302),  # it is completed
    "issuer_list": ("get", [V], ALL, 200),
    "issuer_new": ("get", [V], MANAGERS, 200),
    "issuer_detail": ("get", [V, "digi"], ALL, 200),
    "issuer_edit": ("get", [V, "digi"], MANAGERS, 200),
    "issuer_delete": ("get", [V, "digi"], MANAGERS, 200),
    "contacts": ("get", [V], ALL, 200),
    "contacts_edit": ("get", [V], MANAGERS, 200),
    "contacts_delete": ("get", [V], MANAGERS, 200),
    "deleted_list": ("get", [V], ALL, 200),
    "deleted_detail": ("get", [V, SECRET, "gone"], ALL, 200),
    "deleted_recover": ("get", [V, SECRET, "gone"], MANAGERS, 200),
    "deleted_purge": ("get", [V, SECRET, "gone"], MANAGERS, 200),
}
