"""The product: everything that knows of vaults.

    views/       a request in, one action called, a page or its named partial out
    forms/       what people type, checked
    actions/     who may, do it, record it: one function an act, the same nouns as views
    access.py    the only way from a URL to a team, a connection or a vault
    permissions.py   actions, roles, and which role may do what
    chain.py, checkpoints.py   the audit chain's head, and the file beside the database that knows how far it had come
    audit.py     recording, chain, verification
    clients.py   a vault's row -> a ready client
    problems/    what went wrong, in sentences; remedies.py: how a missing permission is granted; az_clouds.py: in which cloud
    index.py     what is known of a vault's items without asking
    signin.py    signing in and confirming, in the record; guesses.py: how many passwords are looked at; known_browsers.py
    sealing.py   encryption at rest; startup.py: no service with keys that don't fit
    setup.py     the first start
    models/      what the portal itself remembers: teams, connections, vaults, audit, inventory
    jobs/        background work: scan
    keyvault/    the client for Azure's REST API (requests, msal; no Django)
    emulator/    a Key Vault for this machine (no Django, nothing of keyvault/)

Imports point one way: views -> actions -> keyvault. tests/test_architecture.py holds us to it.
"""
