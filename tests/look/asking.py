"""The field that asks for the password once more."""

ASKED = "[name=confirm_password]"
