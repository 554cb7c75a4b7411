"""Azure Resource Manager, as far as it knows vaults: their life, access policies, roles."""
