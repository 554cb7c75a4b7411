"""The firewall of a vault, and its property for public access.

Source: Key Vault guide, "Configure network security for Azure Key Vault"; the error texts are quoted in public reports.
"""

from ipaddress import ip_address, ip_network
from typing import Any

from vaults.emulator.entra.tokens import Caller
from vaults.emulator.state.registry import Vault
from vaults.emulator.wire.errors import VaultError

OPEN: dict[str, Any] = {
    "bypass": "AzureServices",
    "defaultAction": "Allow",
    "ipRules": [],
    "virtualNetworkRules": [],
}


def check(vault: Vault, caller: Caller, address: str) -> None:
    """Raise the vault's 403 unless its rules allow the caller's address. There are no private links."""
    if vault.properties.get("publicNetworkAccess", "").lower() == "disabled":
        raise _refused_connection()
    rules = vault.properties.get("networkAcls", OPEN)
    if rules["defaultAction"] == "Allow" or _is_among(address, rules["ipRules"]):
        return
    message = (
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {address}\r\n"
        f"Caller: appid={caller.app_id};oid={caller.object_id};iss={caller.issuer}\r\n"
        f"Vault: {vault.name};location={vault.region}"
    )
    raise VaultError(403, "Forbidden", message, "ForbiddenByFirewall")


def read_rules(requested: Any) -> dict[str, Any]:
    """The network rules of a request, completed as the service does. Raises ValueError."""
    if not isinstance(requested, dict):
        raise ValueError("networkAcls must be an object.")
    rules = OPEN | {name: value for name, value in requested.items() if name in OPEN and value is not None}
    for name, choices in (("defaultAction", ("Allow", "Deny")), ("bypass", ("AzureServices", "None"))):
        rules[name] = _choice(name, rules[name], choices)
    for name, member in (("ipRules", "value"), ("virtualNetworkRules", "id")):
        if not isinstance(rules[name], list) or not all(_has_text(rule, member) for rule in rules[name]):
            raise ValueError(f"networkAcls.{name} must be a list of objects with the member '{member}'.")
    rules["ipRules"] = [{"value": _range(rule["value"])} for rule in rules["ipRules"]]
    # As recorded, the service returns subnet ids in lower case.
    rules["virtualNetworkRules"] = [{**rule, "id": rule["id"].lower()} for rule in rules["virtualNetworkRules"]]
    return rules


def _is_among(address: str, rules: list[dict[str, str]]) -> bool:
    """Whether an address is in a range of the rules; what is no IP address is in none."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(rule["value"]) for rule in rules)


def _choice(name: str, requested: Any, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if isinstance(requested, str) and requested.lower() == choice.lower():
            return choice
    raise ValueError(f"networkAcls.{name} must be one of {', '.join(choices)}.")


def _has_text(rule: Any, member: str) -> bool:
    return isinstance(rule, dict) and isinstance(rule.get(member), str)


def _range(requested: str) -> str:
    """An address or range with its prefix length, as the service returns it. Raises ValueError."""
    try:
        return str(ip_network(requested))
    except ValueError:
        raise ValueError(f"'{requested}' is no IP address or range in CIDR notation.") from None


def _refused_connection() -> VaultError:
    message = (
        "Connection is not an approved private link and caller was ignored because bypass is not set to "
        "'AzureServices' and PublicNetworkAccess is set to 'Disabled'."
    )
    return VaultError(403, "Forbidden", message, "ForbiddenByConnection")
