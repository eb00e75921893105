"""The original file behind a document, sent with the right type and name.

It comes from the archive. An index that was made before there was one has its files in the documents folder.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from kb import freshness
from kb.disk import version_of
from kb.errors import NotFound
from kb.folder import shown
from kb.model import Document
from kb.polish import normalise
from kb.site import Site
from kb.slugs import slug

_PART = re.compile(r"(?=.*\d)(\d{0,18})-(\d{0,18})")
"""Of a range: from a byte to a byte, one of which may be missing."""
_HASH_SHOWN = 24
_GONE = "Oryginalnego pliku nie ma już w bazie albo zmieniono jego nazwę. Tekst dokumentu nadal można czytać na jego stronie."


def original(site: Site, document: Document) -> Path:
    """The file whose text is shown. Raises NotFound when it is gone, another one, or not (any more) inside its folder."""
    kept = site.versions.original(document)
    if kept is not None:
        return kept
    try:
        root = site.settings.documents.resolve(strict=True)
        path = root
        for part in PurePosixPath(document.path).parts:
            path = _entry(path, part)
        path = path.resolve(strict=True)
        if root in path.parents and path.is_file() and version_of(path) == document.version:
            return path
    except (OSError, RuntimeError, ValueError):
        pass
    raise NotFound(_GONE)


def _entry(folder: Path, name: str) -> Path:
    """A folder's entry by its name as it is shown: on the disk it may stand decomposed."""
    direct = folder / name
    if direct.exists():
        return direct
    return next((entry for entry in folder.iterdir() if shown(entry.name) == name), direct)


def size_of(site: Site, document: Document) -> int | None:
    """How many bytes the file has; None where it is gone."""
    try:
        return original(site, document).stat().st_size
    except (NotFound, OSError):
        return None


class _Sent(FileResponse):
    """A file that is not sent again to who has it, and sent whole where the part that is asked for makes no sense (RFC 9110)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        asked = Headers(scope=scope)
        if not freshness.validators(asked).isdisjoint({self.headers["etag"].strip('"'), "*"}):
            kept = {name: value for name, value in self.headers.items() if name in freshness.KEPT}
            await Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)(scope, receive, send)
            return
        if not _makes_sense(asked.get("range", "")):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"range"]}
        await super().__call__(scope, receive, send)


def _makes_sense(ranges: str) -> bool:
    unit, _, given = ranges.partition("=")
    parts = [_PART.fullmatch(part.strip()) for part in given.split(",")]
    return unit.strip().lower() == "bytes" and all(
        part and (not (part[1] and part[2]) or int(part[1]) <= int(part[2])) for part in parts
    )


def send(path: Path, document: Document) -> Response:
    """The file: shown in the browser where it can be, else saved. The name is given in ASCII and as it is (RFC 5987)."""
    named = PurePosixPath(document.path)
    name = normalise(named.name).encode("utf-8", "replace").decode()
    ending = named.suffix.lower()
    plain = slug(named.stem) + (ending if re.fullmatch(r"\.[a-z0-9]+", ending) else "")
    disposition = "inline" if document.format.inline else "attachment"
    return _Sent(
        path,
        media_type=document.format.media_type,
        headers={
            # The same bytes have it for good, also where the archive was restored from a backup.
            "ETag": f'"{document.version[:_HASH_SHOWN]}"',
            "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
            "Cache-Control": "no-cache",
        },
    )
