"""URLs: one per object, shareable, stable. Users choose item names, so no fixed word is at the place of a name."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path, register_converter

from vaults.kinds import BY_COLLECTION, CERTIFICATE, KEY, SECRET, Kind
from vaults.views import (
    access,
    all_operations,
    all_renewals,
    audit,
    backups,
    certificate_export,
    certificate_import,
    certificate_policy,
    certificates,
    connections,
    contacts,
    deleted,
    identifiers,
    inventory,
    invitations,
    issuers,
    items,
    jobs,
    key_import,
    key_operations,
    key_rotation,
    keys,
    merging,
    names,
    operations,
    overview,
    postman,
    recycle_bin,
    renewals,
    secret_comparison,
    secrets,
    teams,
    vault_connections,
    vaults,
    versions,
)


class KindConverter:
    """Path converter for a kind of item, by its collection's name. A URL is made from a Kind or from that name."""

    regex = "secrets|keys|certificates"

    def to_python(self, collection: str) -> Kind:
        return BY_COLLECTION[collection]

    def to_url(self, kind: Kind | str) -> str:
        return kind if isinstance(kind, str) else kind.collection


register_converter(KindConverter, "kind")

View = Callable[..., HttpResponse]


def item_paths(kind: Kind, *, new: View, detail: View, edit: View, new_version: View) -> list[URLPattern]:
    """The URLs that secrets, keys and certificates have in common."""
    base, of_kind = f"vaults/<slug:slug>/{kind.collection}/", {"kind": kind}
    item, pages = f"{base}<str:name>/", kind.pages
    return [
        path(base, items.item_list, of_kind, name=pages.list),
        path(f"vaults/<slug:slug>/new/{kind}/", new, name=pages.new),
        path(item, detail, name=pages.detail),
        path(f"{item}edit/", edit, name=pages.edit),
        path(f"{item}new-version/", new_version, name=pages.new_version),
        path(f"{item}delete/", items.item_delete, of_kind, name=pages.delete),
        path(f"{item}backup/", backups.item_backup, of_kind, name=pages.backup),
        path(f"{item}versions/<str:version>/", detail, name=pages.version),
        path(
            f"{item}versions/<str:version>/enable/",
            versions.version_state,
            {**of_kind, "enabled": True},
            name=f"{kind}_version_enable",
        ),
        path(
            f"{item}versions/<str:version>/disable/",
            versions.version_state,
            {**of_kind, "enabled": False},
            name=f"{kind}_version_disable",
        ),
    ]


