"""Who may do what: every act of the portal, the five roles, and the whole policy in one place.

An `Action` is one name for a permission and for its audit event. Roles are sets of actions, not a hierarchy.
"""

from enum import StrEnum


class Action(StrEnum):
    SECRET_LIST = "secret.list"
    SECRET_READ = "secret.read"
    SECRET_REVEAL = "secret.reveal"
    SECRET_REVEAL_LIMIT = "secret.reveal_limit"
    SECRET_COMPARE = "secret.compare"
    SECRET_CREATE = "secret.create"
    SECRET_NEW_VERSION = "secret.new_version"
    SECRET_UPDATE = "secret.update"
    SECRET_DELETE = "secret.delete"
    SECRET_RECOVER = "secret.recover"
    SECRET_PURGE = "secret.purge"
    SECRET_BACKUP = "secret.backup"
    SECRET_RESTORE = "secret.restore"

    KEY_LIST = "key.list"
    KEY_READ = "key.read"
    KEY_CREATE = "key.create"
    KEY_IMPORT = "key.import"
    KEY_NEW_VERSION = "key.new_version"
    KEY_ROTATE = "key.rotate"
    KEY_UPDATE = "key.update"
    KEY_UPDATE_ROTATION = "key.update_rotation"
    KEY_ENCRYPT = "key.encrypt"
    KEY_DECRYPT = "key.decrypt"
    KEY_SIGN = "key.sign"
    KEY_VERIFY = "key.verify"
    KEY_WRAP = "key.wrap"
    KEY_UNWRAP = "key.unwrap"
    KEY_RELEASE = "key.release"
    KEY_SECURE_WRAP = "key.secure_wrap"
    KEY_SECURE_UNWRAP = "key.secure_unwrap"
    KEY_DELETE = "key.delete"
    KEY_RECOVER = "key.recover"
    KEY_PURGE = "key.purge"
    KEY_BACKUP = "key.backup"
    KEY_RESTORE = "key.restore"

    CERTIFICATE_LIST = "certificate.list"
    CERTIFICATE_READ = "certificate.read"
    CERTIFICATE_CREATE = "certificate.create"
    CERTIFICATE_NEW_VERSION = "certificate.new_version"
    CERTIFICATE_UPDATE = "certificate.update"
    CERTIFICATE_UPDATE_POLICY = "certificate.update_policy"
    CERTIFICATE_IMPORT = "certificate.import"
    CERTIFICATE_EXPORT = "certificate.export"
    CERTIFICATE_OPERATION_CANCEL = "certificate_operation.cancel"
    CERTIFICATE_OPERATION_DELETE = "certificate_operation.delete"
    CERTIFICATE_OPERATION_MERGE = "certificate_operation.merge"
    CERTIFICATE_DELETE = "certificate.delete"
    CERTIFICATE_RECOVER = "certificate.recover"
    CERTIFICATE_PURGE = "certificate.purge"
    CERTIFICATE_BACKUP = "certificate.backup"
    CERTIFICATE_RESTORE = "certificate.restore"

    ISSUER_LIST = "issuer.list"
    ISSUER_READ = "issuer.read"
    ISSUER_CREATE = "issuer.create"
    ISSUER_UPDATE = "issuer.update"
    ISSUER_DELETE = "issuer.delete"

    CONTACTS_READ = "contacts.read"
    CONTACTS_UPDATE = "contacts.update"
    CONTACTS_DELETE = "contacts.delete"
    AUTHORITY_UPDATE = "authority.update"

    DELETED_LIST = "deleted.list"
    ACCESS_CHECK = "access.check"
    VAULT_SCAN = "vault.scan"
    RANDOM_BYTES = "random.bytes"
    INVENTORY_READ = "inventory.read"
    INVENTORY_EXPORT = "inventory.export"

    JOB_READ = "job.read"
    JOB_CANCEL = "job.cancel"
    JOB_RETRY = "job.retry"

    CONNECTION_READ = "connection.read"
    CONNECTION_CREATE = "connection.create"
    CONNECTION_UPDATE = "connection.update"
    CONNECTION_DELETE = "connection.delete"
    CONNECTION_TEST = "connection.test"
    VAULT_ADD = "vault.add"
    VAULT_UPDATE = "vault.update"
    VAULT_REMOVE = "vault.remove"

    AUDIT_READ = "audit.read"
    AUDIT_VERIFY = "audit.verify"
    AUDIT_SETTLE = "audit.settle"
    AUDIT_ACCEPT_RESTORE = "audit.accept_restore"
    TEAM_READ = "team.read"
    MEMBER_INVITE = "member.invite"
    INVITATION_WITHDRAW = "invitation.withdraw"
    MEMBER_JOIN = "member.join"
    MEMBER_UPDATE = "member.update"
    MEMBER_REMOVE = "member.remove"

    ACCOUNT_SIGN_IN = "account.sign_in"
    ACCOUNT_SIGN_OUT = "account.sign_out"
    ACCOUNT_SESSION_END = "account.session_end"
    ACCOUNT_CONFIRM = "account.confirm"
    ACCOUNT_PASSWORD = "account.password"
    ACCOUNT_GUESSED = "account.guessed"

    @property
    def label(self) -> str:
        """The displayed name: "secret.new_version" -> "Add a secret version"."""
        return LABELS[self]


