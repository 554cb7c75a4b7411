"""Template tags and filters: see kvportal.py."""
