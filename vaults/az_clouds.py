"""Commands of the Azure CLI for other clouds: az works in one cloud at a time, by default in the public one.

Azure CLI documentation: "Azure cloud management", az cloud. To register a cloud, az needs only the endpoint of its Resource
Manager and finds the others itself.
"""

import shlex
from typing import Final

from vaults import clients
from vaults.models import Connection

#: Names of Azure's own clouds in az, without the public one, which is az's default.
NAMES: Final = {"china": "AzureChinaCloud", "usgov": "AzureUSGovernment"}


def in_cloud(connection: Connection, command: str) -> str:
    """The command, after a switch to the connection's cloud. If the switch fails, nothing runs in another cloud."""
    lines = [_to_register(connection), switch(connection), command]
    return "\n".join(line for line in lines if line)


def switch(connection: Connection) -> str:
    """The start of a line, which switches the cloud; "" for public Azure, and for the local vault, which az does not know."""
    if connection.cloud == "azure" or clients.local_data_dir(connection):
        return ""
    return f"az cloud set --name {_name(connection)} &&"


def _to_register(connection: Connection) -> str:
    """A comment that shows how to register a cloud that az does not know."""
    if connection.cloud in NAMES or not switch(connection):
        return ""
    endpoint = _word(clients.azure.cloud_of(connection).arm_endpoint) or "<address of its Resource Manager>"
    return f"# Once: az cloud register --name {_name(connection)} --endpoint-resource-manager {endpoint}"


def _name(connection: Connection) -> str:
    return NAMES.get(connection.cloud) or _word(connection.cloud)


def _word(text: str) -> str:
    """The text quoted as one shell word on one line, for any content of the clouds file; "" for ""."""
    return text and shlex.quote(" ".join(text.split()))
