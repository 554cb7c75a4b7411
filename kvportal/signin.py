"""The page that people get in by; and whether they still are."""

from allauth.account import views as account
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe


@login_not_required
def login(request: HttpRequest) -> HttpResponseBase:
    """allauth's page, but for the status where the password was not looked at."""
    answer: HttpResponseBase = account.login(request)
    form = (getattr(answer, "context_data", None) or {}).get("form")
    if form is not None and form.has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
        answer.status_code = 429
    return answer


@login_not_required
@require_safe
def session(request: HttpRequest) -> JsonResponse:
    """Asked by a form before it is sent: 401 where nobody is signed in, else a form token that is good now."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=401)
    return JsonResponse({"token": get_token(request)})
