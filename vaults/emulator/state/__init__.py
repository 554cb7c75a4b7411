"""The stored state of an emulator: one SQLite file. Each table is read and written by one module."""
