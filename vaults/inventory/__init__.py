"""The inventory: what is known about the vaults' items without a call to Azure. Metadata, never a value.

scan.py      read a vault's lists and replace what is known of the vault
observe.py   update one item after a page or a change of the portal has seen it
counts.py    figures for pages: totals, expiry, one row for each vault
"""
