"""Backup and restore of secrets, keys and certificates, with all their versions.

Source: Key Vault REST. A blob is encrypted with a key that stays in the store, and bound to subscription and location, as
real ones are to subscription and geography: another emulator or another subscription cannot read it.
"""

import json
import secrets as random
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vaults.emulator.dataplane import certificates, keys, secrets
from vaults.emulator.dataplane.call import Call
from vaults.emulator.state.entries import Entry, Version
from vaults.emulator.wire import errors, jwt, rules
from vaults.emulator.wire.errors import VaultError
from vaults.emulator.wire.http import Response, json_response
from vaults.emulator.wire.kinds import CERTIFICATE, KEY, SECRET, Kind

NONCE = 12
#: The beginning of a blob, as in real ones: a byte with the length of the text after it. A certificate's is that of a key.
MARKS = {
    SECRET: ")AzureKeyVaultSecretBackupV1.microsoft.com",
    KEY: "&AzureKeyVaultKeyBackupV1.microsoft.com",
    CERTIFICATE: "&AzureKeyVaultKeyBackupV1.microsoft.com",
}
Show = Callable[[sqlite3.Connection, Entry, Version], dict[str, Any]]


def backup_secret(call: Call) -> Response:
    return _backup(call, SECRET)


def backup_key(call: Call) -> Response:
    return _backup(call, KEY)


def backup_certificate(call: Call) -> Response:
    return _backup(call, CERTIFICATE)


def restore_secret(call: Call) -> Response:
    return _restore(call, SECRET, lambda _db, entry, version: secrets.bundle(call, entry, version))


def restore_key(call: Call) -> Response:
    return _restore(call, KEY, lambda _db, entry, version: keys.bundle(call, entry, version))


def restore_certificate(call: Call) -> Response:
    return _restore(call, CERTIFICATE, lambda db, entry, version: certificates.bundle(call, db, entry, version))


def _backup(call: Call, kind: Kind) -> Response:
    parts: dict[str, Any] = {}
    with call.service.store.reading() as db:
        entry = call.table(db, kind).live(call.name)
        if entry.managed:
            raise errors.managed(kind, "backup")
        for each in _members(kind):
            table = call.table(db, each)
            item = table.live(entry.name)
            versions = [_frozen(version) for version in table.versions(item)]
            parts[each.collection] = {"entry": asdict(item), "versions": versions}
    nonce = random.token_bytes(NONCE)
    sealed = AESGCM(_blob_key(call)).encrypt(nonce, json.dumps(parts).encode(), _bound_to(call, kind))
    blob = f"{MARKS[kind]}{jwt.encode(nonce + sealed)}"
    return json_response(200, {"value": jwt.encode(blob.encode())})


def _restore(call: Call, kind: Kind, show: Show) -> Response:
    parts = _open(call, kind)
    name = parts[kind.collection]["entry"]["name"]
    current = parts[kind.collection]["entry"]["current"]
    with call.service.store.writing() as db:
        for each in _members(kind):
            if call.table(db, each).entry(name) is not None:
                raise errors.restore_conflict(kind, call.url(kind.collection, name, current))
        for each in _members(kind):
            part = parts[each.collection]
            table = call.table(db, each)
            for version in part["versions"]:
                table.write(name, _thawed(version))
            table.save(Entry(**part["entry"]))
        table = call.table(db, kind)
        entry = table.live(name)
        return json_response(200, show(db, entry, table.version(entry)))


def _open(call: Call, kind: Kind) -> dict[str, Any]:
    """The content of a blob. Raises the vault's 400 for one of another kind, subscription or emulator."""
    mark = MARKS[kind].encode()
    try:
        blob = jwt.decode(rules.text(call.body, "value") or "")
        if len(blob) >= len(mark) and not blob.startswith(mark):
            raise _malformed("Backup blob contains invalid or corrupt version.")
        raw = jwt.decode(blob.removeprefix(mark).decode())
        opened = AESGCM(_blob_key(call)).decrypt(raw[:NONCE], raw[NONCE:], _bound_to(call, kind))
    except (ValueError, InvalidTag):
        raise _malformed("Backup blob is corrupt.") from None
    parts: dict[str, Any] = json.loads(opened)
    return parts


def _malformed(message: str) -> VaultError:
    return VaultError(400, "Malformed backup blob", message)


def _members(kind: Kind) -> tuple[Kind, ...]:
    return (CERTIFICATE, KEY, SECRET) if kind == CERTIFICATE else (kind,)


def _bound_to(call: Call, kind: Kind) -> bytes:
    """What a blob is for: keys and certificates have the same mark, but a blob of one can't be restored as the other."""
    return f"{kind.collection}|{call.vault.subscription}|{call.vault.region}".encode()


def _blob_key(call: Call) -> bytes:
    key = call.service.store.setting("backup key")
    if key is None:
        key = random.token_bytes(32)
        call.service.store.set_setting("backup key", key)
    return key


def _frozen(version: Version) -> dict[str, Any]:
    return asdict(version) | {"material": jwt.encode(version.material)}


def _thawed(frozen: dict[str, Any]) -> Version:
    return Version(**frozen | {"material": jwt.decode(frozen["material"])})
