"""What must be right before anybody is served."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from vaults import sealing
from vaults.models import SealedCanary


def check_key_ring() -> None:
    """Refuse to serve with keys that can't open what is stored. Raises ImproperlyConfigured with a plain reason."""
    ring = sealing.key_ring()
    if len(settings.AUDIT_KEY) < 32:
        raise ImproperlyConfigured("KVPORTAL_AUDIT_KEY must have 32 characters or more")
    for canary in SealedCanary.objects.all():
        try:
            canary.open()
        except sealing.SealBroken:
            raise ImproperlyConfigured(
                "the keys in KVPORTAL_SEALING_KEYS can't open what this database holds; give the key ring it was sealed "
                f"with (a key with the id {canary.sealed.partition(':')[0]} is needed)"
            ) from None
    SealedCanary.plant(ring.current)