class Role(StrEnum):
    VIEWER = "viewer"
    READER = "reader"
    WRITER = "writer"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def with_article(self) -> str:
        return f"an {self}" if self == Role.OWNER else f"a {self}"


#: Acts on one's own account, independent of roles.
OWN_ACCOUNT = frozenset(
    {
        Action.ACCOUNT_SIGN_IN,
        Action.ACCOUNT_SIGN_OUT,
        Action.ACCOUNT_SESSION_END,
        Action.ACCOUNT_CONFIRM,
        Action.ACCOUNT_PASSWORD,
        Action.ACCOUNT_GUESSED,
    }
)
_LOOK = OWN_ACCOUNT | frozenset(
    {
        Action.SECRET_LIST,
        Action.SECRET_READ,
        Action.KEY_LIST,
        Action.KEY_READ,
        Action.CERTIFICATE_LIST,
        Action.CERTIFICATE_READ,
        Action.ISSUER_LIST,
        Action.ISSUER_READ,
        Action.CONTACTS_READ,
        Action.DELETED_LIST,
        Action.ACCESS_CHECK,
        Action.VAULT_SCAN,
        Action.INVENTORY_READ,
        Action.INVENTORY_EXPORT,
        Action.JOB_READ,
        Action.JOB_CANCEL,
        Action.JOB_RETRY,
        Action.CONNECTION_READ,
        Action.AUDIT_READ,
        Action.TEAM_READ,
    }
)
_REVEAL = frozenset(
    {
        Action.SECRET_REVEAL,
        Action.SECRET_REVEAL_LIMIT,
        Action.SECRET_COMPARE,
        Action.KEY_DECRYPT,
        Action.KEY_UNWRAP,
        Action.KEY_SECURE_UNWRAP,
    }
)
#: A key is used, and what was encrypted with it stays so. It changes nothing in the vault.
_USE = frozenset(
    {
        Action.KEY_ENCRYPT,
        Action.KEY_SIGN,
        Action.KEY_VERIFY,
        Action.KEY_WRAP,
        Action.KEY_SECURE_WRAP,
        Action.RANDOM_BYTES,
    }
)
_WRITE = frozenset(
    {
        Action.SECRET_CREATE,
        Action.SECRET_NEW_VERSION,
        Action.SECRET_UPDATE,
        Action.KEY_CREATE,
        Action.KEY_IMPORT,
        Action.KEY_NEW_VERSION,
        Action.KEY_ROTATE,
        Action.KEY_UPDATE,
        Action.KEY_UPDATE_ROTATION,
        Action.CERTIFICATE_CREATE,
        Action.CERTIFICATE_NEW_VERSION,
        Action.CERTIFICATE_UPDATE,
        Action.CERTIFICATE_UPDATE_POLICY,
        Action.CERTIFICATE_IMPORT,
        Action.CERTIFICATE_OPERATION_CANCEL,
        Action.CERTIFICATE_OPERATION_DELETE,
        Action.CERTIFICATE_OPERATION_MERGE,
    }
)
_MANAGE = frozenset(
    {
        Action.SECRET_DELETE,
        Action.SECRET_RECOVER,
        Action.SECRET_PURGE,
        Action.SECRET_RESTORE,
        Action.KEY_DELETE,
        Action.KEY_RECOVER,
        Action.KEY_PURGE,
        Action.KEY_RESTORE,
        Action.CERTIFICATE_DELETE,
        Action.CERTIFICATE_RECOVER,
        Action.CERTIFICATE_PURGE,
        Action.CERTIFICATE_RESTORE,
        Action.ISSUER_CREATE,
        Action.ISSUER_UPDATE,
        Action.ISSUER_DELETE,
        Action.CONTACTS_UPDATE,
        Action.CONTACTS_DELETE,
        Action.AUTHORITY_UPDATE,
    }
)
#: A private key, or all versions of an item, leave the vault. It changes nothing, so it is none of the acts above.
_EXPORT = frozenset(
    {
        Action.CERTIFICATE_EXPORT,
        Action.KEY_RELEASE,
        Action.SECRET_BACKUP,
        Action.KEY_BACKUP,
        Action.CERTIFICATE_BACKUP,
    }
)
_KEEP = frozenset(
    {
        Action.CONNECTION_CREATE,
        Action.CONNECTION_UPDATE,
        Action.CONNECTION_DELETE,
        Action.VAULT_ADD,
        Action.VAULT_UPDATE,
        Action.VAULT_REMOVE,
        Action.INVITATION_WITHDRAW,
        Action.MEMBER_JOIN,
        Action.MEMBER_UPDATE,
        Action.MEMBER_REMOVE,
        Action.AUDIT_ACCEPT_RESTORE,
    }
)
_OVERSEE = frozenset(
    {
        Action.CONNECTION_TEST,
        Action.AUDIT_VERIFY,
        Action.AUDIT_SETTLE,
        Action.MEMBER_INVITE,
    }
)

