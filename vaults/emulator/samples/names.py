"""The tenant, service principals and vaults of `Emulator.for_tests()`."""

from dataclasses import dataclass, field

from vaults.emulator.state.policies import PERMISSIONS

TENANT_ID = "a1b2c3d4-0000-4000-8000-5e9a7d000001"
TENANT_DOMAIN = "shop.onmicrosoft.test"
SUBSCRIPTION_ID = "5ab5c219-0000-4000-8000-000000000001"
VAULT_NAMES = ("kv-shop-prod", "kv-shop-stage", "kv-billing-prod")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A service principal of the test emulator, with its client secret."""

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    object_id: str = ""


ADMIN = Credentials(
    "sp-shop-admin",
    "0a11ce00-0000-4000-8000-000000000001",
    "admin-secret-for-tests-only",
    "0b1ec700-0000-4000-8000-000000000001",
)
DEPLOY = Credentials(
    "sp-shop-deploy",
    "0a11ce00-0000-4000-8000-000000000002",
    "deploy-secret-for-tests-only",
    "0b1ec700-0000-4000-8000-000000000002",
)
DEPLOY_PERMISSIONS = {collection: ["get", "list"] for collection in PERMISSIONS}
