"""Every text that a page shows has passed the catalogue: a language of made-up letters takes the place of Chinese.

Each message is written in full-width letters, so whatever of a page is still in plain ones was never translated. What
pages mark as data (see `tests.web.visible_text`) is left alone; there is no list of excused words.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import polib
import pytest
from django.test import Client
from django.urls import Resolver404, URLPattern, resolve
from django.utils.translation import override
from tests.governance.whole_city import two_surveys
from tests.small_layer import LONGQUAN
from tests.web import visible_text
from tests.web.flawed import import_flawed
from tests.web.test_catalogues import CATALOGUE
from tests.web.test_errors import REFUSALS

from senhui.access.queries import user_named
from senhui.inventory.actions.record_event import Statement, record_event
from senhui.measurement.declarable import declarables
from senhui.web.errors import explain
from senhui.web.export_request import FORM_NAMES
from senhui.web.urls import urlpatterns

pytestmark = pytest.mark.django_db
Person = Callable[..., Any]
Browse = Callable[..., Client]
ENDS_SOMETHING = {"imports-discard", "events-reverse", "set_language", "sign-out"}
"""Forms that are sent after all others, for they take away what those need."""

KEPT = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{[\w.:]*\}|</?[a-z][^>]*>|&\w+;|\n")
"""What a message holds beside its words: places for values, elements, line ends."""
PLACE_OF_A_VALUE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[\w.:]*\}")
PLAIN_WORD = re.compile(r"^(?!.*[\u4e00-\u9fff]).*?[A-Za-z]{2}|(?<![A-Za-z])[a-z]{3}", re.DOTALL)
"""Where a text holds Chinese, it is the Chinese name of something in a file of data, and may hold a foreign one."""
ENGLISH = re.compile(r"(?<![\w./-])[a-z]{2,} [a-z]{2,}(?![\w./-])|^[A-Z]?[a-z]{3,}[.!?:]?$")


def disguised(message: str) -> str:
    """Write a message in full-width letters.

    >>> disguised("<b>%(n)s</b> rows")
    '<b>%(n)s</b> ｒｏｗｓ'
    """
    kept = KEPT.findall(message)
    words = [re.sub("[A-Za-z]", lambda letter: chr(ord(letter[0]) + 0xFEE0), part) for part in KEPT.split(message)]
    return "".join(part for pair in zip(words, [*kept, ""], strict=True) for part in pair)


@pytest.fixture
def fake_language(tmp_path: Path, settings: Any) -> None:
    """Let full-width letters take the place of Chinese; Django's own words stay Chinese."""
    fake = polib.POFile(encoding="utf-8")
    real = polib.pofile(str(CATALOGUE), encoding="utf-8")
    fake.metadata = dict(real.metadata)
    for entry in real:
        said = disguised(entry.msgid_plural or entry.msgid)
        plural = {"msgid_plural": entry.msgid_plural, "msgstr_plural": {0: said}} if entry.msgid_plural else {}
        fake.append(polib.POEntry(msgid=entry.msgid, msgctxt=entry.msgctxt, msgstr="" if plural else said, **plural))
    directory = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"
    directory.mkdir(parents=True)
    fake.save_as_mofile(str(directory / "django.mo"))
    # Django forgets the catalogues that it has read when this changes, and again when it is put back.
    settings.LOCALE_PATHS = [tmp_path / "locale"]


@dataclass(frozen=True)
class House:
    """A small city with two surveys, their comparison, an event and drafts; its people, and where no link leads."""

    people: dict[str, Any]
    addresses: tuple[str, ...]
    forms: tuple[str, ...]
    data: tuple[str, ...]
    """Names of files, of formats and of its people."""