#: Acts that change something and return nothing: once done they count as done, even if their outcome can't be recorded.
CHANGES = _WRITE | _MANAGE | _KEEP | {Action.ACCOUNT_PASSWORD}
#: Acts that one form may do only once. An invitation also returns its link.
ONCE_A_FORM = CHANGES | {Action.MEMBER_INVITE}
#: Acts that only read: decided by the role at the start of the request.
LOOKS = frozenset(action for action in Action if action.endswith((".list", ".read", ".check")))
#: Acts whose success is no news: looks, scans, sign-ins and what goes with them.
QUIET = LOOKS | {
    Action.VAULT_SCAN,
    Action.ACCOUNT_SIGN_IN,
    Action.ACCOUNT_SIGN_OUT,
    Action.ACCOUNT_SESSION_END,
    Action.ACCOUNT_CONFIRM,
}

ROLE_ACTIONS: dict[Role, frozenset[Action]] = {
    Role.VIEWER: _LOOK,
    Role.READER: _LOOK | _REVEAL,
    Role.WRITER: _LOOK | _WRITE | _USE,
    Role.MANAGER: _LOOK | _REVEAL | _WRITE | _USE | _MANAGE | _EXPORT,
    Role.OWNER: _LOOK | _REVEAL | _WRITE | _USE | _MANAGE | _EXPORT | _KEEP | _OVERSEE,
}

#: Who cancels or retries a job also needs the right to what it does, by the kind of the job.
ACT_OF_JOB: dict[str, Action] = {"scan": Action.VAULT_SCAN, "reconcile": Action.AUDIT_SETTLE}

