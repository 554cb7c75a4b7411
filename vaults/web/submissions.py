"""A form takes effect once, even if it is sent several times."""

import functools
import hashlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, cast

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import Error, IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from vaults import acts
from vaults.models import Submission
from vaults.permissions import ONCE_A_FORM
from vaults.web.confirmation import PASSWORD
from vaults.web.rendering import HtmxRequest

P = ParamSpec("P")

KEPT_FOR = timedelta(hours=24)
#: Longest time that processing a form can take.
LONGEST_WORK = timedelta(minutes=2)
#: Attempts to claim a form key while an earlier one is released. More failures are not caused by other clicks.
CLICKS_AT_ONCE = 5

log = structlog.get_logger("vaults.submissions")


def once(
    view: Callable[Concatenate[HtmxRequest, P], HttpResponse],
) -> Callable[Concatenate[HtmxRequest, P], HttpResponse]:
    """Make a form take effect once: a second click or a resubmit is redirected to where the first one led.

    The form carries `form_key`, a new UUID. Only a response with a Location (a redirect, or 201) counts as done: a form that
    came back with errors may be sent again. While the first one is in progress, the second gets 409; another body with the
    same key gets 422.
    """

    @functools.wraps(view)
    def submitted_once(request: HtmxRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = _form_key(request)
        if request.method != "POST" or key is None:
            return view(request, *args, **kwargs)
        try:
            first, is_first = _claim(request, key)
        except Error:
            log.exception("a form could not be noted as sent", path=request.path)
            with acts.refused(ONCE_A_FORM, acts.FormNotNoted()):
                return view(request, *args, **kwargs)
        if not is_first:
            return _respond_again(request, first)
        try:
            response = view(request, *args, **kwargs)
        except BaseException:
            _end(first)
            raise
        _end(first, response.headers.get("Location", ""))
        return response

    return cast(Callable[Concatenate[HtmxRequest, P], HttpResponse], submitted_once)


def done_before(request: HtmxRequest) -> HttpResponse | None:
    """The redirect of a form that took effect before, for a repeat that no longer finds what it was about; else None."""
    key = _form_key(request)
    if request.method != "POST" or key is None:
        return None
    first = Submission.objects.filter(key=key).exclude(location="").first()
    return redirect(first.location) if first and _is_same(request, first) else None


def _form_key(request: HtmxRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        return None


def _claim(request: HtmxRequest, key: uuid.UUID) -> tuple[Submission, bool]:
    """The form key's row, and whether this request created it. Raises the database's Error if it can't be created."""
    fields: dict[str, Any] = {"user": request.user, "path": request.path[:400], "digest": _digest(request)}
    for _ in range(CLICKS_AT_ONCE):
        try:
            return _note(key, fields), True
        except IntegrityError as error:
            refused = error
        if first := Submission.objects.filter(key=key).first():
            return first, False
        # The first one has ended without effect in the meantime, so this one may try again.
    raise refused


def _note(key: uuid.UUID, fields: dict[str, Any]) -> Submission:
    with transaction.atomic():
        Submission.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
        return Submission.objects.create(key=key, **fields)


def _end(first: Submission, location: str = "") -> None:
    """Store where a form led, or release its key if it led nowhere. If storing fails, the form's effect is not changed."""
    try:
        with transaction.atomic():
            if location:
                Submission.objects.filter(pk=first.pk).update(location=location)
            else:
                first.delete()
    except Error:
        log.exception("the end of a form could not be noted", path=first.path)


def _digest(request: HtmxRequest) -> str:
    """A keyed digest of the form: it distinguishes two bodies and does not reveal their content.

    The confirmation password is not included: with or without it, it is the same form.
    """
    excluded = {"csrfmiddlewaretoken", PASSWORD}
    files = [(name, [_fingerprint(file) for file in sent]) for name, sent in sorted(request.FILES.lists())]
    fields = sorted((name, values) for name, values in request.POST.lists() if name not in excluded)
    return hashlib.blake2b(
        repr([fields, files]).encode(), key=settings.SECRET_KEY.encode()[:64], digest_size=32
    ).hexdigest()


def _fingerprint(file: "UploadedFile[bytes]") -> tuple[str, str]:
    content = file.read()
    file.seek(0)
    return file.name or "", hashlib.sha256(content).hexdigest()


def _respond_again(request: HtmxRequest, first: Submission) -> HttpResponse:
    """Redirect to where the first one led, or explain why nothing is done; the first may have been cut off."""
    if not _is_same(request, first):
        return render(request, "vaults/submitted.html", {"changed": True, "cut_off": False}, status=422)
    if not first.location:
        cut_off = timezone.now() - first.created_at > LONGEST_WORK
        return render(request, "vaults/submitted.html", {"changed": False, "cut_off": cut_off}, status=409)
    return redirect(first.location)


def _is_same(request: HtmxRequest, first: Submission) -> bool:
    """True if this person sent the same form before."""
    return first.user_id == request.user.pk and first.path == request.path[:400] and first.digest == _digest(request)
