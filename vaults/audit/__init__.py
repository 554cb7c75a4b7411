"""The audit trail: who did what to which object, and whether anything of that was changed since.

recording.py     an act's entries: "started" before it, its outcome after it
links.py         the keyed hash that binds an entry to the one before it
chain.py         the newest entry, sealed           checkpoints.py   the file beside the database
stored.py        rows as they stand in the database, whoever has written there
verification.py  is the trail whole?                queries.py       what pages and jobs ask of it
who.py           who did an act, for people
"""
