"""Backup blobs: their marks in recorded traffic, and the forms in which a file may hold one."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaults.keyvault.backup_blobs import NoBlob, blob_in, blob_of, kinds_of, text_of
from vaults.keyvault.operations import LARGEST_BLOB, OPERATIONS

RECORDINGS = Path(os.environ.get("KVPORTAL_REFERENCE_DIR", "../shared")) / "recordings"
SECRET = b")AzureKeyVaultSecretBackupV1.microsoft.comeyJraWQi\xff\xfe"
KEY = b"&AzureKeyVaultKeyBackupV1.microsoft.comeyJraWQi"


def recorded() -> Iterator[tuple[str, str]]:
    """The collection and the blob of each recorded backup."""
    for file in sorted(RECORDINGS.glob("*/*.json")):
        entries = json.loads(file.read_text(encoding="utf-8"))
        for entry in entries.get("Entries", []) if isinstance(entries, dict) else []:
            answer = entry.get("ResponseBody")
            if "/backup?" in entry["RequestUri"] and entry["StatusCode"] == 200 and isinstance(answer, dict):
                yield file.parent.name, answer["value"]


@pytest.mark.skipif(not RECORDINGS.exists(), reason="no recordings (KVPORTAL_REFERENCE_DIR)")
def test_the_marks_of_real_blobs() -> None:
    found = list(recorded())
    assert {collection for collection, _ in found} == {"secrets", "keys", "certificates"}
    for collection, text in found:
        blob = blob_of(text)
        assert text_of(blob) == text
        assert collection.removesuffix("s") in kinds_of(blob)
        assert blob_in(blob) == blob_in(text.encode()) == blob


def test_the_kinds() -> None:
    assert kinds_of(SECRET) == ("secret",)
    assert kinds_of(KEY) == ("key", "certificate")


@pytest.mark.parametrize("blob", [SECRET, KEY])
def test_the_forms_of_a_file(blob: bytes) -> None:
    text = text_of(blob).encode()
    for content in (
        blob,
        text,
        b"\n" + text[:20] + b"\r\n" + text[20:] + b"\r\n",
        base64.urlsafe_b64encode(blob),
        json.dumps({"value": text.decode()}).encode(),
    ):
        assert blob_in(content) == blob


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \r\n",
        b"rubbish",
        b"\x00\xff" * 100,
        b"AAAA",
        b"A",
        b'{"value": ',
        b"{}",
        b"[" * 10_000,
        b'{"value":' + b"[" * 100_000,
        b'{"value": null}',
        base64.b64encode(b")AzureKeyVaultStorageBackupV1.microsoft.com"),
        b"age-encryption.org/v1\n",
        b"-----BEGIN CERTIFICATE-----",
        text_of(SECRET).encode()[1:],
    ],
)
def test_rubbish(content: bytes) -> None:
    with pytest.raises(NoBlob) as caught:
        blob_in(content)
    assert str(caught.value).endswith(".")


def test_a_blob_that_is_too_large() -> None:
    fits = SECRET + bytes(LARGEST_BLOB - len(SECRET))
    assert blob_in(fits) == fits
    with pytest.raises(NoBlob, match="8 MB"):
        blob_in(fits + b"x")


def test_the_largest_blob_fits_into_an_answer() -> None:
    answer = json.dumps({"value": text_of(bytes(LARGEST_BLOB))})
    assert len(answer) < OPERATIONS["BackupSecret"].largest_answer
