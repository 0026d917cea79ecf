"""What a reading needs on the disk is gone after it, however it ended."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from senhui.intake.scratch import scratch_directory

HOLD = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from senhui.intake.scratch import scratch_directory
with scratch_directory() as directory:
    (directory / "layer.shp").touch()
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_the_place_is_gone_after_use_and_after_an_error(place: Path) -> None:
    with scratch_directory() as directory:
        (directory / "inner").mkdir()
        assert directory.parent == place
    with pytest.raises(KeyError), scratch_directory() as directory:
        raise KeyError
    assert list(place.iterdir()) == []


def test_what_a_killed_reading_left_is_cleared_by_the_next_and_what_is_in_use_is_not(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(place)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        (held,) = place.iterdir()
        with scratch_directory():
            assert (held / "layer.shp").exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert (held / "layer.shp").exists()
    with scratch_directory() as directory:
        assert list(place.iterdir()) == [directory]


def test_nothing_but_its_own_places_is_cleared(place: Path) -> None:
    (place / "somebody-else").mkdir()
    (place / "senhui-intake-file").touch()
    (place / "senhui-intake-link").symlink_to(place / "somebody-else")
    with scratch_directory():
        pass
    assert {path.name for path in place.iterdir()} == {"somebody-else", "senhui-intake-file", "senhui-intake-link"}


MANY = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from senhui.intake.scratch import scratch_directory
for _ in range(400):
    with scratch_directory() as directory:
        (directory / "layer.shp").touch()
        assert (directory / "layer.shp").exists()
"""


def test_readings_that_begin_at_the_same_instant_do_not_take_each_others_place(place: Path) -> None:
    others = [subprocess.Popen([sys.executable, "-c", MANY, str(place)]) for _ in range(4)]
    assert [other.wait() for other in others] == [0, 0, 0, 0]
    assert list(place.iterdir()) == []
