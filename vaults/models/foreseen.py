"""What is foreseen of certificates: the verdict under each calendar, kept so that a page over all vaults can count and sort."""

from typing import ClassVar

from django.db import models

from vaults.forecast.renewals import Cause, How
from vaults.models.known_certificate import KnownCertificate


class ForeseenRenewals(models.Model):
    """The verdict on one certificate under one calendar, as foreseen when its vault was last scanned."""

    certificate = models.ForeignKey(KnownCertificate, on_delete=models.CASCADE, related_name="foreseen")
    #: Of the calendar's last rule.
    year = models.SmallIntegerField()
    how = models.CharField(max_length=12, choices=[(how.value, how.value) for how in How])
    cause = models.CharField(max_length=24, choices=[(cause.value, cause.value) for cause in Cause])
    #: When it breaks, else the next renewal.
    at = models.DateTimeField()
    #: Renewals a year.
    a_year = models.IntegerField()
    #: What breaks comes first, then what is renewed by hand.
    rank = models.SmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["certificate", "year"], name="foreseen_once"),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.year}: {self.how}"
