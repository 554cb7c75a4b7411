"""Access to an emulator: over TLS on loopback with a state folder, or by an adapter for `requests`."""
