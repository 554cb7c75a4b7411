"""Microsoft Entra ID: discovery, token requests, the sign-in of people, and the tokens that the other faces check."""
