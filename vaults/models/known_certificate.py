"""What is known of certificates beyond their list: the present version's contents, and the policy for the next one."""

from django.db import models

from vaults.keyvault.types import RESERVED_ISSUERS
from vaults.models.inventory import InventoryItem
from vaults.models.json import ShapedJSONField, text_list


def trapped(prefix: str = "") -> models.Q:
    """A CA issued it, and its vault is going to replace it by a certificate or a request of its own making (web.renewal_trap).

    `prefix`: of the columns, for rows of another table.
    """
    own_issuer = models.Q()
    for name in RESERVED_ISSUERS:
        own_issuer |= models.Q((f"{prefix}policy_issuer__iexact", name))
    return own_issuer & models.Q((f"{prefix}renews", True), (f"{prefix}self_signed", False))


class KnownCertificate(models.Model):
    """The current version of a certificate and its policy, as last read. Texts are "" and numbers None if the vault did not
    send them, or if they can't be read: then `unread` names them. Texts are cut to their column."""

    item = models.OneToOneField(InventoryItem, on_delete=models.CASCADE, related_name="known_certificate")
    version = models.CharField(max_length=64, blank=True)
    #: X.500 names of the certificate itself, as text.
    subject = models.CharField(max_length=1000, blank=True)
    issuer = models.CharField(max_length=1000, blank=True)
    #: None if subject or issuer can't be read.
    self_signed = models.BooleanField(null=True)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    key_type = models.CharField(max_length=60, blank=True)
    #: Bits.
    key_size = models.IntegerField(null=True)
    curve = models.CharField(max_length=60, blank=True)
    #: How many of its alternative names are DNS names.
    dns_names = models.IntegerField(default=0)

    has_policy = models.BooleanField(default=False)
    #: The issuer that the policy names: "Self", "Unknown", or one of the vault's.
    policy_issuer = models.CharField(max_length=255, blank=True)
    #: The provider of that issuer, such as "DigiCert"; "" if it has none, or it could not be read.
    provider = models.CharField(max_length=255, blank=True)
    validity_months = models.IntegerField(null=True)
    #: The lifetime actions AutoRenew and EmailContacts: whether the policy has them, and when they happen.
    renews = models.BooleanField(default=False)
    renews_at_percent = models.IntegerField(null=True)
    renews_days_before = models.IntegerField(null=True)
    mails = models.BooleanField(default=False)
    mails_at_percent = models.IntegerField(null=True)
    mails_days_before = models.IntegerField(null=True)
    #: The policy asks for clientAuth and no other extended key usage.
    only_client_auth = models.BooleanField(default=False)
    #: Names of members that could not be read.
    unread = ShapedJSONField(default=list, shape=text_list)

    #: When it was asked for.
    read_at = models.DateTimeField()
    #: The list's entry that it was read for. As long as that is the same, the version is.
    of_updated = models.DateTimeField(null=True)
    of_thumbprint = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.subject
