"""What any Azure API needs: `requests` and `msal` under limits, no Django, and nothing of a particular API.

    errors.py       the tree of what can go wrong
    clouds.py       which hosts belong to which cloud        pasted.py     names and addresses as people paste them
    sign_in.py      access tokens from Entra ID              entra.py      why there is none
    transport.py    one HTTP request: bounded time and size, no redirects, no retries
    deadline.py     the adapter below it                     ca_files.py   certificate authorities of a deployment
    limits.py       per-host concurrency, circuit breaker, retry budget
    time_limit.py   the time that a piece of work has        parallel.py   independent calls side by side
    json_values.py  bytes to JSON, size and depth bounded    members.py    members of an object, read leniently
    responses.py    the error in a response, its headers

Only sign_in.py and the sessions of the APIs above use transport.py, and only transport.py reaches the network.
"""
