"""Making the vectors that are missing: in a child process, so that no search waits, and by one process at a time.

    python -m kb.meaning.making

It takes its settings from the environment, tells on standard output how many pages are done („12 344”, a line a batch), and ends
when its standard input does: with the process that started it, whatever becomes of that one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

import numpy as np

from kb.engine import State, open_store
from kb.errors import EncoderUnavailable, IndexLocked, IndexMissing, KbError
from kb.meaning.encoder import Encoder, open_encoder
from kb.meaning.places import Places, key_of, load, survey
from kb.meaning.store import store_of
from kb.settings import Settings
from kb.settings import load as load_settings

_BATCH = 24
"""Passages written at once: what a kill may lose is a few seconds' work."""
_NICENESS = 10
_LOOK_SECONDS = 3.0
_POLL_SECONDS = 1.0
_REST_SECONDS = 120.0
LOCKED, UNAVAILABLE = 3, 4
"""Exit codes of the child: another one is at work; the encoder does not answer."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the pages have all their vectors."""

    done: int
    pages: int

    @property
    def whole(self) -> bool:
        """Whether nothing is left to do."""
        return self.done >= self.pages


OnCoverage = Callable[[Coverage], None]


def coverage(settings: Settings, encoder: Encoder, state: State) -> Coverage:
    """What there is for a state. Pages that were not looked at yet count as missing."""
    store = store_of(settings.index, encoder)
    places = load(store.folder)
    if places is None or places.key != key_of(state.key):
        return Coverage(0, state.size.pages)
    return Coverage(places.done(store.rows(places.digests)[1]), state.size.pages)


def coverage_of(settings: Settings, state: State) -> Coverage | None:
    """The same for the encoder of the settings; None where there is none, or it does not say what its vectors are like."""
    encoder = open_encoder(settings)
    try:
        return coverage(settings, encoder, state) if encoder else None
    except EncoderUnavailable:
        return None


def make(settings: Settings, encoder: Encoder, on_coverage: OnCoverage) -> None:
    """Make every missing vector of the newest state, and forget those of texts that are gone.

    Raises IndexLocked where another process does, EncoderUnavailable; what was made by then is kept.
    """
    state = open_store(settings).current()
    store = store_of(settings.index, encoder)
    with store.writing():
        places, texts = survey(state)
        places.save(store.folder)
        known = store.digests()
        missing = _Missing(places, set(known))
        on_coverage(missing.coverage)
        wanted = [digest for digest in texts if digest not in known]
        batches = [wanted[at : at + _BATCH] for at in range(0, len(wanted), _BATCH)]
        # NumPy lets go of the interpreter while it multiplies, so that threads use all cores.
        with ThreadPoolExecutor(settings.jobs) as pool:
            encoded = pool.map(encoder.encode_passages, [[texts[digest] for digest in batch] for batch in batches])
            for batch, vectors in zip(batches, encoded, strict=True):
                store.add(batch, vectors)
                missing.remove(batch)
                on_coverage(missing.coverage)
        store.prune(texts)


class _Missing:
    """Which vectors each page still lacks, counted down as they are made."""

    def __init__(self, places: Places, known: set[bytes]) -> None:
        self._pages = places.pages
        self._of: dict[bytes, list[int]] = {}
        self._left: dict[int, int] = {}
        page_of = np.zeros(len(places.digests), np.int64)
        page_of[places.starts] = 1
        for page, digest in zip(np.cumsum(page_of).tolist(), places.digests, strict=True):
            if digest not in known:
                self._of.setdefault(digest, []).append(page)
                self._left[page] = self._left.get(page, 0) + 1

    @property
    def coverage(self) -> Coverage:
        """How far it is."""
        return Coverage(self._pages - len(self._left), self._pages)

    def remove(self, digests: list[bytes]) -> None:
        """These are made."""
        for page in (page for digest in digests for page in self._of.pop(digest, ())):
            self._left[page] -= 1
            if not self._left[page]:
                del self._left[page]


