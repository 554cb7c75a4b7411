"""Background work: what no request should wait for."""
