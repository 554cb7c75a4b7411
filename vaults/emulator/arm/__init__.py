"""Azure Resource Manager: vaults, deleted vaults, access policies, roles."""
