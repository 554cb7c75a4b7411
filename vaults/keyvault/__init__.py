"""A client for the Key Vault REST API: `requests` and `msal`, typed and frozen answers, no Django.

clouds.py       which hosts belong to which cloud          auth.py        tokens from Entra ID
wire.py         one HTTP exchange, bounded                 deadline.py    ... however slowly it drips
operations.py   the catalogue of all operations            http.py        the one sender
limits.py       bulkhead, breaker, retry budget            parallel.py    calls side by side
answers.py      JSON to members, checked                   bodies.py      arguments to members
paging.py       nextLink, distrusted                       identifiers.py names and ids
objects.py      what the three kinds have in common        types.py       the nouns
secrets.py  keys.py  certificates.py  policies.py          errors.py      what can go wrong
client.py       a vault, ready to use                      probes.py      what may the caller do?
x509.py         what stands in a certificate
"""
