"""The shared base for clients of Azure APIs: `requests` and `msal` with limits. No Django, nothing specific to one API.

    errors.py       the exception hierarchy
    clouds.py       the hosts of each cloud                  pasted.py     cleaning of pasted names and addresses
    sign_in.py      access tokens from Entra ID              entra.py      errors of the token endpoint
    transport.py    one HTTP request: bounded time and size, no redirects, no retries
    deadline.py     the requests adapter it uses             ca_files.py   CA files of a deployment
    limits.py       per-vault concurrency, circuit breaker, retry budget
    time_limit.py   one time limit for several calls         parallel.py   independent calls in parallel threads
    json_values.py  bytes to JSON, size and depth bounded    members.py    lenient reading of an object's members
    responses.py    the error in a response, its headers

Only transport.py reaches the network, and only sign_in.py and the sessions of the API clients call it.
"""
