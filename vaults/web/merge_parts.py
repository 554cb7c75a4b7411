"""What was understood of a CA's reply: the leaf, its chain, what is left out and why, and what to know before it is merged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vaults.keyvault import x509
from vaults.keyvault.chains import Chain, LeftOutReason
from vaults.keyvault.x509 import CertificateFacts, SigningRequestFacts

WHY: Final[Mapping[LeftOutReason, str]] = {
    "duplicate": "stands in the reply twice",
    "other_leaf": "another certificate for the same key",
    "other_path": "another way to a root, which this chain does not need",
    "same_name": "has an issuer's name, but did not sign the certificate below it",
    "foreign": "does not belong to this chain",
}


@dataclass(frozen=True, slots=True)
class Understood:
    """`warnings`: sentences. `left_out`: contents and reason of each certificate that is not sent."""

    leaf: CertificateFacts
    issuers: Sequence[CertificateFacts]
    left_out: Sequence[tuple[CertificateFacts, str]]
    warnings: Sequence[str]


def understood(chain: Chain, csr: bytes, now: datetime) -> Understood:
    leaf, *issuers = [x509.read_certificate(each) for each in chain.certificates]
    left_out = [(x509.read_certificate(each.der), WHY[each.reason]) for each in chain.left_out]
    warnings = [
        *_dates([leaf, *issuers], now),
        *_names(leaf, x509.read_signing_request(csr)),
        *_missing(chain),
    ]
    return Understood(leaf, issuers, left_out, warnings)


def _dates(certificates: Sequence[CertificateFacts], now: datetime) -> list[str]:
    found = []
    for number, each in enumerate(certificates):
        which = "The certificate" if number == 0 else f"The CA certificate “{each.subject}”"
        if each.not_after and each.not_after <= now:
            found.append(f"{which} expired on {each.not_after:%Y-%m-%d}.")
        elif each.not_before and each.not_before > now:
            found.append(f"{which} is not valid before {each.not_before:%Y-%m-%d %H:%M} UTC.")
    return found


def _names(leaf: CertificateFacts, request: SigningRequestFacts) -> list[str]:
    there = {(name.kind, name.value.lower()) for name in leaf.sans}
    lost = [name.value for name in request.sans if (name.kind, name.value.lower()) not in there]
    return [f"The CA left out names that the CSR asks for: {', '.join(lost[:5])}."] if lost else []


def _missing(chain: Chain) -> list[str]:
    found = []
    if chain.missing:
        found.append(
            f"The certificate of the issuer “{chain.missing}” is not in the reply. If that is a root CA that the "
            "clients have, nothing is missing; an intermediate CA should be there, because clients may not find it."
        )
    if chain.unchecked:
        found.append(
            "A signature in the chain has an algorithm that can't be checked here; its issuer was found by name."
        )
    return found
