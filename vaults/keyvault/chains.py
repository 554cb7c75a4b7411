"""A certificate's chain from a set of certificates: which is whose issuer, which is missing, and which is not needed.

Issuers are found by name and by signature, so that CAs of the same name and cross-signed CAs are told apart. The number of
signatures that are checked is bounded: each costs up to a millisecond, and a reply is a stranger's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vaults.keyvault import x500
from vaults.keyvault.x509 import readable

MOST_CHECKS: Final = 100
"""Signatures checked for one reply. A chain has three or four certificates."""
LONGEST_CHAIN: Final = 10
LARGEST_KEY: Final = 8192
"""Bits of an RSA key whose signatures are checked; the work grows with the square of it."""

LeftOutReason = Literal["duplicate", "other_leaf", "other_path", "same_name", "foreign"]
ChainReason = Literal["request_unreadable", "foreign_key"]


class ChainRefused(Exception):
    """There is no chain: `foreign_key` if no certificate has the key, `request_unreadable` if the key is not known.

    `subjects`: the names of the certificates that are not a CA's, for `foreign_key`.
    """

    def __init__(self, reason: ChainReason, subjects: Sequence[str] = ()) -> None:
        self.reason: ChainReason = reason
        self.subjects = tuple(subjects)
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A certificate (DER) that is not part of the chain.

    "duplicate": it stands there twice. "other_leaf": another certificate for the same key. "other_path": a CA of the same name
    and key, cross-signed or renewed, or a CA above it. "same_name": it has an issuer's name, but another key. "foreign": it has
    nothing to do with the chain.
    """

    der: bytes
    reason: LeftOutReason


@dataclass(frozen=True, slots=True)
class Chain:
    """`certificates` (DER): the leaf, its issuer and so on. `missing`: the name of the last one's issuer, "" if that is itself.

    `unchecked`: True if a signature in it could not be checked, because its algorithm is not known.
    """

    certificates: tuple[bytes, ...]
    left_out: tuple[LeftOut, ...] = ()
    missing: str = ""
    unchecked: bool = False


class _Signed(Enum):
    YES = 2
    UNKNOWN = 1
    NO = 0


@dataclass(eq=False, slots=True)
class _Node:
    """A certificate that could be parsed, with the members that its place in a chain is decided by."""

    der: bytes
    parsed: x509.Certificate
    subject: bytes
    issuer: bytes
    key: bytes | None

    @property
    def is_self_issued(self) -> bool:
        return self.subject == self.issuer


def request_key(csr: bytes) -> bytes | None:
    """The public key (SubjectPublicKeyInfo) of a signing request in DER; None if it can't be read."""
    return readable(lambda: _key_bytes(x509.load_der_x509_csr(csr)))


def build(certificates: Sequence[bytes], csr: bytes, now: datetime) -> Chain:
    """The chain of the certificate that has the key of the signing request `csr`. Raises ChainRefused."""
    wanted = request_key(csr)
    if wanted is None:
        raise ChainRefused("request_unreadable")
    nodes, left_out = _nodes(certificates)
    leaves = [node for node in nodes if node.key == wanted]
    if not leaves:
        raise ChainRefused("foreign_key", [_subject(node) for node in nodes if not _is_ca(node)])
    leaf = max(leaves, key=lambda node: (_is_valid(node, now), not node.is_self_issued, _begin(node)))
    chain, passed, unchecked = _walk(leaf, nodes, now)
    last = chain[-1]
    reasons = _Reasons(chain, leaves, passed)
    left_out += [LeftOut(node.der, reasons.of(node)) for node in nodes if node not in chain]
    missing = "" if last.is_self_issued and _is_signed_by(last, last) is not _Signed.NO else _issuer(last)
    return Chain(tuple(node.der for node in chain), tuple(left_out), missing, unchecked)


