"""Backup and restore of one item: the file that leaves, what is shown of it first, what comes back, and what stays (nothing)."""

import base64
import io
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from tests import age
from tests.browsing import fill_in, filled, main_form, text_of
from tests.conftest import World, confirmed, last_detail, last_entry, session_contents, signed_in, unwritable
from tests.databases import stored
from vaults.emulator import Emulator
from vaults.inventory.observe import known_item
from vaults.keyvault.client import VaultClient
from vaults.keyvault.types import CertificatePolicy
from vaults.kinds import BY_NAME
from vaults.models import AuditEntry, InventoryItem
from vaults.permissions import Action, Role

V = "/vaults/kv-shop-prod"
RESTORE = f"{V}/restore/"
PASSWORD = "p4ss W0rd$\"'\\&%"
TWICE = {"file_password": PASSWORD, "file_password_again": PASSWORD}
NAMES = {"secret": "kept", "key": "signing", "certificate": "tls"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def stock(azure: VaultClient, emulator: Emulator) -> None:
    for number in range(3):
        azure.secrets.set("kept", f"value {number}", tags={"number": str(number)})
        emulator.clock.advance(1)
    azure.keys.create("signing", kty="EC")
    emulator.clock.advance(1)
    azure.keys.create("signing", kty="EC")
    azure.certificates.create("tls", CertificatePolicy(issuer_name="Self", subject="CN=shop.example"))
    emulator.clock.advance(60)
    azure.certificates.get("tls")


def items(azure: VaultClient, kind: str) -> Any:
    return BY_NAME[kind].client(azure)


def page_of(kind: str) -> str:
    return f"{V}/{kind}s/{NAMES[kind]}/backup/"


def back_up(client: Client, kind: str, **typed: Any) -> Any:
    return fill_in(client, page_of(kind), **typed)


def raw(azure: VaultClient, kind: str) -> bytes:
    blob: bytes = items(azure, kind).backup(NAMES[kind])
    return blob


def remove(azure: VaultClient, kind: str) -> None:
    items(azure, kind).delete(NAMES[kind])
    items(azure, kind).purge(NAMES[kind])


def look(client: Client, content: bytes, named: str = "kept.secret.kvbackup", **typed: Any) -> Any:
    form = filled(client.get(RESTORE), upload=SimpleUploadedFile(named, content), step="look", **typed)
    return client.post(RESTORE, form)


def send(client: Client, shown: Any, content: bytes, named: str = "kept.secret.kvbackup", **typed: Any) -> Any:
    return client.post(
        RESTORE, filled(shown, upload=SimpleUploadedFile(named, content), step="restore", **typed), follow=True
    )


def restores(emulator: Emulator) -> list[Any]:
    return [each for each in emulator.requests if each.path.endswith("/restore")]


# Backup


@pytest.mark.parametrize("kind", NAMES)
def test_a_file_with_a_password_is_age_and_holds_the_blob(
    kind: str, olga: Client, stock: None, azure: VaultClient
) -> None:
    page = olga.get(page_of(kind))
    assert f"age -d {NAMES[kind]}.{kind}.age > blob" in text_of(page)
    answer = back_up(olga, kind, **TWICE)
    assert answer["Content-Disposition"] == f'attachment; filename="{NAMES[kind]}.{kind}.age"'
    assert answer["Cache-Control"] == "no-store"
    blob = age.read(answer.content, PASSWORD)
    assert re.match(rb".AzureKeyVault(Secret|Key)BackupV1\.microsoft\.com", blob)
    action = BY_NAME[kind].actions.backup
    entry = last_entry(action)
    assert (entry.state, entry.name, last_detail(action)) == ("succeeded", NAMES[kind], {"format": "age"})
    remove(azure, kind)
    assert items(azure, kind).restore(blob).name == NAMES[kind]


@pytest.mark.parametrize("kind", NAMES)
def test_a_raw_file_is_what_az_takes(kind: str, olga: Client, stock: None, azure: VaultClient) -> None:
    answer = back_up(olga, kind, raw="on")
    assert answer["Content-Disposition"] == f'attachment; filename="{NAMES[kind]}.{kind}.kvbackup"'
    remove(azure, kind)
    assert items(azure, kind).restore(answer.content).name == NAMES[kind]
    assert last_detail(BY_NAME[kind].actions.backup) == {"format": "backup-blob"}
    entry = last_entry(BY_NAME[kind].actions.backup)
    assert "the backup as Key Vault made it" in text_of(olga.get(f"/audit/{entry.event}/"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Type a password twice, or tick that you want the backup without one."),
        ({"file_password": PASSWORD}, "The two passwords are not the same."),
        ({**TWICE, "file_password_again": "an0ther one"}, "The two passwords are not the same."),
        ({**TWICE, "raw": "on"}, "Type a password, or take the backup without one: not both."),
        ({"file_password": "sh0rt", "file_password_again": "sh0rt"}, "at least 8 characters"),
        ({"file_password": "pässword-", "file_password_again": "pässword-"}, "plain ASCII"),
    ],
)
def test_nobody_gets_a_raw_file_by_mistake(
    typed: dict[str, str], sentence: str, olga: Client, stock: None, emulator: Emulator
) -> None:
    answer = back_up(olga, "secret", **typed)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not AuditEntry.objects.filter(action=Action.SECRET_BACKUP).exists()
    for password in {value for value in typed.values() if value != "on"}:
        assert password not in answer.content.decode()


def test_what_belongs_to_a_certificate_has_no_backup_of_its_own(olga: Client, stock: None) -> None:
    for kind in ("secret", "key"):
        answer = fill_in(olga, f"{V}/{kind}s/tls/backup/", raw="on")
        assert answer.status_code == 403
        assert "belongs to a certificate" in text_of(answer)


def test_the_links_are_drawn_for_those_who_may(olga: Client, world: World, stock: None) -> None:
    for kind, name in NAMES.items():
        detail = f"{V}/{kind}s/{name}/"
        assert f'href="{page_of(kind)}"' in olga.get(detail).content.decode()
        assert f'href="{page_of(kind)}"' not in signed_in(world.rafi).get(detail).content.decode()
    assert f'href="{RESTORE}"' in olga.get(f"{V}/deleted/").content.decode()
    assert f'href="{RESTORE}"' not in signed_in(world.rafi).get(f"{V}/deleted/").content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.READER, Role.WRITER])
