"""The error for a name that nothing has."""


class UnknownNameError(LookupError):
    """There is no vault, object, service principal, role or permission of a name; the text says which."""