TRY_KEY = "vaults/<slug:slug>/keys/<str:name>/try/"
ONE_CERTIFICATE = "vaults/<slug:slug>/certificates/<str:name>/"
OPERATION = f"{ONE_CERTIFICATE}operation/"
DELETED = "vaults/<slug:slug>/deleted/"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("inventory/", inventory.inventory, name="inventory"),
    path("inventory/csv/", inventory.inventory_csv, name="inventory_csv"),
    path("operations/", all_operations.all_operations, name="all_operations"),
    path("renewals/", all_renewals.all_renewals, name="all_renewals"),
    path("renewals/authority/", all_renewals.authority_update, name="authority_update"),
    path("deleted/", recycle_bin.all_deleted, name="all_deleted"),
    path("go/", identifiers.go, name="go"),
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
    path("vaults/<slug:slug>/connections/", vault_connections.vault_connections, name="vault_connections"),
    path(
        "vaults/<slug:slug>/connections/<uuid:connection_id>/forward/",
        vault_connections.vault_connection_forward,
        name="vault_connection_forward",
    ),
    path(
        "vaults/<slug:slug>/connections/<uuid:connection_id>/remove/",
        vault_connections.vault_connection_remove,
        name="vault_connection_remove",
    ),
    path("vaults/<slug:slug>/remove/", vaults.vault_remove, name="vault_remove"),
    path("vaults/<slug:slug>/scan/", vaults.vault_scan, name="vault_scan"),
    path("vaults/<slug:slug>/postman/", postman.vault_postman, name="vault_postman"),
    path("vaults/<slug:slug>/access/", access.access, name="access"),
    path("vaults/<slug:slug>/access/grant/", access.access_grant, name="access_grant"),
    *item_paths(
        SECRET,
        new=secrets.secret_new,
        detail=secrets.secret_detail,
        edit=secrets.secret_edit,
        new_version=secrets.secret_new_version,
    ),
    path("vaults/<slug:slug>/secrets/<str:name>/reveal/", secrets.secret_reveal, name="secret_reveal"),
    path("vaults/<slug:slug>/new/<kind:kind>/name/", names.name_state, name="name_state"),
    path("vaults/<slug:slug>/secrets/<str:name>/compare/", secret_comparison.secret_compare, name="secret_compare"),
    path(
        "vaults/<slug:slug>/secrets/<str:name>/versions/<str:version>/roll-back/",
        secrets.secret_roll_back,
        name="secret_roll_back",
    ),
    *item_paths(
        KEY,
        new=keys.key_new,
        detail=keys.key_detail,
        edit=keys.key_edit,
        new_version=keys.key_new_version,
    ),
    path("vaults/<slug:slug>/import/key/", key_import.import_page, name="key_import"),
    path("vaults/<slug:slug>/keys/<str:name>/rotate/", key_rotation.key_rotate, name="key_rotate"),
    path("vaults/<slug:slug>/keys/<str:name>/rotation/", key_rotation.key_rotation, name="key_rotation"),
    path("vaults/<slug:slug>/keys/<str:name>/rotation/edit/", key_rotation.key_rotation_edit, name="key_rotation_edit"),
    path("vaults/<slug:slug>/keys/<str:name>/attestation/", keys.key_attestation, name="key_attestation"),
    path("vaults/<slug:slug>/keys/<str:name>/public-key/", keys.key_public, name="key_public"),
    path(TRY_KEY, key_operations.key_try, name="key_try"),
    path(f"{TRY_KEY}encrypt/", key_operations.key_encrypt, name="key_encrypt"),
    path(f"{TRY_KEY}decrypt/", key_operations.key_decrypt, name="key_decrypt"),
    path(f"{TRY_KEY}sign/", key_operations.key_sign, name="key_sign"),
    path(f"{TRY_KEY}verify/", key_operations.key_verify, name="key_verify"),
    path(f"{TRY_KEY}wrap/", key_operations.key_wrap, name="key_wrap"),
    path(f"{TRY_KEY}unwrap/", key_operations.key_unwrap, name="key_unwrap"),
    path(f"{TRY_KEY}release/", key_operations.key_release, name="key_release"),
    path(f"{TRY_KEY}secure-wrap/", key_operations.key_secure_wrap, name="key_secure_wrap"),
    path(f"{TRY_KEY}secure-unwrap/", key_operations.key_secure_unwrap, name="key_secure_unwrap"),
    path("vaults/<slug:slug>/random-bytes/", key_operations.random_bytes, name="random_bytes"),
    *item_paths(
        CERTIFICATE,
        new=certificates.certificate_new,
        detail=certificates.certificate_detail,
        edit=certificates.certificate_edit,
        new_version=certificates.certificate_new_version,
    ),
    path("vaults/<slug:slug>/import/certificate/", certificate_import.import_page, name="certificate_import"),
    path(f"{ONE_CERTIFICATE}download/", certificates.certificate_download, name="certificate_download"),
    path(f"{ONE_CERTIFICATE}renewals/", renewals.certificate_renewals, name="certificate_renewals"),
    path(f"{ONE_CERTIFICATE}policy/", certificate_policy.certificate_policy, name="certificate_policy"),
    path(f"{ONE_CERTIFICATE}policy/edit/", certificate_policy.certificate_policy_edit, name="certificate_policy_edit"),
    path("vaults/<slug:slug>/new/certificate/effect/", certificate_policy.policy_effect, name="policy_effect"),
    path(f"{ONE_CERTIFICATE}export/", certificate_export.certificate_export, name="certificate_export"),
    path(OPERATION, operations.certificate_operation, name="certificate_operation"),
    path(f"{OPERATION}status/", operations.certificate_operation, name="certificate_operation_status"),
    path(f"{OPERATION}csr/", operations.certificate_operation_csr, name="certificate_operation_csr"),
    path(f"{OPERATION}cancel/", operations.certificate_operation_cancel, name="certificate_operation_cancel"),
    path(f"{OPERATION}merge/", merging.certificate_operation_merge, name="certificate_operation_merge"),
    path(f"{OPERATION}restart/", operations.certificate_operation_restart, name="certificate_operation_restart"),
    path(f"{OPERATION}delete/", operations.certificate_operation_delete, name="certificate_operation_delete"),
    path("vaults/<slug:slug>/issuers/", issuers.issuer_list, name="issuer_list"),
    path("vaults/<slug:slug>/new/issuer/", issuers.issuer_new, name="issuer_new"),
    path("vaults/<slug:slug>/issuers/<str:name>/", issuers.issuer_detail, name="issuer_detail"),
    path("vaults/<slug:slug>/issuers/<str:name>/edit/", issuers.issuer_edit, name="issuer_edit"),
    path("vaults/<slug:slug>/issuers/<str:name>/delete/", issuers.issuer_delete, name="issuer_delete"),
    path("vaults/<slug:slug>/contacts/", contacts.contacts_page, name="contacts"),
    path("vaults/<slug:slug>/contacts/edit/", contacts.contacts_edit, name="contacts_edit"),
    path("vaults/<slug:slug>/contacts/delete/", contacts.contacts_delete, name="contacts_delete"),
    path("vaults/<slug:slug>/restore/", backups.restore_page, name="restore"),
    path(DELETED, deleted.deleted_list, name="deleted_list"),
    path(f"{DELETED}<kind:kind>/<str:name>/", deleted.deleted_detail, name="deleted_detail"),
    path(f"{DELETED}<kind:kind>/<str:name>/recover/", deleted.deleted_recover, name="deleted_recover"),
    path(f"{DELETED}<kind:kind>/<str:name>/purge/", deleted.deleted_purge, name="deleted_purge"),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/<uuid:job_id>/", jobs.job_detail, name="job_detail"),
    path("jobs/<uuid:job_id>/cancel/", jobs.job_cancel, name="job_cancel"),
    path("jobs/<uuid:job_id>/retry/", jobs.job_retry, name="job_retry"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/verify/", audit.audit_verify, name="audit_verify"),
    path("audit/<uuid:event_id>/", audit.audit_detail, name="audit_detail"),
    path("team/", teams.team, name="team"),
    path("team/choose/", teams.team_choose, name="team_choose"),
    path("team/invite/", teams.member_invite, name="member_invite"),
    path("team/invitations/<uuid:invitation_id>/withdraw/", teams.invitation_withdraw, name="invitation_withdraw"),
    path("team/members/<int:member_id>/role/", teams.member_update, name="member_update"),
    path("team/members/<int:member_id>/remove/", teams.member_remove, name="member_remove"),
    path("join/<str:token>/", invitations.join, name="join"),
]
