"""`python -m vaults.emulator`: the command line, without Django."""

import sys

from vaults.emulator.control.command_line import main

sys.exit(main())