@pytest.fixture
def house(person: Person, tmp_path: Path, now: dt.datetime) -> House:
    """Everything that a page can show, made by the product's own actions."""
    change = two_surveys(person, tmp_path)
    lin, chen, admin = user_named("lin"), user_named("chen"), person("admin", administrator="3311")
    record_event(
        lin, kind="harvest", release_id=change.before.id, row=11, happened_on=dt.date(2018, 6, 1), area_ha=2.0,
        statement=Statement(taken_frac=1.0, product_frac=0.5), now=now,
    )  # fmt: skip
    (tmp_path / "flawed").mkdir()
    flawed = import_flawed(lin, tmp_path / "flawed", now=now)
    draft, release, before = f"/imports/{flawed.id}/", change.after.id, change.before.id
    panel = f"/map/panel/?release={release}"
    place = f"release={release}&within={LONGQUAN}"
    addresses = (
        "/", f"{panel}&row=3", f"{panel}&place={LONGQUAN}", f"{panel}&place={LONGQUAN}&before={before}",
        f"{panel}&within={LONGQUAN}&where=origin:planted", f"/map/export.csv?{place}", f"/map/export.gpkg?{place}",
        "/map/boundaries/", "/map/boundaries/1/", "/map/views/", "/v/none/", "/map/boxes/", "/map/sheet/",
        "/map/sheet.doc", "/overlays/", "/statistics/", "/statistics/table.csv?by=county", "/statistics/?by=soil",
        "/wall/", "/wall/slides/", f"/releases/{release}/error/", f"/releases/{release}/sub-compartments.csv",
        "/minute/", "/targets/", "/events/", f"/events/record/?release={before}&row=12", "/declarations/", "/sign-in/",
        "/sign-in/none/", draft, f"{draft}mapping/", f"{draft}rows/3/", f"{draft}rejected.csv", f"{draft}findings.csv",
        "/jobs/1/", "/jobs/1/state/", "/jobs/1/file/", "/api/v1/releases/none", "/no-page/", "/imports/99/",
        "/releases/0/", "/parameters/0/",
    )  # fmt: skip
    verbs = ("corrected", "exclude", "measure", "draw-map", "discard", "release", "mapping/save", "mapping/load")
    forms = (
        *(f"{draft}{verb}/" for verb in verbs),
        *(f"{draft}rows/3/{verb}/" for verb in ("correct", "exclude", "reopen")),
        *(f"/jobs/1/{verb}/" for verb in ("again", "cancel")),
        f"/releases/{release}/draw-map/", f"/changes/{change.id}/draw-map/", "/events/1/reverse/",
        f"/declarations/{next(iter(declarables()))}/withdraw/", "/overlays/1/remove/", "/map/views/none/",
        "/map/boundaries/1/delete/", "/sign-out/", "/language/",
    )  # fmt: skip
    data = ("gpkg", "lin", "chen", "admin", "flawed", *FORM_NAMES.values())
    return House({"": None, "lin": lin, "chen": chen, "admin": admin}, addresses, forms, data)


class Crawl:
    """Follows the links of every page, a few of each kind, sends its forms empty, and keeps what was said and where."""

    def __init__(self, client: Client, *, language: str, most_of_a_kind: int) -> None:
        self.client, self.language, self.most_of_a_kind = client, language, most_of_a_kind
        self.said: dict[str, str] = {}
        self.kinds: Counter[tuple[str, ...]] = Counter()
        self.forms: dict[tuple[str, ...], str] = {}

    def follow(self, addresses: Iterable[str]) -> None:
        """Open pages and what they link to."""
        waiting = list(addresses)
        while waiting:
            address = waiting.pop(0)
            kind = kind_of(address)
            if kind is None or self.kinds[kind] >= self.most_of_a_kind:
                continue
            self.kinds[kind] += 1
            waiting += self._keep(address, self.client.get(address))

    def send_forms(self, further: Iterable[str]) -> None:
        """Send each kind of form without any value: whatever it needs is refused in words."""
        self.forms |= {kind: address for address in further if (kind := kind_of(address)) is not None}
        for kind, address in sorted(self.forms.items(), key=lambda form: form[0][0] in ENDS_SOMETHING):
            self.kinds[kind] += 1
            response = self.client.post(address)
            self._keep(address, response)
            if response.status_code == 302:
                self.follow([response["Location"]])

    def _keep(self, address: str, response: Any) -> Iterator[str]:
        content_type = response.get("Content-Type", "").split(";")[0]
        if content_type == "text/html":
            seen = visible_text.of_page(response.content.decode(), language=self.language)
            self.said.update(dict.fromkeys(seen.texts, address))
            for form in seen.forms:
                if (kind := kind_of(urljoin(address, form))) is not None:
                    self.forms.setdefault(kind, urljoin(address, form))
            yield from (urljoin(address, link) for link in seen.links)
        elif content_type == "text/csv":
            head = next(csv.reader([b"".join(response).decode("utf-8-sig").splitlines()[0]]))
            self.said.update(dict.fromkeys(visible_text.of_json(head), address))
        elif content_type == "application/json" and not address.startswith("/api/"):
            self.said.update(dict.fromkeys(visible_text.of_json(response.json()), address))