def test_the_role_is_missing(role: Role, world: World, stock: None, azure: VaultClient, emulator: Emulator) -> None:
    browser, blob = confirmed(signed_in(world.members[role])), raw(azure, "secret")
    emulator.requests.clear()
    assert browser.post(page_of("secret"), {"raw": "on"}).status_code == 403
    assert browser.get(RESTORE).status_code == 403
    upload = SimpleUploadedFile("kept.secret.kvbackup", blob)
    assert browser.post(RESTORE, {"upload": upload, "step": "restore"}).status_code == 403
    assert emulator.requests == []
    assert [last_entry(action).state for action in (Action.SECRET_BACKUP, Action.SECRET_RESTORE)] == ["denied"] * 2


def test_backups_count_as_revealed_values(olga: Client, stock: None, settings: Settings) -> None:
    settings.REVEAL_LIMIT = 2
    assert back_up(olga, "secret", raw="on").status_code == 200
    assert back_up(olga, "key", raw="on").status_code == 200
    refused = back_up(olga, "certificate", raw="on")
    assert refused.status_code == 429
    assert "2 values in 10 minutes are the limit" in text_of(refused)


def test_an_answer_that_is_no_blob_gives_no_file(olga: Client, stock: None, emulator: Emulator) -> None:
    emulator.answer_next(200, {"value": "no blob!"}, path="/backup", times=3)
    answer = back_up(olga, "secret", raw="on")
    assert answer.status_code == 502
    assert "no blob!" not in answer.content.decode()


