"""Reading the environment: every variable once, all mistakes in one message.

Each `KVPORTAL_X` may also be given as `KVPORTAL_X_FILE`, the path of a file that holds it.
"""

from environs import Env, FileAwareEnv

env: Env = FileAwareEnv(prefix="KVPORTAL_", strip_whitespace=True, eager=False, expand_vars=False)
