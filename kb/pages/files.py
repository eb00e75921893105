"""The original file behind a document: found inside the documents folder only, sent with the right type and name."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from kb.errors import NotFound
from kb.model import Document
from kb.polish import normalise
from kb.slugs import slug

_GONE = "Oryginalnego pliku nie ma już w bazie albo zmieniono jego nazwę. Tekst dokumentu nadal można czytać na jego stronie."


def original(documents: Path, document: Document) -> Path:
    """The file's path. Raises NotFound when it is gone, or is not (any more) inside the documents folder."""
    try:
        root = documents.resolve(strict=True)
        path = root
        for part in PurePosixPath(document.path).parts:
            path = _entry(path, part)
        path = path.resolve(strict=True)
        if root in path.parents and path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):
        pass
    raise NotFound(_GONE)


def _entry(folder: Path, name: str) -> Path:
    """A folder's entry by its NFC name: on the disk it may stand decomposed."""
    direct = folder / name
    if direct.exists():
        return direct
    return next((entry for entry in folder.iterdir() if normalise(entry.name) == name), direct)


def size_of(documents: Path, document: Document) -> int | None:
    """How many bytes the file has; None where it is gone."""
    try:
        return original(documents, document).stat().st_size
    except (NotFound, OSError):
        return None


def send(path: Path, document: Document) -> Response:
    """The file: shown in the browser where it can be, else saved. The name is given in ASCII and as it is (RFC 5987)."""
    name = normalise(path.name).encode("utf-8", "replace").decode()
    plain = f"{slug(path.stem)}{path.suffix.lower()}"
    disposition = "inline" if document.format.inline else "attachment"
    return FileResponse(
        path,
        media_type=document.format.media_type,
        headers={
            "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Cache-Control": "no-cache",
        },
    )