# Restore


@pytest.mark.parametrize("kind", NAMES)
def test_all_versions_come_back(
    kind: str, olga: Client, world: World, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    before = [(each.version, each.tags) for each in items(azure, kind).versions(NAMES[kind])]
    blob, named = raw(azure, kind), f"{NAMES[kind]}.{kind}.age"
    file = age.write(blob, PASSWORD)
    remove(azure, kind)
    emulator.requests.clear()
    shown = look(olga, file, named, password=PASSWORD)
    words = text_of(shown)
    assert f"Backup of a {kind}" in words
    assert f"Name {NAMES[kind]}" in words
    assert "Name in kv-shop-prod free" in words
    assert "another subscription or geography" in words
    assert not restores(emulator)
    done = send(olga, shown, file, named, password=PASSWORD)
    assert f"{kind.capitalize()} {NAMES[kind]} was restored with all its versions." in text_of(done)
    assert done.redirect_chain == [(f"{V}/{kind}s/{NAMES[kind]}/", 302)]
    assert [(each.version, each.tags) for each in items(azure, kind).versions(NAMES[kind])] == before
    [sent] = restores(emulator)
    assert sent.body == {"value": base64.urlsafe_b64encode(blob).decode().rstrip("=")}
    entry = last_entry(BY_NAME[kind].actions.restore)
    assert (entry.state, entry.name, entry.version) == ("succeeded", NAMES[kind], before[0][0])
    assert last_detail(BY_NAME[kind].actions.restore) == {"name_was": "free"}
    known = known_item(world.vault, kind, NAMES[kind])
    assert known
    assert known.is_live


@pytest.mark.parametrize("named", ["kept.secret.kvbackup", "kept.secret (1).age", "backup"])
@pytest.mark.parametrize("dressed", ["age", "armored", "raw", "text", "json"])
def test_the_dresses_of_a_file(named: str, dressed: str, olga: Client, stock: None, azure: VaultClient) -> None:
    blob = raw(azure, "secret")
    text = base64.urlsafe_b64encode(blob).rstrip(b"=")
    sealed = age.write(blob, PASSWORD)
    content = {
        "age": sealed,
        "armored": age.armored(sealed),
        "raw": blob,
        "text": text,
        "json": b'{"value":"' + text + b'"}',
    }
    remove(azure, "secret")
    typed = {"name": "kept"} if named == "backup" else {}
    shown = look(olga, content[dressed], named, password=PASSWORD, **typed)
    assert shown.status_code == 200, text_of(shown)
    assert "was restored" in text_of(send(olga, shown, content[dressed], named, password=PASSWORD, **typed))


def test_another_file_than_was_shown_is_shown_and_not_sent(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    secret, key = raw(azure, "secret"), raw(azure, "key")
    remove(azure, "secret")
    remove(azure, "key")
    emulator.requests.clear()
    shown = look(olga, secret)
    again = send(olga, shown, key, "signing.key.kvbackup")
    assert "Nothing was restored yet" in text_of(again)
    unseen = olga.post(RESTORE, {"upload": SimpleUploadedFile("kept.secret.kvbackup", secret), "step": "restore"})
    assert "Nothing was restored yet" in text_of(unseen)
    assert not restores(emulator)
    assert "was restored" in text_of(send(olga, again, key, "signing.key.kvbackup"))


def test_a_second_click_restores_nothing_twice(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob)
    emulator.requests.clear()
    for _ in range(2):
        assert send(olga, shown, blob).redirect_chain == [(f"{V}/secrets/kept/", 302)]
    assert len(restores(emulator)) == 1
    assert AuditEntry.objects.filter(action=Action.SECRET_RESTORE, state="started").count() == 1


SECRET_MARK = b")AzureKeyVaultSecretBackupV1.microsoft.com"
RUBBISH = {
    "nothing": (b"", {}, "The file is empty."),
    "rubbish": (b"\x00\xffrubbish", {}, "This is no backup of Key Vault"),
    "a PEM": (b"-----BEGIN CERTIFICATE-----", {}, "This is no backup of Key Vault"),
    "JSON": (b'{"id": 7}', {}, 'JSON without a member "value"'),
    "JSON with half a surrogate pair": (b'{"value": "\\ud800"}', {}, 'JSON without a member "value"'),
    "an age file without password": (age.write(SECRET_MARK, PASSWORD), {}, "This is an age file: type its password."),
    "a wrong password": (
        age.write(SECRET_MARK, PASSWORD),
        {"password": "wrong"},
        "This password does not open the file",
    ),
    "a cut age file": (age.write(SECRET_MARK, PASSWORD)[:-5], {"password": PASSWORD}, "or the file is damaged"),
    "rubbish in an age file": (
        age.write(b"rubbish", PASSWORD),
        {"password": PASSWORD},
        "This is no backup of Key Vault",
    ),
    "a huge work factor": (
        age.write(SECRET_MARK, PASSWORD).replace(b" 10\n", b" 31\n", 1),
        {"password": PASSWORD},
        "This age file asks for 2^31 rounds of scrypt; here 2^20 are done at most.",
    ),
    "a public key's age file": (
        b"age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n--- AAAA\n",
        {"password": PASSWORD},
        "This age file is not encrypted with a password",
    ),
    "another kind": (SECRET_MARK, {"kind": "key"}, "This is the backup of a secret, not of a key."),
    "a bad name": (SECRET_MARK, {"name": "a/b"}, "Use 1 to 127 letters, digits and hyphens"),
    "an odd kind": (SECRET_MARK, {"kind": "vault"}, "Select a valid choice"),
}


@pytest.mark.parametrize("case", RUBBISH)
@pytest.mark.parametrize("htmx", [True, False])
def test_what_is_no_backup_is_refused_at_the_field(case: str, htmx: bool, olga: Client, emulator: Emulator) -> None:
    content, typed, sentence = RUBBISH[case]
    form = filled(olga.get(RESTORE), upload=SimpleUploadedFile("x.secret.age", content), step="look", **typed)
    emulator.requests.clear()
    answer = olga.post(RESTORE, form, headers=HTMX if htmx else {})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert PASSWORD not in answer.content.decode()
    assert emulator.requests == []
    if not htmx:
        assert main_form(answer).fields["kind"] == [typed.get("kind", "") if typed.get("kind") != "vault" else ""]
        assert "The browser has let go of the file and of its password" in text_of(answer)


def test_a_reserved_name(olga: Client, emulator: Emulator) -> None:
    blob = b"&AzureKeyVaultKeyBackupV1.microsoft.com"
    answer = look(olga, blob, "contacts.certificate.kvbackup")
    assert answer.status_code == 422
    assert "This is a word of Key Vault's own addresses" in text_of(answer)


def test_no_file_and_a_file_that_is_too_large(olga: Client) -> None:
    assert "Choose the file of the backup." in text_of(olga.post(RESTORE, filled(olga.get(RESTORE), step="look")))
    assert "larger than the 8 MB" in text_of(look(olga, SECRET_MARK + bytes(8_000_000)))
    assert "larger than 11.5 MB" in text_of(look(olga, SECRET_MARK + bytes(11_600_000)))


def test_key_or_certificate_has_to_be_chosen_if_the_file_does_not_tell(
    olga: Client, stock: None, azure: VaultClient
) -> None:
    blob = raw(azure, "certificate")
    remove(azure, "certificate")
    asked = look(olga, blob, "backup.bin")
    assert "This is the backup of a key or a certificate: choose which." in text_of(asked)
    assert "Type the name of the item" in text_of(asked)
    shown = look(olga, blob, "backup.bin", kind="key", name="tls")
    refused = send(olga, shown, blob, "backup.bin", kind="key", name="tls")
    assert "Key Vault can't read this backup" in text_of(refused)
    assert last_entry(Action.KEY_RESTORE).state == "failed"
    shown = look(olga, blob, "backup.bin", kind="certificate", name="tls")
    assert "was restored" in text_of(send(olga, shown, blob, "backup.bin", kind="certificate", name="tls"))


def test_a_damaged_blob_is_refused_by_key_vault_in_words(olga: Client, stock: None, azure: VaultClient) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob[:-40])
    refused = send(olga, shown, blob[:-40])
    assert refused.status_code == 400
    words = text_of(refused)
    assert "Key Vault can't read this backup" in words
    assert "another subscription or geography" in words
    assert last_entry(Action.SECRET_RESTORE).state == "failed"


@pytest.mark.parametrize("at", ["look", "restore"])
@pytest.mark.parametrize("kind", NAMES)
def test_a_name_that_is_in_use(
    kind: str, at: str, olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob, named = raw(azure, kind), f"{NAMES[kind]}.{kind}.kvbackup"
    if at == "look":
        answer = look(olga, blob, named)
    else:
        remove(azure, kind)
        shown = look(olga, blob, named)
        items(azure, kind).restore(blob)
        emulator.requests.clear()
        answer = send(olga, shown, blob, named)
    assert answer.status_code == 422
    assert f"The name {NAMES[kind]} is not free" in text_of(answer)
    assert f'href="{V}/{kind}s/{NAMES[kind]}/"' in answer.content.decode()
    assert not restores(emulator)
    assert not AuditEntry.objects.filter(action=BY_NAME[kind].actions.restore).exists()


@pytest.mark.parametrize("kind", NAMES)
def test_a_deleted_items_name_leads_to_its_recovery(
    kind: str, olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob = raw(azure, kind)
    items(azure, kind).delete(NAMES[kind])
    answer = look(olga, blob, f"{NAMES[kind]}.{kind}.kvbackup")
    assert f"A deleted {kind} holds this name" in text_of(answer)
    assert f'href="{V}/deleted/{kind}s/{NAMES[kind]}/"' in answer.content.decode()
    assert not restores(emulator)


def test_a_secret_of_a_certificates_name(olga: Client, stock: None, azure: VaultClient) -> None:
    answer = look(olga, SECRET_MARK, "tls.secret.kvbackup")
    assert "This name belongs to a certificate." in text_of(answer)


def test_a_purge_of_seconds_ago_is_a_conflict_in_words(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob)
    message = f"There was a conflict restoring the secret 'https://x/secrets/kept/{'0' * 32}'. This can happen if …"
    emulator.answer_next(409, {"error": {"code": "Conflict", "message": message}}, path="/secrets/restore")
    refused = send(olga, shown, blob)
    assert refused.status_code == 409
    assert "The name in the backup is not free" in text_of(refused)
    assert "after a purge, try again in a minute" in text_of(refused)


def test_another_name_than_the_one_that_was_said(olga: Client, stock: None, azure: VaultClient) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob, name="other")
    done = send(olga, shown, blob, name="other")
    assert "Secret kept was restored with all its versions. In the backup it had this name, and not other." in text_of(
        done
    )
    assert last_detail(Action.SECRET_RESTORE) == {"name_was": "free", "restored_as": "kept"}


def test_an_answer_that_names_no_item_of_the_vault(
    olga: Client, world: World, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob)
    hostile = {"id": f"https://kv-other.vault.test/secrets/theirs/{'0' * 32}", "attributes": {"enabled": True}}
    emulator.answer_next(200, hostile, path="/secrets/restore")
    done = send(olga, shown, blob)
    assert done.redirect_chain[0] == (f"{V}/secrets/kept/", 302)
    assert last_detail(Action.SECRET_RESTORE) == {"name_was": "free"}
    assert not InventoryItem.objects.filter(name__in=("", "theirs")).exists()


def test_without_list_and_get_the_name_is_not_known(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    emulator.deny("secrets/list", "secrets/get")
    shown = look(olga, blob)
    assert "not known" in text_of(shown)
    send(olga, shown, blob)
    assert (last_entry(Action.SECRET_RESTORE).state, last_detail(Action.SECRET_RESTORE)) == (
        "succeeded",
        {"name_was": "unknown"},
    )


def test_without_the_right_to_certificates_a_secret_is_restored(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator
) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    emulator.deny("certificates/get")
    send(olga, look(olga, blob), blob)
    assert last_detail(Action.SECRET_RESTORE) == {"name_was": "unheld"}
    assert azure.secrets.get("kept").properties.name == "kept"


def test_a_certificate_of_a_plain_keys_name(olga: Client, stock: None, azure: VaultClient, emulator: Emulator) -> None:
    blob = raw(azure, "certificate")
    remove(azure, "certificate")
    azure.keys.create(NAMES["certificate"], kty="EC")
    answer = look(olga, blob, f"{NAMES['certificate']}.certificate.kvbackup")
    assert "A key has this name, and a certificate's own key would need it." in text_of(answer)
    assert not restores(emulator)


def test_an_unwritable_index_changes_nothing_of_it(olga: Client, stock: None, azure: VaultClient) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob)
    with unwritable("vaults_inventoryitem"):
        done = send(olga, shown, blob)
    assert "was restored with all its versions" in text_of(done)
    assert last_entry(Action.SECRET_RESTORE).state == "succeeded"


def test_a_lost_answer_is_found_out(olga: Client, stock: None, azure: VaultClient, emulator: Emulator) -> None:
    blob = raw(azure, "secret")
    remove(azure, "secret")
    shown = look(olga, blob)
    emulator.lose_answer(path="/secrets/restore")
    done = send(olga, shown, blob)
    assert "was restored" in text_of(done)
    assert last_detail(Action.SECRET_RESTORE)["unconfirmed"] is True
    remove(azure, "secret")
    shown = look(olga, blob)
    emulator.lose_request(path="/secrets/restore")
    answer = send(olga, shown, blob)
    assert answer.status_code == 504, text_of(answer)
    assert last_entry(Action.SECRET_RESTORE).state == "unknown"


def test_five_megabytes_there_and_back(olga: Client, azure: VaultClient, emulator: Emulator) -> None:
    for number in range(120):
        azure.secrets.set("kept", f"{number:05d}" * 5000)
    file = back_up(olga, "secret", **TWICE).content
    assert len(file) > 5_000_000
    remove(azure, "secret")
    shown = look(olga, file, "kept.secret.age", password=PASSWORD)
    assert shown.status_code == 200, text_of(shown)
    assert "was restored" in text_of(send(olga, shown, file, "kept.secret.age", password=PASSWORD))
    assert len(azure.secrets.versions("kept")) == 120


def test_neither_blob_nor_password_stays_anywhere(
    olga: Client, stock: None, azure: VaultClient, emulator: Emulator, log: io.StringIO
) -> None:
    blob = raw(azure, "secret")
    text = base64.urlsafe_b64encode(blob).decode().rstrip("=")
    file = age.write(blob, PASSWORD)
    back_up(olga, "secret", raw="on")
    remove(azure, "secret")
    shown = look(olga, file, password=PASSWORD)
    pages = [shown]
    for status in (400, 500, 200):
        emulator.answer_next(status, {"error": {"code": "x", "message": f"You sent {text}"}}, path="/secrets/restore")
        pages.append(send(olga, shown, file, password=PASSWORD))
    pages += [send(olga, look(olga, file, password=PASSWORD), file, password=PASSWORD), olga.get(f"{V}/secrets/kept/")]
    pages += [olga.get(f"/audit/{each}/") for each in AuditEntry.objects.values_list("event", flat=True).distinct()]
    everything = [
        log.getvalue(),
        json.dumps(session_contents()),
        *(page.content.decode() for page in pages),
        str(stored()),
    ]
    for part in (text[200:260], text[-60:], PASSWORD, blob[-60:].decode()):
        assert [where[:200] for where in everything if part in where] == []
