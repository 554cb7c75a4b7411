"""HTTP and JSON as every face of the emulator reads and writes them, and the errors of a vault."""
