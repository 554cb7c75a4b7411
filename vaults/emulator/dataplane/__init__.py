"""The data plane of vaults: the operations of secrets, keys and certificates."""
