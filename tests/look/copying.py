"""Where secrets are, and a clipboard to read what was copied."""

COPIED = """window.copied = [];
Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => copied.push(text)}});"""
SECRETS = "/vaults/kv-shop-prod/secrets/"
