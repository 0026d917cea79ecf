"""`senhui sheet` writes a sheet and refuses what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.web.conftest import draft_id, release_id
from typer.testing import CliRunner

__all__ = ["draft_id", "release_id"]

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def run(*arguments: str) -> Any:
    """Run the command in this process, on the test's database."""
    from senhui.cli.main import app

    return CliRunner().invoke(app, ["sheet", *arguments])


def test_a_file_that_is_neither_pdf_nor_png_is_refused(tmp_path: Path) -> None:
    for arguments in ([str(tmp_path / "a.docx")], [str(tmp_path / "a.pdf"), "--paper", "A0"]):
        assert run(*arguments).exit_code == 2
    assert list(tmp_path.glob("a.*")) == []


def test_without_a_release_nothing_is_written(tmp_path: Path) -> None:
    result = run(str(tmp_path / "a.pdf"))
    assert result.exit_code == 1
    assert list(tmp_path.glob("a.*")) == []


def test_the_owner_of_the_machine_gets_every_stand(tmp_path: Path, release_id: str) -> None:
    path = tmp_path / "a.pdf"
    result = run(str(path), "--layer", "species", "--language", "en", "--json")
    assert result.exit_code == 0, result.output
    assert path.read_bytes().startswith(b"%PDF-")


def test_a_refusal_is_told_and_writes_nothing(tmp_path: Path, release_id: str, person: Any) -> None:
    person("wu", viewer="331126")
    for arguments in (["--layer", "nonsense"], ["--place", "999999"], ["--release", "none"]):
        assert run(str(tmp_path / "a.pdf"), *arguments, "--as", "wu").exit_code == 1
    assert list(tmp_path.glob("a.*")) == []
