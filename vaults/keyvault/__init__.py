"""A client for the Key Vault REST API over `azure/`: typed and frozen results, no Django.

client.py       a vault, ready to use
secrets.py keys.py certificates.py    its three kinds of objects; objects.py: what they have in common
types.py        the nouns                   policies.py     how certificates are made
probes.py       what may the caller do?     refusals.py     what a 403 or 404 is about

operations.py   the catalogue of all operations
paths.py        an operation's path, which can be no other's
session.py      the one sender
paging.py       nextLink, distrusted        bodies.py       arguments to members of a request
bundles.py      members that all three kinds have            identifiers.py references.py   names and ids
x509.py x500.py   what stands in a certificate
"""