def _nodes(certificates: Sequence[bytes]) -> tuple[list[_Node], list[LeftOut]]:
    nodes: dict[bytes, _Node] = {}
    left_out = []
    for der in certificates:
        node = None if der in nodes else readable(partial(_node, der))
        if node:
            nodes[der] = node
        else:
            left_out.append(LeftOut(der, "duplicate" if der in nodes else "foreign"))
    return list(nodes.values()), left_out


def _node(der: bytes) -> _Node:
    parsed = x509.load_der_x509_certificate(der)
    key = readable(partial(_key_bytes, parsed))
    return _Node(der, parsed, parsed.subject.public_bytes(), parsed.issuer.public_bytes(), key)


def _walk(leaf: _Node, nodes: Sequence[_Node], now: datetime) -> tuple[list[_Node], list[_Node], bool]:
    """The chain; the candidates that were passed over; whether a signature could not be checked."""
    names = {node.subject for node in nodes}
    chain, passed, unchecked, checks = [leaf], [], False, MOST_CHECKS
    while len(chain) < LONGEST_CHAIN and not chain[-1].is_self_issued:
        child = chain[-1]
        found: list[tuple[_Node, _Signed]] = []
        for node in nodes:
            if node.subject == child.issuer and node not in chain and checks:
                checks -= 1
                found.append((node, _is_signed_by(child, node)))
        candidates = [(node, signed) for node, signed in found if signed is not _Signed.NO]
        passed += [node for node, _ in found]
        if not candidates:
            break
        best, signed = max(candidates, key=lambda one: _rank(one[0], one[1], names, now))
        unchecked = unchecked or signed is _Signed.UNKNOWN
        chain.append(best)
    return chain, passed, unchecked


def _rank(node: _Node, signed: _Signed, names: set[bytes], now: datetime) -> tuple[object, ...]:
    """A valid issuer is better; then a root, which ends the chain; then one whose issuer is there; then the newest."""
    return (
        signed.value,
        _is_valid(node, now),
        node.is_self_issued,
        node.issuer in names,
        readable(lambda: node.parsed.not_valid_after_utc.timestamp()) or 0.0,
    )


class _Reasons:
    """Why a certificate is not part of the chain."""

    def __init__(self, chain: Sequence[_Node], leaves: Sequence[_Node], passed: Sequence[_Node]) -> None:
        self._leaves, self._passed = leaves, passed
        self._cas = {(node.subject, node.key) for node in chain}
        self._names = {node.subject for node in chain} | {node.issuer for node in chain}
        self._above = {node.issuer for node in passed if (node.subject, node.key) in self._cas}

    def of(self, node: _Node) -> LeftOutReason:
        if node in self._leaves:
            return "other_leaf"
        if (node.subject, node.key) in self._cas or node.subject in self._above - self._names:
            return "other_path"
        return "same_name" if node.subject in self._names else "foreign"


def _is_signed_by(child: _Node, issuer: _Node) -> _Signed:
    key = readable(issuer.parsed.public_key)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > LARGEST_KEY:
        return _Signed.NO
    try:
        child.parsed.verify_directly_issued_by(issuer.parsed)
    except (InvalidSignature, ValueError):
        return _Signed.NO
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # an algorithm that is not known; the parser may also panic, which is not an Exception
        return _Signed.UNKNOWN
    return _Signed.YES


def _key_bytes(of: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    return of.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _is_valid(node: _Node, now: datetime) -> bool:
    return bool(readable(lambda: node.parsed.not_valid_before_utc <= now <= node.parsed.not_valid_after_utc))


def _begin(node: _Node) -> float:
    return readable(lambda: node.parsed.not_valid_before_utc.timestamp()) or 0.0


def _is_ca(node: _Node) -> bool:
    return bool(readable(lambda: node.parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca))


def _subject(node: _Node) -> str:
    return readable(lambda: x500.write(node.parsed.subject)) or ""


def _issuer(node: _Node) -> str:
    return readable(lambda: x500.write(node.parsed.issuer)) or "?"
