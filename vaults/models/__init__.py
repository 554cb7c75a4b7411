"""The portal's own data. Never a secret's value, a private key of a vault, a token or a backup blob."""

from vaults.models.audit import AuditChain, AuditEntry
from vaults.models.certificate_authority import CertificateAuthority
from vaults.models.connection import Connection
from vaults.models.foreseen import ForeseenRenewals
from vaults.models.guess import Guess
from vaults.models.inventory import InventoryItem
from vaults.models.item_lock import ItemLock
from vaults.models.job import ItemState, Job, JobItem, JobKind
from vaults.models.known_certificate import KnownCertificate
from vaults.models.operation import Outcome, RecordedOperation
from vaults.models.sealed import SealedCanary
from vaults.models.submission import Submission
from vaults.models.team import Invitation, Membership, Team, User
from vaults.models.vault import Vault
from vaults.models.vault_connection import ChosenConnection, FormerVault, VaultConnection

__all__ = [
    "AuditChain",
    "AuditEntry",
    "CertificateAuthority",
    "ChosenConnection",
    "Connection",
    "ForeseenRenewals",
    "FormerVault",
    "Guess",
    "InventoryItem",
    "Invitation",
    "ItemLock",
    "ItemState",
    "Job",
    "JobItem",
    "JobKind",
    "KnownCertificate",
    "Membership",
    "Outcome",
    "RecordedOperation",
    "SealedCanary",
    "Submission",
    "Team",
    "User",
    "Vault",
    "VaultConnection",
]
