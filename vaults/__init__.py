"""The product: everything about vaults.

    views/       one request: call one action, render a page or its named partial
    web/         shared by views: decorators, rendering, navigation, form errors, error pages, downloads
    forms/       validate what people type
    actions/     one function per act: check the permission, do it, record it; the same nouns as views
    acts.py      one act: permission check, record, and a client; actors.py: who acts
    access.py    the only way from a URL to a team, a connection or a vault
    permissions.py   actions, roles, and which role may do what
    kinds.py     secret, key and certificate as values; names.py: names that people may choose
    audit/       the audit trail: recording, chain, verification, queries
    inventory/   what is known about the vaults' items without a call to Azure
    clients.py   from a vault's row to a ready client
    problems/    errors as sentences; remedies.py: how to grant a missing permission; az_clouds.py: in which cloud
    signin.py    signing in and confirming, recorded; guesses.py: limits on wrong passwords; known_browsers.py
    sealing.py   encryption at rest; startup.py: refuse to start with keys that don't fit
    setup.py     the first start
    models/      the portal's own data: teams, connections, vaults, audit, inventory
    jobs/        background work: scans, reconciliation, checkpoints
    azure/       shared by all Azure APIs (requests, msal; no Django)
    keyvault/    the client for Key Vault's REST API, built on azure/ (no Django)
    emulator/    a local Key Vault (no Django, nothing from azure/ and keyvault/)

Imports go one way: views -> actions -> audit, inventory -> keyvault -> azure. import-linter checks it (pyproject.toml).
"""