# The child, and those who start it


@contextmanager
def _child(settings: Settings, niceness: int) -> Iterator[subprocess.Popen[str]]:
    given = {
        f"KB_{name.upper()}": str(getattr(settings, name))
        for name in ("documents", "index", "engine", "jobs", "meaning", "meaning_model")
    }
    # One thread for BLAS: on a busy machine its threads wait for each other longer than they work (docs/relevance.md).
    given |= {"KB_MEANING_KEY": settings.meaning_key.get_secret_value(), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(  # noqa: S603  # our own module, no shell, no input
        [sys.executable, "-m", __spec__.name, str(niceness)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **given},
        text=True,
    )
    try:
        with process:
            yield process
            assert process.stdin
            process.stdin.close()
    finally:
        process.kill()
        process.wait()


def run(settings: Settings, on_coverage: OnCoverage | None = None, niceness: int = 0) -> int:
    """Have a child make what is missing, and wait for it: its exit code."""
    with _child(settings, niceness) as process:
        assert process.stdout
        for line in process.stdout:
            done, pages = map(int, line.split())
            if on_coverage:
                on_coverage(Coverage(done, pages))
        return process.wait()


def wait(settings: Settings, on_coverage: OnCoverage | None = None) -> Coverage | None:
    """Wait until all is made that the newest state wants, whoever makes it; None where there is no encoder.

    Raises EncoderUnavailable.
    """
    encoder = open_encoder(settings)
    if encoder is None:
        return None
    while True:
        code = run(settings, on_coverage)
        if code == UNAVAILABLE:
            encoder.encode_passages([""])  # tells why, unless it answers by now
        elif code not in (0, LOCKED):
            raise EncoderUnavailable("Nie udało się obliczyć znaczenia stron.", [f"proces zakończył się kodem {code}"])
        now = coverage(settings, encoder, open_store(settings).current())
        if now.whole or code == UNAVAILABLE:
            return now
        if on_coverage:
            on_coverage(now)
        time.sleep(_POLL_SECONDS)


class Background:
    """A thread that looks now and then whether vectors are missing, and has a child make them, out of every search's way."""

    def __init__(self, settings: Settings, current: Callable[[], State]) -> None:
        self._settings = settings
        self._current = current
        self._encoder = open_encoder(settings)
        self._ended = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        if self._encoder:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        process = self._process
        if process:
            process.kill()
        if self._encoder:
            self._thread.join()

    def _work(self) -> None:
        rest = 0.0
        done_for: object = None
        while not self._ended.wait(rest):
            rest = _LOOK_SECONDS
            with suppress(KbError, OSError):
                state = self._current()
                if state.key != done_for:
                    code = self._made(state)
                    done_for = state.key if code == 0 else done_for
                    rest = _LOOK_SECONDS if code in (0, LOCKED) else _REST_SECONDS

    def _made(self, state: State) -> int:
        """Make what is missing; 0 when nothing is."""
        assert self._encoder
        if store_of(self._settings.index, self._encoder).busy:
            return LOCKED
        if coverage(self._settings, self._encoder, state).whole:
            return 0
        with _child(self._settings, _NICENESS) as self._process:
            if self._ended.is_set():
                self._process.kill()
            assert self._process.stdout
            for _ in self._process.stdout:
                pass
            return self._process.wait()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """The child."""
    os.nice(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = load_settings()
    encoder = open_encoder(settings)

    def tell(now: Coverage) -> None:
        sys.stdout.write(f"{now.done} {now.pages}\n")
        sys.stdout.flush()

    if encoder is None:
        return
    try:
        make(settings, encoder, tell)
    except IndexLocked:
        sys.exit(LOCKED)
    except (EncoderUnavailable, IndexMissing):
        sys.exit(UNAVAILABLE)


if __name__ == "__main__":
    main()
