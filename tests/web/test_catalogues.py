"""The Chinese catalogue is complete, says nothing that no page says, and is compiled when it is newer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from tests.web.messages import all_messages

import senhui
from senhui.web.catalogues import LOCALE_DIRECTORY, compile_catalogues

CATALOGUE = LOCALE_DIRECTORY / "zh_Hans" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{[\w.:]+\}")


@pytest.fixture(scope="module")
def entries() -> dict[object, polib.POEntry]:
    return {
        (entry.msgid, entry.msgid_plural) if entry.msgid_plural else entry.msgid: entry
        for entry in polib.pofile(str(CATALOGUE), encoding="utf-8")
    }


def test_every_message_of_templates_code_and_checks_has_a_translation(entries: dict[object, polib.POEntry]) -> None:
    assert sorted(map(str, all_messages() - entries.keys())) == []


def test_the_catalogue_holds_nothing_that_no_page_says(entries: dict[object, polib.POEntry]) -> None:
    assert sorted(map(str, entries.keys() - all_messages())) == []


def test_no_translation_is_empty_or_doubtful(entries: dict[object, polib.POEntry]) -> None:
    assert [entry.msgid for entry in entries.values() if entry.fuzzy or entry.obsolete or not entry.translated()] == []


def test_a_translation_has_the_same_placeholders(entries: dict[object, polib.POEntry]) -> None:
    for entry in entries.values():
        for translation in [entry.msgstr, *entry.msgstr_plural.values()]:
            if translation:
                assert sorted(PLACEHOLDER.findall(translation)) == sorted(PLACEHOLDER.findall(entry.msgid)), entry.msgid


def test_only_a_newer_catalogue_is_compiled(tmp_path: Path) -> None:
    shutil.copytree(LOCALE_DIRECTORY, tmp_path / "locale", ignore=shutil.ignore_patterns("*.mo"))
    written = compile_catalogues(tmp_path / "locale")
    assert [path.name for path in written] == ["django.mo"]
    assert compile_catalogues(tmp_path / "locale") == []
    source = written[0].with_suffix(".po")
    later = written[0].stat().st_mtime + 10
    os.utime(source, (later, later))
    assert compile_catalogues(tmp_path / "locale") == written


def test_the_first_process_of_a_new_clone_speaks_chinese(tmp_path: Path) -> None:
    """Some of Django's models ask for a text when they are imported; the catalogue must be whole by then."""
    package = tmp_path / "senhui"
    shutil.copytree(
        Path(senhui.__file__).parent, package, ignore=shutil.ignore_patterns("*.mo", "__pycache__", "vendor")
    )
    script = (
        "import django; django.setup()\n"
        "from django.utils.translation import activate, gettext\n"
        "activate('zh-hans'); print(gettext('Statistics'))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "senhui.web.settings",
        "SENHUI_HOME": str(tmp_path / "home"),
        "PYTHONIOENCODING": "utf-8",
    }
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "统计"
