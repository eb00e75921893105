"""The embedded engine: a Whoosh index in a folder of this machine, ranked over arrays.

``builds`` says which build is live; of one, ``segments`` are read and ``writer`` writes (``codec`` is how lists lie on disk);
``state`` is one commit, searched with ``rows`` (what stands where), ``scoring`` (what a concept adds to a page), ``facets``
(sets of documents) and the formulas of ``ranking``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from kb.deadline import untimed
from kb.disk import lock
from kb.engine import BuildInfo
from kb.engine.embedded.builds import SCHEMA_VERSION, Builds
from kb.errors import IndexDamaged, IndexMismatch, IndexMissing
from kb.limits import SHARE_OF_RESULTS
from kb.settings import Settings
from kb.tuning import Tuning

if TYPE_CHECKING:
    # NumPy and Whoosh take longer to load than "kb index" takes to see that nothing has changed.
    from kb.engine.embedded.segments import KeptLists
    from kb.engine.embedded.state import EmbeddedState
    from kb.engine.embedded.writer import EmbeddedWriter

_LOG = logging.getLogger(__name__)
_SHARE_OF_LISTS = 0.1
"""Of the memory for caches, what goes to posting lists and their places; the rest to what concepts and questions find."""


class EmbeddedStore:
    """An index folder. Before each search its stamp is compared with that of the state at hand, whichever process writes."""

    format = f"schema-{SCHEMA_VERSION} whoosh-{version('whoosh')}"

    def __init__(self, settings: Settings, tuning: Tuning) -> None:
        self._builds = Builds(settings.index)
        self._tuning = tuning
        cache_bytes = int(settings.cache_mb * 1024 * 1024 * (1 - SHARE_OF_RESULTS))
        self._lists_bytes = int(cache_bytes * _SHARE_OF_LISTS)
        self._cache_bytes = cache_bytes - self._lists_bytes
        self._kept: KeptLists | None = None
        self._lock = threading.Lock()
        self._readable: Path | None = None
        self._current: EmbeddedState | None = None
        self._refused: tuple[object, IndexDamaged] | None = None

    def current(self) -> EmbeddedState:
        """The newest committed state that is sound. Raises IndexMissing, IndexMismatch, IndexDamaged where there is none."""
        try:
            build, key = self._builds.locate()
        except IndexDamaged as damage:
            return self._sound(None, damage)
        state = self._current
        if state is None or state.key != key:
            with untimed(), self._lock:
                state = self._current
                if state is None or state.key != key:
                    if self._refused and self._refused[0] == key:
                        if self._current is None:
                            # Without the traceback of the time before, which would grow with every request.
                            raise self._refused[1].with_traceback(None)
                        return self._current
                    try:
                        state = self._current = self._open(build, key, self._current)
                    except IndexDamaged as damage:
                        self._refused = key, damage
                        return self._sound(build, damage)
        return state

    def _open(self, build: Path, key: tuple[str, int], before: EmbeddedState | None = None) -> EmbeddedState:
        from kb.engine.embedded.segments import KeptLists, open_segments
        from kb.engine.embedded.state import EmbeddedState

        self._check_schema(build)
        self._kept = self._kept or KeptLists(self._lists_bytes)
        segments = open_segments(build, before.rows.segments if before else (), self._kept)
        return EmbeddedState(key, segments, self._cache_bytes, self._tuning)

    def _sound(self, refused: Path | None, damage: IndexDamaged) -> EmbeddedState:
        """The state at hand, or that of the build before: readers are served while ``refused`` waits to be built anew."""
        self._builds.looked.forget()
        if self._current is None:
            _LOG.error("%s %s", damage.message, "; ".join(damage.details))
            for build in reversed(self._builds.finished()):
                if build != refused:
                    with suppress(IndexMismatch):
                        self._current = self._open(build, (build.name, -1))
                        break
            else:
                raise damage
        return self._current

    def verify(self) -> None:
        """Compare every file of the live build with its checksum. Raises IndexMissing, IndexMismatch, IndexDamaged."""
        from kb.engine.embedded.segments import open_segments

        build = self._builds.live()
        self._check_schema(build)
        try:
            open_segments(build)
        except IndexDamaged:
            self._builds.looked.forget()
            raise

    def _check_schema(self, build: Path) -> None:
        if build != self._readable:
            if not self._builds.read(build).fingerprint.startswith(f"schema-{SCHEMA_VERSION} "):
                raise IndexMismatch(
                    "Indeks zbudowała inna wersja programu. Uruchom „kb index”, żeby zbudować go od nowa."
                )
            self._readable = build

    def live(self) -> BuildInfo:
        """The live build. Raises IndexMissing, IndexMismatch."""
        build = self._builds.live()
        made = self._builds.read(build)
        return BuildInfo(
            name=build.name,
            fingerprint=made.fingerprint,
            created=made.created,
            documents=made.documents,
            pages=made.pages,
            bytes=sum(path.stat().st_size for path in build.rglob("*") if path.is_file()),
        )

    @contextmanager
    def writer(self, fingerprint: str, *, rebuild: bool = False) -> Iterator[EmbeddedWriter]:
        """The only right to write. Raises IndexLocked."""
        with lock(self._builds.folder), self._naming():
            self._builds.clean()
            writer = self._writer(fingerprint, rebuild)
            try:
                yield writer
            finally:
                writer.rows.cancel()

    def stamp(self) -> str:
        """Another text after every change of the index, by whomever; "" where it has not been looked through as it is."""
        return self._builds.stamp()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The only right to write, for who writes nothing. Raises IndexLocked."""
        with lock(self._builds.folder):
            yield

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Have every OSError name a file: Whoosh does not say which it was writing, and people must know where to make room."""
        try:
            yield
        except OSError as error:
            error.filename = error.filename or str(self._builds.folder)
            raise

    def _writer(self, fingerprint: str, rebuild: bool) -> EmbeddedWriter:
        from kb.engine.embedded.segments import create
        from kb.engine.embedded.writer import EmbeddedWriter, RowWriter

        try:
            build = self._builds.live()
            if not rebuild and self._builds.read(build).fingerprint == fingerprint:
                self._builds.looked.recall()
                rows = RowWriter(build)
                self._builds.looked.keep()
                return EmbeddedWriter(self._builds, build, rows)
        except (IndexMissing, IndexMismatch):  # a damaged build is written anew, too
            pass
        build = self._builds.start()
        create(build)
        return EmbeddedWriter(self._builds, build, RowWriter(build), fingerprint)
