"""The person who sent a request, with their current team."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from vaults.actors import Person
from vaults.models import Team, User
from vaults.web.polls import LOOK, look_of

#: Session key of the current team's id.
CURRENT_TEAM = "current_team"
#: Field of forms: the id of the team that they were shown for.
FORM_TEAM = "form_team"


def with_actor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that sets `actor` on each request of a signed-in person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            request.actor = Person(  # type: ignore[attr-defined]
                request.user,
                request.session.get(CURRENT_TEAM, ""),
                lambda: request.POST.get(FORM_TEAM, ""),
            )
            request.actor.polled = look_of(request.GET.get(LOOK, ""))  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def choose_team(request: HttpRequest, team: Team) -> None:
    """Make the team the current one until the session ends."""
    request.session[CURRENT_TEAM] = str(team.pk)
