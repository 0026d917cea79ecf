"""Files that people upload: refused before they fill the disk, and kept each import alone in a directory.

The limit is `UPLOAD_MAX_BYTES` of the settings (`SENHUI_UPLOAD_MAX_MB`). Cases: tests/web/test_upload.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from senhui.inventory.store import uploads_directory


class UploadIsGone(LookupError):
    """The uploaded file of an earlier import is no longer kept."""

    def __init__(self) -> None:
        super().__init__("The uploaded file is no longer kept. Import the layer again, with its file.")


class RefuseTooLarge(FileUploadHandler):
    """Read past the files of a request that is larger than the limit, so that its form can say so."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Note whether the request is too large as a whole."""
        self.is_too_large = content_length > settings.UPLOAD_MAX_BYTES

    def new_file(self, *arguments: Any, **named: Any) -> None:
        """Leave the file out."""
        if self.is_too_large:
            raise SkipFile
        super().new_file(*arguments, **named)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the bytes on to the handler that keeps them."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handler that keeps it."""


def is_too_large(request: HttpRequest) -> bool:
    """Return whether the request came with more bytes than an upload may have."""
    return int(request.META.get("CONTENT_LENGTH") or 0) > settings.UPLOAD_MAX_BYTES


def keep(files: Iterable[UploadedFile[bytes]]) -> list[Path]:
    """Write uploaded files into a directory of their own below `uploads_directory()`, and return their paths."""
    directory = uploads_directory() / str(uuid.uuid4())
    directory.mkdir(parents=True)
    return write(files, directory)


def write(files: Iterable[UploadedFile[bytes]], directory: Path) -> list[Path]:
    """Write uploaded files into a directory, and return their paths."""
    paths = []
    for file in files:
        path = directory / PurePath(file.name or "layer").name
        with path.open("wb") as stream:
            for chunk in file.chunks():
                stream.write(chunk)
        paths.append(path)
    return paths
