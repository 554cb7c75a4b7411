"""The inventory: what is known about the vaults' items without a call to Azure. Metadata, never a value.

scan.py      read a vault's lists                   rows.py     a row for what Azure has returned
observe.py   one item that a change or page saw     store.py    write rows: nothing older overwrites newer
counts.py    figures for pages: totals, expiry, one row for each vault
"""
