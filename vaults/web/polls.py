"""Polls of a page that follows something: they belong to the look that began them, for as long as the page polls.

The page carries the id of its look, signed, and each poll gets a new one. After a pause the next poll is a look of its own.
"""

import uuid

from django.core import signing

#: Seconds between two polls at most: browsers delay those of a page in the background to one a minute.
LONGEST_PAUSE = 150
_signer = signing.TimestampSigner(salt="kvportal.look")
#: Name of the parameter.
LOOK = "look"


def signed(look: uuid.UUID | None) -> str:
    return _signer.sign(look.hex) if look else ""


def look_of(text: str) -> uuid.UUID | None:
    """The look that a poll belongs to; None if it belongs to none any more."""
    try:
        return uuid.UUID(_signer.unsign(text, max_age=LONGEST_PAUSE))
    except (signing.BadSignature, ValueError):
        return None
