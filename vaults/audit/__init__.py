"""The audit trail: who did what to which object, and whether any of it was changed later.

recording.py     an act's entries: "started" before it, its outcome after it     looks.py   the one entry of a look
appending.py     an entry as the next link of its chain, committed and read back
links.py         the keyed hash that binds an entry to the one before it
chain.py         a chain's newest entry, sealed     checkpoints.py   the checkpoint files outside the database
stored.py        rows exactly as stored in the database, by the portal or by others
verification.py  verify whole chains                queries.py       queries for pages and jobs
who.py           who did an act, for display
"""
