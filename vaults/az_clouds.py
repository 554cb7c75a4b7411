"""The Azure CLI works in one cloud at a time, the public one unless told: what goes before a command for another cloud.

Azure CLI documentation: "Azure cloud management", az cloud. Of a cloud to be registered it finds the endpoints itself, given that
of Resource Manager.
"""

import shlex
from typing import Final

from vaults import clients
from vaults.models import Connection

#: What az calls Azure's own clouds. The public one is left out: az begins with it.
NAMES: Final = {"china": "AzureChinaCloud", "usgov": "AzureUSGovernment"}


def in_cloud(connection: Connection, command: str) -> str:
    """The command, behind the switch to the connection's cloud: where that fails, nothing runs against another one."""
    lines = [_to_register(connection), switch(connection), command]
    return "\n".join(line for line in lines if line)


def switch(connection: Connection) -> str:
    """The beginning of a line; "" for public Azure, and for the local vault, which az knows nothing of."""
    if connection.cloud == "azure" or clients.local_data_dir(connection):
        return ""
    return f"az cloud set --name {_name(connection)} &&"


def _to_register(connection: Connection) -> str:
    """A comment, for a cloud that az can't know by itself."""
    if connection.cloud in NAMES or not switch(connection):
        return ""
    endpoint = _word(clients.azure.cloud_of(connection).arm_endpoint) or "<address of its Resource Manager>"
    return f"# Once: az cloud register --name {_name(connection)} --endpoint-resource-manager {endpoint}"


def _name(connection: Connection) -> str:
    return NAMES.get(connection.cloud) or _word(connection.cloud)


def _word(text: str) -> str:
    """One word on one line, whatever stands in the file of clouds; nothing for nothing."""
    return text and shlex.quote(" ".join(text.split()))
