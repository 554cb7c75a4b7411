"""The product: everything that knows of vaults.

    views/       a request in, one action called, a page or its named partial out
    web/         what views share: decorators, rendering, navigation, form errors, error pages, downloads
    forms/       what people type, checked
    actions/     who may, do it, record it: one function an act, the same nouns as views
    access.py    the only way from a URL to a team, a connection or a vault
    permissions.py   actions, roles, and which role may do what
    audit/       the audit trail: recording, chain, verification, queries
    inventory/   what is known of the vaults' items without asking Azure
    clients.py   a vault's row -> a ready client
    problems/    what went wrong, in sentences; remedies.py: how a missing permission is granted; az_clouds.py: in which cloud
    signin.py    signing in and confirming, in the record; guesses.py: how many passwords are looked at; known_browsers.py
    sealing.py   encryption at rest; startup.py: no service with keys that don't fit
    setup.py     the first start
    models/      what the portal itself remembers: teams, connections, vaults, audit, inventory
    jobs/        background work: scan
    azure/       what any Azure API needs (requests, msal; no Django)
    keyvault/    the client for Key Vault's REST API, over azure/ (no Django)
    emulator/    a Key Vault for this machine (no Django, nothing of azure/ and keyvault/)

Imports point one way: views -> actions -> audit, inventory -> keyvault -> azure. tests/test_architecture.py checks it.
"""
