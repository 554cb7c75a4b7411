"""Every operation of the catalogue, the page from which it is sent, and the file that tests it. Prints how many there are.

An operation without a page stands in NOT_YET; one that gets a client method has to leave it.
"""

from pathlib import Path
from typing import Final

from django.urls import get_resolver

import vaults.keyvault
from tests.conftest import say
from vaults.keyvault.operations import OPERATIONS

ROOT = Path(__file__).parent.parent
#: By operation: the name of the page's URL, and the test.
TABLE: Final = {
    "SetSecret": ("secret_new", "tests/views/test_secrets.py"),
    "GetSecret": ("secret_reveal", "tests/views/test_secrets.py"),
    "UpdateSecret": ("secret_edit", "tests/views/test_secrets.py"),
    "GetSecrets": ("secret_list", "tests/views/test_secrets.py"),
    "GetSecretVersions": ("secret_detail", "tests/views/test_secret_versions.py"),
    "DeleteSecret": ("secret_delete", "tests/views/test_confirm.py"),
    "GetDeletedSecrets": ("deleted_list", "tests/views/test_gone.py"),
    "GetDeletedSecret": ("deleted_detail", "tests/views/test_gone.py"),
    "RecoverDeletedSecret": ("deleted_recover", "tests/views/test_gone.py"),
    "PurgeDeletedSecret": ("deleted_purge", "tests/views/test_confirm.py"),
    "BackupSecret": ("secret_backup", "tests/views/test_backups.py"),
    "RestoreSecret": ("restore", "tests/views/test_backups.py"),
    "CreateKey": ("key_new", "tests/views/test_new_version.py"),
    "GetKey": ("key_detail", "tests/views/test_key_files.py"),
    "ImportKey": ("key_import", "tests/views/test_import_key.py"),
    "UpdateKey": ("key_edit", "tests/views/test_untouched.py"),
    "GetKeys": ("key_list", "tests/views/test_odd_members.py"),
    "GetKeyVersions": ("key_detail", "tests/views/test_version_state.py"),
    "DeleteKey": ("key_delete", "tests/e2e/test_scenario.py"),
    "GetDeletedKeys": ("deleted_list", "tests/views/test_gone.py"),
    "GetDeletedKey": ("deleted_detail", "tests/e2e/test_scenario.py"),
    "RecoverDeletedKey": ("deleted_recover", "tests/views/test_transitions.py"),
    "PurgeDeletedKey": ("deleted_purge", "tests/e2e/test_scenario.py"),
    "BackupKey": ("key_backup", "tests/views/test_backups.py"),
    "RestoreKey": ("restore", "tests/views/test_backups.py"),
    "RotateKey": ("key_rotate", "tests/views/test_key_rotate.py"),
    "GetKeyRotationPolicy": ("key_rotation", "tests/views/test_key_rotation.py"),
    "UpdateKeyRotationPolicy": ("key_rotation_edit", "tests/views/test_key_rotation.py"),
    "GetKeyAttestation": ("key_attestation", "tests/views/test_key_files.py"),
    "encrypt": ("key_encrypt", "tests/views/test_key_operations.py"),
    "decrypt": ("key_decrypt", "tests/views/test_key_operations.py"),
    "sign": ("key_sign", "tests/views/test_key_operations.py"),
    "verify": ("key_verify", "tests/views/test_key_operations.py"),
    "wrapKey": ("key_wrap", "tests/views/test_key_operations.py"),
    "unwrapKey": ("key_unwrap", "tests/views/test_key_operations.py"),
    "release": ("key_release", "tests/views/test_key_operations.py"),
    "securewrapkey": ("key_secure_wrap", "tests/views/test_key_operations.py"),
    "secureunwrapkey": ("key_secure_unwrap", "tests/views/test_key_operations.py"),
    "GetRandomBytes": ("random_bytes", "tests/views/test_key_operations.py"),
    "CreateCertificate": ("certificate_new", "tests/views/test_new_certificate.py"),
    "ImportCertificate": ("certificate_import", "tests/views/test_import_certificate.py"),
    "GetCertificate": ("certificate_detail", "tests/views/test_odd_policies.py"),
    "UpdateCertificate": ("certificate_edit", "tests/views/test_untouched.py"),
    "UpdateCertificatePolicy": ("certificate_policy_edit", "tests/views/test_certificate_policy.py"),
    "GetCertificates": ("certificate_list", "tests/views/test_never_issued.py"),
    "GetCertificateVersions": ("certificate_detail", "tests/views/test_version_state.py"),
    "DeleteCertificate": ("certificate_delete", "tests/attacks/test_confirmation.py"),
    "GetCertificateOperation": ("certificate_operation", "tests/views/test_odd_operations.py"),
    "UpdateCertificateOperation": ("certificate_operation_cancel", "tests/attacks/test_confirmation.py"),
    "DeleteCertificateOperation": ("certificate_operation_delete", "tests/attacks/test_confirmation.py"),
    "MergeCertificate": ("certificate_operation_merge", "tests/views/test_merge.py"),
    "GetCertificateIssuers": ("issuer_list", "tests/views/test_issuers.py"),
    "GetCertificateIssuer": ("issuer_detail", "tests/views/test_issuers.py"),
    "SetCertificateIssuer": ("issuer_new", "tests/views/test_issuers.py"),
    "UpdateCertificateIssuer": ("issuer_edit", "tests/views/test_issuers.py"),
    "DeleteCertificateIssuer": ("issuer_delete", "tests/views/test_issuers.py"),
    "GetCertificateContacts": ("contacts", "tests/views/test_contacts.py"),
    "SetCertificateContacts": ("contacts_edit", "tests/views/test_contacts.py"),
    "DeleteCertificateContacts": ("contacts_delete", "tests/views/test_contacts.py"),
    "GetDeletedCertificates": ("deleted_list", "tests/views/test_gone.py"),
    "GetDeletedCertificate": ("deleted_detail", "tests/views/test_transitions.py"),
    "RecoverDeletedCertificate": ("deleted_recover", "tests/views/test_transitions.py"),
    "PurgeDeletedCertificate": ("deleted_purge", "tests/actions/test_certificates.py"),
    "BackupCertificate": ("certificate_backup", "tests/views/test_backups.py"),
    "RestoreCertificate": ("restore", "tests/views/test_backups.py"),
}
#: Read with the certificate, in the same answer (GetCertificate): no page needs another request for it.
WITH_ANOTHER: Final = {"GetCertificatePolicy"}
NOT_YET: Final[frozenset[str]] = frozenset()


def test_every_operation_has_its_page_or_is_known_to_have_none() -> None:
    assert TABLE.keys() | NOT_YET | WITH_ANOTHER == OPERATIONS.keys()
    assert not TABLE.keys() & (NOT_YET | WITH_ANOTHER)
    say(f"operations with a page: {len(TABLE)} of {len(OPERATIONS)}")


def test_what_has_a_client_method_has_a_page() -> None:
    catalogue = {"operations.py", "probes.py", "request_samples.py"}
    files = [path for path in Path(vaults.keyvault.__file__).parent.glob("*.py") if path.name not in catalogue]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert {name for name in OPERATIONS if f'"{name}"' in source} == TABLE.keys() | WITH_ANOTHER


def test_the_pages_and_the_tests_exist() -> None:
    pages = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert {page for page, _ in TABLE.values()} <= pages
    assert [test for _, test in TABLE.values() if not (ROOT / test).is_file()] == []
