"""A vault: secrets, keys and certificates, as the Key Vault REST reference lists their operations."""
