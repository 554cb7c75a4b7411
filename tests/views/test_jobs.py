"""The pages of jobs: what they show, what one can do there, and what they cost."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.browsing import text_of
from tests.conftest import World, make_vault, signed_in
from tests.working import make_job, work_on_all
from vaults.models import ItemState, Job, JobItem, JobKind

PART = {"HX-Request": "true", "HX-Target": "job"}


def test_a_scan_of_all_vaults_from_the_click_to_its_end(olga: Client, world: World) -> None:
    make_vault(connection=world.connection, name="kv-not-there", slug="not-there")
    olga.post("/scan/vaults/")
    listed = text_of(olga.get("/jobs/"))
    assert "Scan 2 vaults" in listed
    assert "Waiting" in listed
    page = f"/jobs/{Job.objects.get().pk}/"
    before = olga.get(page)
    assert "0 of 2" in text_of(before)
    assert 'hx-trigger="every 2s"' in before.content.decode()
    work_on_all()
    after = olga.get(page, headers=PART).content.decode()
    assert "hx-trigger" not in after
    assert 'data-say="The job has ended: 2 of 2, 1 failed"' in after
    assert "Retry 1 failed" in text_of(olga.get(page))
    assert "Failed in part" in text_of(olga.get("/jobs/"))


def test_each_item_says_what_became_of_it_and_leads_to_its_entry(olga: Client, world: World) -> None:
    olga.post("/vaults/kv-shop-prod/scan/")
    work_on_all()
    page = olga.get(f"/jobs/{Job.objects.get().pk}/")
    assert "Scan kv-shop-prod" in text_of(page)
    assert re.search(r"\d+ items?", text_of(page))
    [entry] = re.findall(r'href="(/audit/[0-9a-f-]+/)"', page.content.decode())
    shown = olga.get(entry)
    assert shown.status_code == 200
    assert "Scan a vault" in text_of(shown)
    assert f'<a href="/jobs/{Job.objects.get().pk}/">' in shown.content.decode()
    Job.objects.all().delete()  # as after 30 days
    assert "Part of the job" in text_of(olga.get(entry))


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ({"waiting": 2}, "Waiting"),
        ({"waiting": 1, "succeeded": 1}, "Running"),
        ({"running": 1}, "Running"),
        ({"succeeded": 2}, "Done"),
        ({"failed": 2}, "Failed"),
        ({"failed": 1, "succeeded": 1}, "Failed in part"),
    ],
)
def test_the_state_of_a_job(counts: dict[str, int], word: str, olga: Client, world: World) -> None:
    job = make_job(world, world.olga, **counts)
    for address in ("/jobs/", f"/jobs/{job.pk}/"):
        badges = re.findall(r'class="badge [^"]*"[^>]*>(?:<svg.*?</svg>)?([^<]+)<', olga.get(address).content.decode())
        assert badges[0] == word


def test_the_bar_is_read_aloud(olga: Client, world: World) -> None:
    job = make_job(world, world.olga, succeeded=3, failed=2, waiting=5)
    bar = re.search(r'<svg class="job-bar".*?</svg>', olga.get(f"/jobs/{job.pk}/").content.decode(), re.DOTALL)
    assert bar
    assert 'role="progressbar"' in bar[0]
    assert 'aria-valuetext="5 of 10, 2 failed"' in bar[0]
    assert re.findall(r'class="(\w+)" x="(\d+)" y="0" width="(\d+)"', bar[0]) == [
        ("succeeded", "0", "3"),
        ("failed", "3", "2"),
        ("waiting", "5", "5"),
    ]


def test_items_can_be_filtered_and_paged(olga: Client, world: World) -> None:
    job = make_job(world, world.olga, succeeded=60, failed=2)
    rows = re.compile(r'class="name wrap" scope="row"')
    assert len(rows.findall(olga.get(f"/jobs/{job.pk}/").content.decode())) == 50
    assert len(rows.findall(olga.get(f"/jobs/{job.pk}/?page=2").content.decode())) == 12
    failed = olga.get(f"/jobs/{job.pk}/?state=failed")
    assert len(rows.findall(failed.content.decode())) == 2
    assert "The vault's firewall turned this server away" in text_of(failed)
    for garbage in ("?state=no-such", "?page=999", "?page=x", "?state=%00"):
        assert olga.get(f"/jobs/{job.pk}/{garbage}").status_code == 200
    assert "No item of this job is in this state now" in text_of(olga.get(f"/jobs/{job.pk}/?state=running"))


def test_cancel_and_retry(olga: Client, world: World) -> None:
    job = make_job(world, world.olga, waiting=2, failed=1)
    page = f"/jobs/{job.pk}/"
    assert "2 items cancelled" in text_of(olga.post(f"{page}cancel/", follow=True))
    assert "There was nothing left to cancel" in text_of(olga.post(f"{page}cancel/", follow=True))
    assert "Cancel the rest" not in text_of(olga.get(page))
    again = olga.post(f"{page}retry/")
    assert again["Location"] == f"/jobs/{Job.objects.latest('created_at').pk}/" != page
    twice = olga.post(f"{page}retry/", follow=True)
    assert "There is nothing to retry" in text_of(twice)
    assert olga.get(f"{page}cancel/").status_code == 405


def test_the_portals_own_jobs_are_one_click_away(olga: Client, world: World) -> None:
    own = make_job(world, succeeded=1)
    Job.objects.update(ended_at=timezone.now())
    busy = make_job(world, waiting=1)
    ours = make_job(world, world.olga, succeeded=1)
    first, everything = olga.get("/jobs/").content.decode(), olga.get("/jobs/?show=all").content.decode()
    assert [str(job.pk) in first for job in (own, busy, ours)] == [False, True, True]
    assert [str(job.pk) in everything for job in (own, busy, ours)] == [True, True, True]


def test_an_empty_list_says_what_a_job_is(olga: Client) -> None:
    assert "Nobody has asked for work in the background lately" in text_of(olga.get("/jobs/"))


def test_other_teams_jobs_are_not_there(world: World) -> None:
    job = make_job(world, world.olga, waiting=1, failed=1)
    otto = signed_in(world.otto)
    assert str(job.pk) not in otto.get("/jobs/?show=all").content.decode()
    for address in (f"/jobs/{job.pk}/", f"/jobs/{uuid.uuid4()}/"):
        assert otto.get(address).status_code == 404
        assert otto.post(f"{address}cancel/").status_code == 404
        assert otto.post(f"{address}retry/").status_code == 404
    assert set(JobItem.objects.values_list("state", flat=True)) == {ItemState.WAITING, ItemState.FAILED}


def test_a_job_of_the_installation_belongs_to_no_page(olga: Client, world: World) -> None:
    job = make_job(world, waiting=1)
    Job.objects.update(team=None, kind=JobKind.SWEEP)
    assert olga.get(f"/jobs/{job.pk}/").status_code == 404
    assert str(job.pk) not in olga.get("/jobs/?show=all").content.decode()


def test_the_pace_is_shown_when_it_is_known(olga: Client, world: World) -> None:
    job = make_job(world, world.olga, succeeded=20, waiting=20)
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=10))
    assert re.search(r"2\.0 a second, about \d+ s left", text_of(olga.get(f"/jobs/{job.pk}/")))
    Job.objects.update(created_at=timezone.now() - timedelta(minutes=10))
    assert re.search(r"2 a minute, about 10 min left", text_of(olga.get(f"/jobs/{job.pk}/")))


@pytest.mark.parametrize("odd", ["no-such-kind", ""])
def test_an_odd_kind_spoils_no_list(odd: str, olga: Client, world: World) -> None:
    """As a later version may have left it."""
    job = make_job(world, world.olga, waiting=1, failed=1)
    Job.objects.update(kind=odd)
    for address in ("/jobs/", f"/jobs/{job.pk}/"):
        assert olga.get(address).status_code == 200
    assert olga.post(f"/jobs/{job.pk}/cancel/").status_code == 403
    work_on_all()
    assert set(JobItem.objects.values_list("state", flat=True)) == {ItemState.FAILED}


def test_the_pages_take_as_many_queries_for_many_jobs_as_for_one(olga: Client, world: World) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(
            database,
        ) as counted:
            olga.get(address)
        return len(counted)

    job = make_job(world, world.olga, failed=1, succeeded=1)
    olga.get("/jobs/")  # the first page of a session writes it
    one = queries("/jobs/"), queries(f"/jobs/{job.pk}/")
    for _ in range(20):
        job = make_job(world, world.olga, failed=20, succeeded=20)
    assert (queries("/jobs/"), queries(f"/jobs/{job.pk}/")) == one
