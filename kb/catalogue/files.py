"""The YAML files of a documents folder: found beside a document, and read within limits and never from outside the folder."""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

from kb.yaml_text import MOST_BYTES, TOO_LONG, Refused, Value, read_mapping

DEFAULTS_FILE = "_defaults.yaml"


def sidecar_of(path: Path) -> Path:
    """The sidecar of a file, also when its name is in another normal form, as after a copy from a Mac."""
    written = path.with_suffix(".yaml")
    if written.name.isascii() or os.path.lexists(written):
        return written
    others = (written.with_name(unicodedata.normalize(form, written.name)) for form in ("NFC", "NFD"))
    return next((other for other in others if os.path.lexists(other)), written)


def contents(path: Path, root: Path) -> bytes:
    """A file's bytes. Raises Refused for too many of them, which are never read.

    Raises OSError, also for a link out of ``root`` and for anything but a regular file; opening a FIFO blocks.
    """
    details = os.lstat(path)
    if stat.S_ISLNK(details.st_mode):
        try:
            if root.resolve() not in path.resolve().parents:
                raise OSError(0, "dowiązanie prowadzi poza folder z dokumentami; skopiuj tu sam plik")
        except RuntimeError:
            raise OSError(0, "błędne dowiązanie") from None
        details = os.stat(path)
    if not stat.S_ISREG(details.st_mode):
        raise OSError(0, "to nie jest zwykły plik")
    if details.st_size > MOST_BYTES:
        raise Refused(TOO_LONG)
    return path.read_bytes()


def read_yaml(path: Path, root: Path) -> tuple[dict[str, Value], str]:
    """A YAML mapping and "", or an empty one and what is wrong with the file, in Polish. ``root``: the documents folder."""
    try:
        return read_mapping(contents(path, root).decode("utf-8-sig")), ""
    except UnicodeDecodeError:
        problem = "plik nie jest zapisany w kodowaniu UTF-8"
    except OSError as error:
        problem = f"nie można odczytać pliku ({error.strerror})"
    except Refused as error:
        problem = str(error)
    return {}, f"{path.name}: {problem}"
