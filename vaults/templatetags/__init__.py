"""What templates may say: see kvportal.py."""