#: Acts of the portal itself: the first start with the local vault, scans, reconciliation, ending expired sessions.
SYSTEM_ACTIONS = frozenset(
    {
        Action.CONNECTION_CREATE,
        Action.VAULT_ADD,
        Action.VAULT_SCAN,
        Action.AUDIT_SETTLE,
        Action.ACCOUNT_SESSION_END,
    }
)
#: Acts of a command on the server.
COMMAND_ACTIONS = frozenset(
    {
        Action.MEMBER_INVITE,
        Action.INVITATION_WITHDRAW,
        Action.ACCOUNT_PASSWORD,
        Action.AUDIT_ACCEPT_RESTORE,
    }
)
#: Acts recorded for a person who is not signed in: wrong passwords.
STRANGER_ACTIONS = frozenset({Action.ACCOUNT_SIGN_IN, Action.ACCOUNT_GUESSED, Action.MEMBER_JOIN})

ROLE_SENTENCES: dict[Role, str] = {
    Role.VIEWER: "sees names, dates and states, never a value",
    Role.READER: "sees what a viewer sees, and may reveal values and decrypt with keys",
    Role.WRITER: "sees what a viewer sees, may create and change things, and encrypt and sign with keys; can't read "
    "values back",
    Role.MANAGER: "reader and writer, and may delete, recover and purge, back up and restore, export certificates with their "
    "keys, release keys, and manage issuers and contacts, and say which CAs are public",
    Role.OWNER: "manager, and manages connections, vaults and members",
}

