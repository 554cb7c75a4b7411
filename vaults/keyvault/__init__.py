"""A client for the Key Vault REST API, built on `vaults.azure`: typed and frozen results, no Django.

client.py       a client for one vault
secrets.py keys.py certificates.py    its three kinds of objects; objects.py: their common operations
types.py        the data classes            policies.py     certificate policies to and from JSON
probes.py       the caller's permissions    refusals.py     the cause of a 403 or 404
parts.py        results of several calls, some of which may fail

operations.py   the catalogue of all operations
paths.py        the path of an operation, checked to be no other operation's
session.py      sends every request
paging.py       lists and their nextLink    bodies.py       arguments to members of a request
bundles.py      members common to all three kinds            identifiers.py references.py   names and ids
x509.py x500.py   the contents of a certificate
"""
