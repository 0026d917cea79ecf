"""The operator at the terminal may do everything; so no web page may ever act as the operator."""

from __future__ import annotations

from pathlib import Path

import senhui


def test_no_web_page_and_no_job_acts_as_the_operator():
    package = Path(senhui.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "access.terminal" in path.read_text(encoding="utf-8")
    }
    rooms = {path.split("/")[0] for path in readers}
    assert rooms <= {"access", "cli"}, readers
