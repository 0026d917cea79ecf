"""Zips in which layers arrive: what is in them, under readable names, and unpacked without harm.

Names in a zip may be in GBK or UTF-8 without saying so, may hold paths that lead outside, and a few kilobytes may
announce terabytes. So nothing is unpacked under its own name, nothing is unpacked that is not needed, and not more
than :data:`LARGEST_UNPACKED_BYTES`. Cases: ``tests/intake/test_archive.py``.
"""

import re
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final

from senhui.intake.refusal import LayerRefused

LARGEST_UNPACKED_BYTES: Final = 8 * 2**30
"""Eight times the largest layer known: 300,000 stands of 144 fields make 1 GB. A zip that holds more is no layer."""

SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_LAYERS: Final = (".shp", ".gpkg", ".parquet", ".gdb")
_TABLES: Final = (".csv", ".tsv", ".txt", ".xlsx")
_OF_GEODATABASE: Final = re.compile(r"\w[\w.]{0,63}", re.ASCII)
"""Names of the files a geodatabase consists of; the locks of programs that had it open may have others."""
_UTF8_FLAG: Final = 0x800


@dataclass(eq=False)
class ArchiveDamaged(LayerRefused):
    """The zip cannot be unpacked."""

    what: ClassVar[str] = "The zip {file_name} cannot be unpacked."
    why: ClassVar[str] = "It is damaged or cut off, needs a password, or was packed in a way that is not supported."
    remedy: ClassVar[str] = "Pack the layer again as an ordinary zip without a password, and hand it in once more."
    file_name: str


@dataclass(eq=False)
class ArchiveTooLarge(LayerRefused):
    """The zip unpacks to more than any layer."""

    what: ClassVar[str] = "The zip {file_name} unpacks to more than {limit_gb} GB."
    why: ClassVar[str] = "No layer is that large; such a zip could fill the disk."
    remedy: ClassVar[str] = "Pack the files of one layer only."
    file_name: str
    limit_gb: int


@dataclass(frozen=True)
class Member:
    """A layer or table inside a zip.

    Attributes
    ----------
    name : str
        Readable name without extension if it is a layer, and without folders unless another one has the same name.
    suffix : str
        Lower-case extension, which says what it should be.
    files : dict
        What belongs to it: plain name to unpack it under → entry of the zip.
    """

    name: str
    suffix: str
    files: dict[str, zipfile.ZipInfo] = field(repr=False)


@dataclass(frozen=True)
class Archive:
    """An open zip."""

    file_name: str
    zip: zipfile.ZipFile
    layers: tuple[Member, ...]
    tables: tuple[Member, ...]

    def unpack(self, members: list[Member], directory: Path) -> None:
        """Unpack members into a directory, each file under its plain name.

        Raises
        ------
        ArchiveDamaged, ArchiveTooLarge
            See there. The sizes that the zip announces are checked before anything is written, and zipfile writes no
            more of an entry than it announces.
        """
        files = {name: entry for member in members for name, entry in member.files.items()}
        if sum(entry.file_size for entry in files.values()) > LARGEST_UNPACKED_BYTES:
            raise ArchiveTooLarge(self.file_name, LARGEST_UNPACKED_BYTES // 2**30)
        with _damage_refused(self.file_name):
            for name, entry in files.items():
                target = directory / name
                target.parent.mkdir(exist_ok=True)
                with self.zip.open(entry) as packed, target.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked, 2**20)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip and list what layers and tables it holds.

    Raises
    ------
    ArchiveDamaged
        See there.
    """
    with _damage_refused(path.name):
        archive = zipfile.ZipFile(path)
    with archive:
        paths = {
            shown: entry
            for entry in archive.infolist()
            if not entry.is_dir() and (shown := _readable(entry)) is not None
        }
        yield Archive(path.name, archive, _layers(paths), _tables(paths))


@contextmanager
def _damage_refused(file_name: str) -> Iterator[None]:
    try:
        yield
    # RuntimeError and NotImplementedError: zipfile's words for a password and for a way of packing it lacks.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise ArchiveDamaged(file_name) from error


def _readable(entry: zipfile.ZipInfo) -> PurePosixPath | None:
    """Give the path of an entry in readable letters, or None for what a Mac adds of its own."""
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        # zipfile has read the bytes as code page 437. A Mac writes UTF-8 without saying so, Windows in China GBK.
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeDecodeError):
                name = raw.decode(encoding)
                break
    path = PurePosixPath(name.replace("\\", "/"))
    is_of_mac = "__MACOSX" in path.parts or path.name.startswith("._") or path.name == ".DS_Store"
    return None if is_of_mac else path


def _layers(paths: dict[PurePosixPath, zipfile.ZipInfo]) -> tuple[Member, ...]:
    """Find the layers: a Shapefile with its parts, a geodatabase with its folder, and single files."""
    found: dict[PurePosixPath, Member] = {}
    folders: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
    shapefiles: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for path, entry in paths.items():
        if path.suffix.lower() in SHAPEFILE_PARTS:
            shapefiles.setdefault(_without_case(path), {})[f"layer{path.suffix.lower()}"] = entry
    for path, entry in paths.items():
        folder = next((parent for parent in path.parents if parent.suffix.lower() == ".gdb"), None)
        if folder is not None:
            if path.parent == folder and _OF_GEODATABASE.fullmatch(path.name):  # it has no folders of its own
                folders.setdefault(folder, {})[f"layer.gdb/{path.name}"] = entry
        elif path.suffix.lower() == ".shp":
            found[path] = Member(path.stem, ".shp", shapefiles[_without_case(path)])
        elif path.suffix.lower() in _LAYERS:
            found[path] = Member(path.stem, path.suffix.lower(), {f"layer{path.suffix.lower()}": entry})
    found |= {folder: Member(folder.stem, ".gdb", files) for folder, files in folders.items()}
    return _told_apart(found)


def _without_case(path: PurePosixPath) -> str:
    return str(path.with_suffix("")).casefold()


def _tables(paths: dict[PurePosixPath, zipfile.ZipInfo]) -> tuple[Member, ...]:
    found: dict[PurePosixPath, Member] = {}
    for index, (path, entry) in enumerate(paths.items()):
        is_inside = any(parent.suffix.lower() == ".gdb" for parent in path.parents)
        if path.suffix.lower() in _TABLES and not is_inside:
            found[path] = Member(path.name, path.suffix.lower(), {f"table-{index}{path.suffix.lower()}": entry})
    return _told_apart(found)


def _told_apart(found: dict[PurePosixPath, Member]) -> tuple[Member, ...]:
    """Give members of one name the folders they lie in as well: 2016/小班 and 2021/小班."""
    count = Counter(member.name for member in found.values())
    return tuple(
        replace(member, name=str(path.with_name(member.name))) if count[member.name] > 1 else member
        for path, member in found.items()
    )
