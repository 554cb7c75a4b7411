"""The person behind each request, with the team that they have chosen to work in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from vaults.actors import Person
from vaults.models import Team, User

#: Under this name the session keeps the id of the current team.
CURRENT_TEAM = "current_team"


def with_actor(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request of somebody signed in its `actor`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            request.actor = Person(request.user, request.session.get(CURRENT_TEAM, ""))  # type: ignore[attr-defined]
        return get_response(request)

    return middleware


def choose_team(request: HttpRequest, team: Team) -> None:
    """Keep the choice for as long as the session lasts."""
    request.session[CURRENT_TEAM] = str(team.pk)
