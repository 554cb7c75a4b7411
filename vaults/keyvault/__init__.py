"""A client for the Key Vault REST API: `requests` and `msal`, typed and frozen answers, no Django.

    client.py       a vault, ready to use
    secrets.py keys.py certificates.py    its three kinds of objects; objects.py: what they have in common
    types.py        the nouns                   policies.py     how certificates are made
    errors.py       what can go wrong           probes.py       what may the caller do?
    clouds.py       which hosts belong to which cloud
    auth.py         tokens from Entra ID        entra.py        why there is none

    operations.py   the catalogue of all operations
    paths.py        an operation's path, which can be no other's
    http.py         the one sender              replies.py      an answer's result or error
    limits.py       what we spare a vault       wire.py         one HTTP exchange, bounded
    paging.py       nextLink, distrusted        deadline.py     ... over in its time
    answers.py      JSON to members, checked    bodies.py       arguments to members
    identifiers.py  names and ids               x509.py         what stands in a certificate
    parallel.py     calls side by side

Only http.py and auth.py use wire.py, and only wire.py reaches the network.
"""
