"""What az does with vaults: their whole life, who may do what in them, and from where."""

from tests.az.cli import Az

GROUP = ("--resource-group", "rg-az")
BY_POLICIES = ("--enable-rbac-authorization", "false")


def life(az: Az) -> None:
    """A vault is made, found, changed, deleted, brought back and purged."""
    name = ("--name", "kv-az-life")
    assert az("keyvault", "check-name", *name)["nameAvailable"] is True
    made = az("keyvault", "create", *name, *GROUP, "--location", "westeurope", "--sku", "premium", "--tags", "a=b")
    assert made["properties"]["enableRbacAuthorization"] is True
    assert "already exists" in az.refused("keyvault", "create", *name, *GROUP, "--location", "westeurope")
    az("keyvault", "wait", *name, "--created", "--interval", "1", "--timeout", "30")
    shown = az("keyvault", "show", *name)
    assert (shown["properties"]["sku"]["name"], shown["tags"]) == ("premium", {"a": "b"})
    assert [each["name"] for each in az("keyvault", "list", *GROUP)] == ["kv-az-life"]
    assert {"kv-az-life", "kv-shop-prod"} <= {each["name"] for each in az("keyvault", "list")}
    changed = az("keyvault", "update", *name, "--enabled-for-deployment", "true")
    assert changed["properties"]["enabledForDeployment"] is True

    az("keyvault", "delete", *name)
    assert "kv-az-life" in {each["name"] for each in az("keyvault", "list-deleted")}
    assert az("keyvault", "show-deleted", *name)["properties"]["location"] == "westeurope"
    assert (
        az("keyvault", "recover", *name)["tags"] == {}
    )  # az sends none, and a vault comes back with the tags it is sent
    az("keyvault", "delete", *name)
    az("keyvault", "purge", *name)
    assert "kv-az-life" not in {each["name"] for each in az("keyvault", "list-deleted")}


def policies(az: Az, object_id: str, client_id: str) -> None:
    """Access policies, by object id; az looks other names up in Microsoft Graph, which is not here."""
    name = ("--name", "kv-az-policies")
    where = ("--location", "westeurope")
    assert "graph" in az.refused("keyvault", "create", *name, *GROUP, *where, *BY_POLICIES)
    az("keyvault", "create", *name, *GROUP, *where, *BY_POLICIES, "--no-self-perms", "--no-wait")
    az("keyvault", "wait", *name, "--created", "--interval", "1", "--timeout", "30")
    assert az("keyvault", "show", *name)["properties"]["accessPolicies"] == []
    secret = ("--vault-name", "kv-az-policies", "--name", "one")
    assert "does not have secrets set permission" in az.refused("keyvault", "secret", "set", *secret, "--value", "1")

    granted = ("--object-id", object_id, "--secret-permissions", "get", "set", "--key-permissions", "list")
    entries = az("keyvault", "set-policy", *name, *granted)["properties"]["accessPolicies"]
    assert [(each["objectId"], set(each["permissions"]["secrets"])) for each in entries] == [
        (object_id, {"get", "set"})
    ]
    through = ("--object-id", object_id, "--application-id", client_id, "--secret-permissions", "purge")
    entries = az("keyvault", "set-policy", *name, *through)["properties"]["accessPolicies"]
    assert [each["applicationId"] for each in entries] == [None, client_id]
    assert az("keyvault", "secret", "set", *secret, "--value", "1")["value"] == "1"
    assert az("keyvault", "key", "list", "--vault-name", "kv-az-policies") == []
    assert "graph" in az.refused("keyvault", "set-policy", *name, "--spn", client_id, "--secret-permissions", "get")

    left = az("keyvault", "delete-policy", *name, "--object-id", object_id)["properties"]["accessPolicies"]
    assert object_id not in {each["objectId"] for each in left if not each["applicationId"]}
    assert "does not have secrets get permission" in az.refused("keyvault", "secret", "show", *secret)


def network(az: Az, vault: str) -> None:
    """The firewall, and the private endpoints that nobody has."""
    name = ("--name", vault)
    group = ("--resource-group", az("keyvault", "show", *name)["resourceGroup"])
    az("keyvault", "network-rule", "add", *name, "--ip-address", "10.0.0.0/24")
    az("keyvault", "network-rule", "wait", *name, "--updated", "--interval", "1", "--timeout", "30")
    rules = az("keyvault", "network-rule", "list", *name)
    assert [each["value"] for each in rules["ipRules"]] == ["10.0.0.0/24"]
    az("keyvault", "network-rule", "remove", *name, "--ip-address", "10.0.0.0/24")
    assert az("keyvault", "network-rule", "list", *name) is None
    [link] = az("keyvault", "private-link-resource", "list", "--vault-name", vault, *group)
    assert link["groupId"] == "vault"
    connection = ("--vault-name", vault, *group, "--name", "none")
    assert "ResourceNotFound" in az.refused("keyvault", "private-endpoint-connection", "show", *connection)
