"""Managed secrets and keys stand behind their certificate: forms that would change one lead there."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from vaults.keyvault.types import Properties
from vaults.kinds import Kind
from vaults.models import Vault
from vaults.web.rendering import HtmxRequest


def led_to_certificate(
    request: HtmxRequest, vault: Vault, kind: Kind, current: Properties | None
) -> HttpResponse | None:
    """A redirect to the certificate of a managed secret or key, with the reason; None for other items.

    Key Vault refuses to change a managed one by itself. (About keys, secrets and certificates: composition of a certificate)
    """
    if current is None or not getattr(current, "managed", False):
        return None
    messages.info(request, f"The {kind} of this name belongs to the certificate, and changes only with it.")
    return redirect("certificate_detail", vault.slug, current.name)