#: The name of an act, independent of its outcome, which pages show next to it.
LABELS: dict[Action, str] = {
    Action.SECRET_LIST: "List secrets",
    Action.SECRET_READ: "Read a secret",
    Action.SECRET_REVEAL: "Reveal a secret",
    Action.SECRET_REVEAL_LIMIT: "Reach the limit of revealed values",
    Action.SECRET_COMPARE: "Compare two versions of a secret",
    Action.SECRET_CREATE: "Create a secret",
    Action.SECRET_NEW_VERSION: "Add a secret version",
    Action.SECRET_UPDATE: "Update a secret",
    Action.SECRET_DELETE: "Delete a secret",
    Action.SECRET_RECOVER: "Recover a secret",
    Action.SECRET_PURGE: "Purge a secret",
    Action.SECRET_BACKUP: "Back up a secret",
    Action.SECRET_RESTORE: "Restore a secret",
    Action.KEY_LIST: "List keys",
    Action.KEY_READ: "Read a key",
    Action.KEY_CREATE: "Create a key",
    Action.KEY_IMPORT: "Import a key",
    Action.KEY_NEW_VERSION: "Add a key version",
    Action.KEY_ROTATE: "Rotate a key",
    Action.KEY_UPDATE: "Update a key",
    Action.KEY_UPDATE_ROTATION: "Change a rotation policy",
    Action.KEY_ENCRYPT: "Encrypt with a key",
    Action.KEY_DECRYPT: "Decrypt with a key",
    Action.KEY_SIGN: "Sign with a key",
    Action.KEY_VERIFY: "Verify a signature with a key",
    Action.KEY_WRAP: "Wrap with a key",
    Action.KEY_UNWRAP: "Unwrap with a key",
    Action.KEY_RELEASE: "Release a key",
    Action.KEY_SECURE_WRAP: "Secure wrap with a key",
    Action.KEY_SECURE_UNWRAP: "Secure unwrap with a key",
    Action.KEY_DELETE: "Delete a key",
    Action.KEY_RECOVER: "Recover a key",
    Action.KEY_PURGE: "Purge a key",
    Action.KEY_BACKUP: "Back up a key",
    Action.KEY_RESTORE: "Restore a key",
    Action.CERTIFICATE_LIST: "List certificates",
    Action.CERTIFICATE_READ: "Read a certificate",
    Action.CERTIFICATE_CREATE: "Request a certificate",
    Action.CERTIFICATE_NEW_VERSION: "Request a certificate version",
    Action.CERTIFICATE_UPDATE: "Update a certificate",
    Action.CERTIFICATE_UPDATE_POLICY: "Change a certificate's policy",
    Action.CERTIFICATE_IMPORT: "Import a certificate",
    Action.CERTIFICATE_EXPORT: "Export a certificate",
    Action.CERTIFICATE_OPERATION_CANCEL: "Cancel a certificate operation",
    Action.CERTIFICATE_OPERATION_DELETE: "Delete a certificate operation",
    Action.CERTIFICATE_OPERATION_MERGE: "Merge a signed certificate",
    Action.CERTIFICATE_DELETE: "Delete a certificate",
    Action.CERTIFICATE_RECOVER: "Recover a certificate",
    Action.CERTIFICATE_PURGE: "Purge a certificate",
    Action.CERTIFICATE_BACKUP: "Back up a certificate",
    Action.CERTIFICATE_RESTORE: "Restore a certificate",
    Action.ISSUER_LIST: "List issuers",
    Action.ISSUER_READ: "Read an issuer",
    Action.ISSUER_CREATE: "Create an issuer",
    Action.ISSUER_UPDATE: "Change an issuer",
    Action.ISSUER_DELETE: "Delete an issuer",
    Action.CONTACTS_READ: "Read the contacts",
    Action.CONTACTS_UPDATE: "Change the contacts",
    Action.CONTACTS_DELETE: "Delete the contacts",
    Action.AUTHORITY_UPDATE: "Say whether a CA is public",
    Action.DELETED_LIST: "List deleted items",
    Action.ACCESS_CHECK: "Check permissions",
    Action.VAULT_SCAN: "Scan a vault",
    Action.RANDOM_BYTES: "Get random bytes",
    Action.INVENTORY_READ: "Read the inventory",
    Action.INVENTORY_EXPORT: "Export the inventory",
    Action.JOB_READ: "Read a job",
    Action.JOB_CANCEL: "Cancel a job",
    Action.JOB_RETRY: "Retry what failed in a job",
    Action.CONNECTION_READ: "Read a connection",
    Action.CONNECTION_CREATE: "Store a connection",
    Action.CONNECTION_UPDATE: "Change a connection",
    Action.CONNECTION_DELETE: "Delete a connection",
    Action.CONNECTION_TEST: "Test a connection",
    Action.VAULT_ADD: "Add a vault",
    Action.VAULT_UPDATE: "Change a vault",
    Action.VAULT_REMOVE: "Remove a vault",
    Action.AUDIT_READ: "Read the audit trail",
    Action.AUDIT_VERIFY: "Verify the audit trail",
    Action.AUDIT_SETTLE: "Reconcile an interrupted act",
    Action.AUDIT_ACCEPT_RESTORE: "Accept a restore of the audit trail",
    Action.TEAM_READ: "Read the team",
    Action.MEMBER_INVITE: "Invite a member",
    Action.INVITATION_WITHDRAW: "Withdraw an invitation",
    Action.MEMBER_JOIN: "Join the team",
    Action.MEMBER_UPDATE: "Change a member's role",
    Action.MEMBER_REMOVE: "Remove a member",
    Action.ACCOUNT_SIGN_IN: "Sign in",
    Action.ACCOUNT_SIGN_OUT: "Sign out",
    Action.ACCOUNT_SESSION_END: "End a session",
    Action.ACCOUNT_CONFIRM: "Confirm the password",
    Action.ACCOUNT_PASSWORD: "Change the password",
    Action.ACCOUNT_GUESSED: "Enter wrong passwords repeatedly",
}


def smallest_role(action: Action) -> Role:
    """The role with the fewest actions that includes this one: a refusal tells people to ask for it."""
    return min((role for role in Role if action in ROLE_ACTIONS[role]), key=lambda role: len(ROLE_ACTIONS[role]))


class RoleMissing(Exception):
    """Refused by the portal: the person's role does not include the action."""

    def __init__(self, action: Action) -> None:
        self.action = action
        self.role = smallest_role(action)
        super().__init__(f"{action} needs the role {self.role}")


class RevealsSpent(Exception):
    """Refused by the portal: the person has recently revealed as many values as the limit allows."""

    def __init__(self, limit: int, minutes: int, retry_after: float) -> None:
        self.limit, self.minutes, self.retry_after = limit, minutes, retry_after
        super().__init__(f"{limit} values in {minutes} minutes")
