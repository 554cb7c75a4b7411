"""Addresses: object-shaped, shareable, stable. Names are the user's, so no fixed word stands where a name can."""

from typing import Any

from django.urls import URLPattern, path

from vaults.views import (
    access,
    audit,
    certificates,
    connections,
    go,
    inventory,
    items,
    joining,
    keys,
    operations,
    secrets,
    teams,
    vaults,
)


def item_paths(collection: str, kind: str, module: Any) -> list[URLPattern]:
    """What secrets, keys and certificates have alike."""
    base, item = f"vaults/<slug:slug>/{collection}/", f"vaults/<slug:slug>/{collection}/<str:name>/"
    pages: list[tuple[str, str]] = [
        (base, f"{kind}_list"),
        (f"vaults/<slug:slug>/new/{kind}/", f"{kind}_new"),
        (item, f"{kind}_detail"),
        (f"{item}edit/", f"{kind}_edit"),
        (f"{item}new-version/", f"{kind}_new_version"),
        (f"{item}delete/", f"{kind}_delete"),
    ]
    version = path(f"{item}versions/<str:version>/", getattr(module, f"{kind}_detail"), name=f"{kind}_version")
    return [*(path(route, getattr(module, name), name=name) for route, name in pages), version]


CERTIFICATE = "vaults/<slug:slug>/certificates/<str:name>/"
OPERATION = f"{CERTIFICATE}operation/"
DELETED = "vaults/<slug:slug>/deleted/"

urlpatterns = [
    path("", inventory.overview, name="overview"),
    path("inventory/", inventory.inventory, name="inventory"),
    path("inventory/csv/", inventory.inventory_csv, name="inventory_csv"),
    path("go/", go.go, name="go"),
    path("connections/", connections.connection_list, name="connection_list"),
    path("new/connection/", connections.connection_new, name="connection_new"),
    path("connections/<uuid:connection_id>/", connections.connection_detail, name="connection_detail"),
    path("connections/<uuid:connection_id>/edit/", connections.connection_edit, name="connection_edit"),
    path("connections/<uuid:connection_id>/test/", connections.connection_test, name="connection_test"),
    path("connections/<uuid:connection_id>/delete/", connections.connection_delete, name="connection_delete"),
    path("vaults/", vaults.vault_list, name="vault_list"),
    path("scan/vaults/", vaults.vaults_scan, name="vaults_scan"),
    path("new/vault/", vaults.vault_new, name="vault_new"),
    path("vaults/<slug:slug>/", vaults.vault_detail, name="vault_detail"),
    path("vaults/<slug:slug>/edit/", vaults.vault_edit, name="vault_edit"),
    path("vaults/<slug:slug>/remove/", vaults.vault_remove, name="vault_remove"),
    path("vaults/<slug:slug>/scan/", vaults.vault_scan, name="vault_scan"),
    path("vaults/<slug:slug>/access/", access.access, name="access"),
    path("vaults/<slug:slug>/access/grant/", access.access_grant, name="access_grant"),
    *item_paths("secrets", "secret", secrets),
    path("vaults/<slug:slug>/secrets/<str:name>/reveal/", secrets.secret_reveal, name="secret_reveal"),
    *item_paths("keys", "key", keys),
    path("vaults/<slug:slug>/keys/<str:name>/public-key/", keys.key_public, name="key_public"),
    *item_paths("certificates", "certificate", certificates),
    path(f"{CERTIFICATE}download/", certificates.certificate_download, name="certificate_download"),
    path(OPERATION, operations.certificate_operation, name="certificate_operation"),
    path(f"{OPERATION}status/", operations.certificate_operation, name="certificate_operation_status"),
    path(f"{OPERATION}csr/", operations.certificate_operation_csr, name="certificate_operation_csr"),
    path(f"{OPERATION}cancel/", operations.certificate_operation_cancel, name="certificate_operation_cancel"),
    path(f"{OPERATION}delete/", operations.certificate_operation_delete, name="certificate_operation_delete"),
    path(DELETED, items.deleted_list, name="deleted_list"),
    path(f"{DELETED}<str:kind>/<str:name>/", items.deleted_detail, name="deleted_detail"),
    path(f"{DELETED}<str:kind>/<str:name>/recover/", items.deleted_recover, name="deleted_recover"),
    path(f"{DELETED}<str:kind>/<str:name>/purge/", items.deleted_purge, name="deleted_purge"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/verify/", audit.audit_verify, name="audit_verify"),
    path("audit/<uuid:event_id>/", audit.audit_detail, name="audit_detail"),
    path("team/", teams.team, name="team"),
    path("team/invite/", teams.member_invite, name="member_invite"),
    path("team/invitations/<uuid:invitation_id>/withdraw/", teams.invitation_withdraw, name="invitation_withdraw"),
    path("team/members/<int:member_id>/role/", teams.member_update, name="member_update"),
    path("team/members/<int:member_id>/remove/", teams.member_remove, name="member_remove"),
    path("join/<str:token>/", joining.join, name="join"),
]
