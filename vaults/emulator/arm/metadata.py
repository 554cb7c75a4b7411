"""`/metadata/endpoints`: the endpoints of a cloud, which clients read before they sign in.

`az cloud register` and Terraform's `metadata_host` read it. It needs no token. Only the services of the emulator are listed:
clients then report by themselves that this cloud has no others.
"""

from typing import Any

from vaults.emulator.arm.call import required_api_version
from vaults.emulator.entra.tokens import ARM_AUDIENCES
from vaults.emulator.wire.http import Request, Response, json_response

NAME = "KvportalLocal"
ONE_CLOUD = "2022-09-01"  # from this API version on the response is one cloud, before it a list of clouds


def endpoints(request: Request, issuer: str, vault_suffix: str) -> Response:
    """The cloud's endpoints. Raises ArmError without an API version."""
    cloud: dict[str, Any] = {
        "name": NAME,
        "resourceManager": f"https://{request.host}/",
        "authentication": {
            "loginEndpoint": f"{issuer}/",
            "audiences": [f"{audience}/" for audience in ARM_AUDIENCES],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"keyVaultDns": vault_suffix},
    }
    return json_response(200, cloud if required_api_version(request) >= ONE_CLOUD else [cloud])
