"""The audit trail: who did what to which object, and whether any of it was changed later.

recording.py     an act's entries: "started" before it, its outcome after it
links.py         the keyed hash that binds an entry to the one before it
chain.py         the newest entry, sealed           checkpoints.py   the checkpoint file outside the database
stored.py        rows exactly as stored in the database, by the portal or by others
verification.py  verify the whole trail             queries.py       queries for pages and jobs
who.py           who did an act, for display
"""
