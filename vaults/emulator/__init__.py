"""A local Azure Key Vault: token issuer, data plane and a small Azure Resource Manager.

Its answers follow Microsoft's published REST reference and recordings of the real service; GROUNDS.md records the
source of each behaviour. Unit tests reach it in process (`serve.adapter.EmulatorAdapter`), people and browser tests
over TLS on loopback (`serve.server.serve`): both use the same WSGI application, `Emulator.wsgi`.

Each package imports only those below it (`tests/emulator/test_layers.py`), and nothing of Django or of the portal:

    control/    the command line and the control page: changes of an emulator by hand
    serve/      TLS on loopback with a state folder, and the adapter for requests
    samples/    the first content of a served emulator, and vaults filled in bulk
    emulator    the faces put together: Emulator
    administration  its methods for tenants, service principals, vaults and permissions
    arm/        Azure Resource Manager: vaults, access policies, roles
    dataplane/  the vaults: secrets, keys, certificates
    entra/      Microsoft Entra ID: token requests, the sign-in of people, the tokens that the others check
    faults/     errors and bad network behaviour on demand
    state/      SQLite: each table is declared, read and written by one module
    wire/       HTTP, JSON, routing, and the errors of a vault
"""

from vaults.emulator.emulator import Emulator
from vaults.emulator.samples.names import ADMIN, DEPLOY, TENANT_ID, VAULT_NAMES

__all__ = ["ADMIN", "DEPLOY", "TENANT_ID", "VAULT_NAMES", "Emulator"]
