"""Microsoft's SDK for JavaScript against the local vault. Run with `make test-all`."""
