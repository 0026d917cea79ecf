"""A job that failed tells its reader why, in his language; a mistake of the program shows its starter the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.small_layer import LONGQUAN, quiet

from senhui.access.rules import PermissionRefused
from senhui.atlas import tiles
from senhui.atlas.jobs import MapNotMade, release_and_map
from senhui.intake.shapefile import ShapefilePartMissing
from senhui.inventory.queries import releases
from senhui.jobs import log_file
from senhui.jobs.actions.start_job import start_job
from senhui.jobs.models import Job
from senhui.jobs.progress import JobCancelled
from senhui.jobs.refusal import as_data
from senhui.jobs.registry import function_for

pytestmark = [pytest.mark.database, pytest.mark.django_db]
Browse = Callable[..., Client]
Person = Callable[..., Any]


@pytest.fixture
def fail(now: dt.datetime) -> Callable[[Any, Exception], int]:
    """Make a job of a person that failed for a reason, and return its id."""

    def make(starter: Any, problem: Exception) -> int:
        job_id = start_job(starter, "inventory.measure_draft", {"draft_id": 1}, title="Measure", now=now)
        Job.objects.filter(pk=job_id).update(
            state="failed", ended_at=now, error=f"{type(problem).__name__}: {problem}", refusal=as_data(problem)
        )
        log_file.path(job_id).write_text("Traceback of the program", "utf-8")
        return job_id

    return make


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", ("龙泉.zip 缺少 .dbf 文件。", "Shapefile 由同名的多个文件组成", "请将整套文件一并上传")),
        ("en", ("龙泉.zip came without its .dbf file.", "A Shapefile is several files", "Hand in all parts together")),
    ],
)
def test_a_refusal_is_explained_in_the_readers_language(
    browse: Browse, person: Person, fail: Callable[..., int], language: str, said: tuple[str, ...]
) -> None:
    lin = person("lin", technician=LONGQUAN)
    job_id = fail(lin, ShapefilePartMissing("龙泉.zip", ".dbf"))
    client = browse(language, as_user=lin)
    for address in (f"/jobs/{job_id}/", f"/jobs/{job_id}/state/"):
        page = client.get(address).content.decode()
        assert all(text in page for text in said)
        assert "ShapefilePartMissing" not in page
        assert "<details><summary>" in page, "the log is there, folded"
    told = client.get(f"/api/v1/jobs/{job_id}").json()["explanation"]
    assert told["what"] == said[0]
    assert client.get("/api/v1/jobs").json()[0]["explanation"] == told


@pytest.mark.parametrize(("language", "said"), [("zh", "程序自身出错"), ("en", "The program met a mistake of its own")])
def test_a_mistake_of_the_program_opens_the_log_for_the_starter(
    browse: Browse, person: Person, fail: Callable[..., int], language: str, said: str
) -> None:
    lin, chief = person("lin", technician=LONGQUAN), person("chief", administrator="3311")
    job_id = fail(lin, ZeroDivisionError("division by zero"))
    page = browse(language, as_user=lin).get(f"/jobs/{job_id}/").content.decode()
    assert said in page
    assert "division by zero" not in page
    assert "<details open><summary>" in page
    assert "Traceback of the program" in page
    assert "<details open>" not in browse(language, as_user=chief).get(f"/jobs/{job_id}/").content.decode()
    assert browse(language, as_user=lin).get(f"/api/v1/jobs/{job_id}").json()["explanation"] is None


def test_a_release_that_was_made_is_offered(browse: Browse, person: Person, draft_id: int, now: dt.datetime) -> None:
    chen = person("chen", reviewer="3311")
    result = function_for("atlas.release_and_map")(chen, draft_id=draft_id, label="Case", now=now, progress=quiet)
    job_id = start_job(chen, "atlas.release_and_map", {}, title="Release", now=now)
    Job.objects.filter(pk=job_id).update(state="succeeded", ended_at=now, result=result)
    client = browse("en", as_user=chen)
    release = f"/releases/{result['release_id']}/"
    assert f'href="{release}">Open the release' in client.get(f"/jobs/{job_id}/").content.decode()
    assert client.get(release).status_code == 200


def test_a_release_whose_map_failed_stands_and_says_so(
    person: Person, draft_id: int, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(tiles, "build", full_disk)
    with pytest.raises(MapNotMade) as caught:
        release_and_map(person("chen", reviewer="3311"), draft_id=draft_id, label="Case", now=now, progress=quiet)
    assert isinstance(caught.value.__cause__, OSError)
    assert [info.id for info in releases()] == [caught.value.release_id]


def test_a_job_that_was_cancelled_while_the_map_was_drawn_offers_to_draw_it(
    browse: Browse, person: Person, draft_id: int, now: dt.datetime
) -> None:
    chen = person("chen", reviewer="3311")

    def cancelled_at_the_map(fraction: float, note: str) -> None:
        if note == "Drawing the map":
            raise JobCancelled

    with pytest.raises(MapNotMade) as caught:
        release_and_map(chen, draft_id=draft_id, label="Case", now=now, progress=cancelled_at_the_map)
    release_id = caught.value.release_id
    assert [info.id for info in releases()] == [release_id], "the release stands"
    job_id = start_job(chen, "atlas.release_and_map", {}, title="Release", now=now)
    Job.objects.filter(pk=job_id).update(
        state="cancelled", ended_at=now, error=str(caught.value), refusal=as_data(caught.value)
    )
    client = browse("en", as_user=chen)
    shown = client.get(f"/jobs/{job_id}/").content.decode()
    assert "Nothing was half-written" not in shown
    assert f'action="/releases/{release_id}/draw-map/"' in shown
    assert (
        browse("en", as_user=person("xu", viewer="3311")).post(f"/releases/{release_id}/draw-map/").status_code == 403
    )
    answer = client.post(f"/releases/{release_id}/draw-map/")
    assert answer.status_code == 302
    queued = Job.objects.latest("id")
    assert (queued.kind, queued.arguments) == ("atlas.draw_map", {"release_id": release_id})
    function_for("atlas.draw_map")(chen, **queued.arguments, now=now, progress=quiet)
    assert client.get(f"/releases/{release_id}/").status_code == 200
    with pytest.raises(PermissionRefused):
        function_for("atlas.draw_map")(
            person("zhou", reviewer="331126"), release_id=release_id, now=now, progress=quiet
        )
