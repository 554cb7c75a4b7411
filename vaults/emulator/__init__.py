"""A local Azure Key Vault: token issuer, data plane and a small Azure Resource Manager.

What it answers follows Microsoft's published REST reference and recordings of the real service; GROUNDS.md
says, behaviour by behaviour, which is which. Unit tests reach it in process (`serve.adapter.EmulatorAdapter`),
people and browser tests over TLS on loopback (`serve.server.serve`): both run the same WSGI application,
`Emulator.wsgi`. A served one can be changed by hand while it runs, from the command line and on a page (`control`).

Nothing in here knows Django or the rest of the portal.
"""

from vaults.emulator.emulator import Emulator
from vaults.emulator.samples.sample import ADMIN, DEPLOY, TENANT_ID, VAULT_NAMES

__all__ = ["ADMIN", "DEPLOY", "TENANT_ID", "VAULT_NAMES", "Emulator"]
