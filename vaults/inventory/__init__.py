"""What the portal knows of the vaults' items without asking Azure: metadata, never a value.

observe.py   one item seen: by a scan, by a page or by a change of the portal's own
counts.py    the figures of pages: totals, expiry, one row for each vault
"""
