"""Sample data: the names that tests use, the first content of a served emulator, and vaults filled in bulk."""