def kind_of(address: str) -> tuple[str, ...] | None:
    """Return the name of a page and what its address asks for, or None of what is no page of ours."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    try:
        name = resolve(parts.path).url_name
    except Resolver404:
        return ("no page", parts.path) if parts.path == "/no-page/" else None
    return (name or "", *sorted({key for key, _ in parse_qsl(parts.query)}))


def untranslated(said: dict[str, str], *, data: tuple[str, ...], word: re.Pattern[str]) -> list[tuple[str, str]]:
    """Return the texts with a word in plain letters, each with its page."""
    named = re.compile("|".join(map(re.escape, data)))
    return sorted(
        (address, text) for text, address in said.items() if word.search(named.sub("", PLACE_OF_A_VALUE.sub("", text)))
    )


def test_every_text_has_passed_the_catalogue(house: House, fake_language: None, browse: Browse) -> None:
    """As everybody who may see anything; the technician also sends every form."""
    opened: set[str] = set()
    for name, most_of_a_kind in (("admin", 1), ("lin", 1), ("chen", 1), ("", 1)):
        crawl = Crawl(browse("zh", as_user=house.people[name]), language="zh", most_of_a_kind=most_of_a_kind)
        crawl.follow(house.addresses)
        if name in {"", "lin"}:
            crawl.send_forms(house.forms)
        opened |= {kind[0] for kind in crawl.kinds}
        assert any("\uff41" in text for text in crawl.said), "the made-up language is spoken"
        assert untranslated(crawl.said, data=house.data, word=PLAIN_WORD) == [], name
    # Every page was opened, by a link, by a form or by its address above.
    assert sorted({str(one.name) for one in urlpatterns if isinstance(one, URLPattern)} - opened) == []


def test_a_chinese_page_holds_no_english_sentence(house: House, browse: Browse) -> None:
    """Two words of small letters in a row are English; names such as GeoPackage or GB/T are not."""
    crawl = Crawl(browse("zh", as_user=house.people["lin"]), language="zh", most_of_a_kind=1)
    crawl.follow(house.addresses)
    crawl.send_forms(house.forms)
    assert untranslated(crawl.said, data=house.data, word=ENGLISH) == []


def test_every_refusal_has_passed_the_catalogue(fake_language: None) -> None:
    for error, _status in REFUSALS:
        with override("zh-hans"):
            told = explain(error)
        assert told is not None
        said = dict.fromkeys((told.what, told.now, told.why), type(error).__name__)
        facts = tuple(text for fact in vars(error).values() for text in strings(fact) if text)
        assert untranslated(said, data=(*facts, " "), word=PLAIN_WORD) == []


def strings(fact: object) -> Iterator[str]:
    """Return the facts of a refusal as they stand in its words: names of columns, codes, files."""
    if isinstance(fact, dict):
        yield from (text for one in fact.values() for text in strings(one))
    elif isinstance(fact, list | tuple | set | frozenset):
        yield from (text for one in fact for text in strings(one))
    else:
        yield str(fact)
