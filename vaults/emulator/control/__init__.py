"""Changes of an emulator by hand: one table of verbs, three ways to use it.

The command line (`python -m vaults.emulator`, `manage.py emulator`), a page of the served emulator (`/control/`) and the
requests between the two know the same verbs: `verbs.VERBS`. Verbs that change what is stored work on the state folder,
served or not; those that are `live` change the memory of a running server, so the command line sends them there (`remote`).
"""
