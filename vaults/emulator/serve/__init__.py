"""The emulator in use: over TLS on loopback with its state folder, or as an adapter for requests."""
