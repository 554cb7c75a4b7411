"""Why a certificate operation ended without a certificate, in words. Azure's own code and message are shown beside them."""

import re
from collections.abc import Sequence
from typing import Final

from vaults.keyvault.types import CertificateOperation

#: A pattern for the code and message of the error, and what it means. The first match is used. Key Vault's own code is
#: "Request rejected"; the rest is what the CA has said.
_SIGNS: Final[Sequence[tuple[str, str]]] = (
    (
        r"access[_ ]?denied|unauthori[sz]ed|authentication|invalid[_ ]?(api[_ ]?key|credentials?|password)|\b40[13]\b",
        "The CA refused the vault's account: its credentials or its rights there are not sufficient. Correct the issuer in the "
        "vault, then start the operation again.",
    ),
    (
        r"time[sd]?[ _-]?out|unavailable|internal|\b50\d\b|unreachable|connection",
        "The CA could not be reached or had an error of its own. Start the operation again later.",
    ),
    (
        r"reject|invalid|missing|required|not allowed|unsupported",
        "The CA or Key Vault rejected the request as it is: a subject, name, key or validity does not follow its rules. Correct "
        "the certificate's policy, then start the operation again.",
    ),
)
UNKNOWN: Final = "The operation ended without a certificate. What the CA said follows."


def explain_failure(operation: CertificateOperation) -> str:
    """The error of a failed operation as a sentence; "" if it has none."""
    message = operation.error_message or ""
    if not message and not operation.error_code:
        return ""
    for text in (message, operation.error_code or ""):
        for pattern, sentence in _SIGNS:
            if re.search(pattern, text[:2000], re.IGNORECASE | re.DOTALL):
                return sentence
    return UNKNOWN
