"""What the emulator keeps: one SQLite file; each table is read and written by one module."""
