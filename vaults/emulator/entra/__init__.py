"""Microsoft Entra ID: discovery, token requests, sign-in of people, and tokens, which vaults and Resource Manager verify."""
