"""Looking for secrets where none may be: in every form in which they might have been written down."""

import base64
import html
import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus


def written_forms(secret: str) -> dict[str, list[bytes]]:
    """A secret as it stands in bytes, by the name of the encoding."""
    raw = secret.encode()
    return {
        "raw": [raw],
        "base64": list(_inside(raw, base64.b64encode)),
        "base64url": list(_inside(raw, base64.urlsafe_b64encode)),
        "hex": [raw.hex().encode(), raw.hex().upper().encode()],
        "URL": [quote(secret, safe="").encode(), quote_plus(secret).encode()],
        "JSON": [
            json.dumps(secret)[1:-1].encode(),
            json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
            json.dumps(json.dumps(secret))[3:-3].encode(),
        ],
        "HTML": [html.escape(secret).encode()],
    }


def _inside(raw: bytes, encode: object) -> Iterator[bytes]:
    """Base64 of something that the secret is part of: three alignments, without the signs at the edges."""
    for shift in range(3):
        encoded: bytes = encode(b"\0" * shift + raw)  # type: ignore[operator]
        yield encoded[4 if shift else 0 :].rstrip(b"=")[:-1]


def leaks(secrets: Mapping[str, str], sinks: Mapping[str, bytes]) -> list[str]:
    """Which secret stands in which sink, and how it is written there."""
    return sorted(
        f"{name} in {sink} ({form})"
        for name, secret in secrets.items()
        for form, texts in written_forms(secret).items()
        for sink, content in sinks.items()
        if any(text in content for text in texts)
    )
