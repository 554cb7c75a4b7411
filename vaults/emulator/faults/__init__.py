"""Errors and bad network behaviour on demand."""
