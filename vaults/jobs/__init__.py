"""Background work, which no request waits for."""
