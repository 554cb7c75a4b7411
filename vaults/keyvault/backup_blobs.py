"""Backup blobs: what can be known of one, and the forms in which files hold it.

Key Vault REST: Backup Secret, Restore Secret and the same of keys and certificates. A blob can be read by Key Vault alone: not
even the item's name is legible. It begins with a mark, which tells secrets from the other two kinds.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Final

from vaults.azure.errors import MalformedResponse
from vaults.keyvault.operations import LARGEST_BLOB

#: By mark, in real blobs: the kinds that have it. A certificate's blob begins like that of its key.
_KINDS_OF_MARK: Final = {"Secret": ("secret",), "Key": ("key", "certificate"), "Certificate": ("certificate",)}
#: A byte with the length of the text after it, then the text.
_MARK: Final = re.compile(rb".AzureKeyVault(Secret|Key|Certificate)BackupV\d{1,3}\.microsoft\.com", re.DOTALL)
_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+={0,2}")


class NoBlob(Exception):
    """What was given holds no backup blob; the text is a sentence for people."""


def kinds_of(blob: bytes) -> tuple[str, ...]:
    """The kinds of which the blob can be, by its mark. Raises NoBlob."""
    mark = _MARK.match(blob)
    if mark is None:
        raise NoBlob("This is no backup of Key Vault: it does not begin like one.")
    return _KINDS_OF_MARK[mark[1].decode()]


def blob_in(content: bytes) -> bytes:
    """The blob in a file: as it is (az, PowerShell), as base64url text, or as the JSON of the REST API. Raises NoBlob."""
    if not content.strip():
        raise NoBlob("The file is empty.")
    blob = content if _MARK.match(content) else _decoded(_text_in(content))
    if len(blob) > LARGEST_BLOB:
        raise NoBlob(f"This is larger than the {LARGEST_BLOB // 1_000_000} MB that a backup may have here.")
    kinds_of(blob)
    return blob


def text_of(blob: bytes) -> str:
    """The blob as the REST API has it: base64url without padding."""
    return base64.urlsafe_b64encode(blob).decode().rstrip("=")


def blob_of(text: str) -> bytes:
    """The blob of an answer. Raises MalformedResponse."""
    try:
        return _decoded(text.encode())
    except NoBlob:
        raise MalformedResponse('The member "value" of the answer is no backup blob.') from None


def _text_in(content: bytes) -> bytes:
    if not content.lstrip().startswith(b"{"):
        return b"".join(content.split())
    try:
        return str(json.loads(content)["value"]).encode()
    except (ValueError, KeyError, RecursionError):  # also for half a surrogate pair, which is no UTF-8
        raise NoBlob('This is JSON without a member "value" that holds a backup.') from None


def _decoded(text: bytes) -> bytes:
    try:
        if not _BASE64URL.fullmatch(text):
            raise NoBlob("This is no backup of Key Vault: neither its bytes nor their base64url text.")
        return base64.urlsafe_b64decode(text.rstrip(b"=") + b"=" * (-len(text.rstrip(b"=")) % 4))
    except binascii.Error:
        raise NoBlob("This is no backup of Key Vault: its text is cut off or damaged.") from None
