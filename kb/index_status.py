"""What is in the index, and whether it is current, sound, and as the documents folder is now."""

from __future__ import annotations

from dataclasses import dataclass

from kb.engine import Condition, HasCondition, open_store
from kb.errors import IndexDamaged, IndexMismatch
from kb.extract.confine import offered
from kb.extract.recognition import find_recogniser
from kb.indexer import fingerprint
from kb.meaning import making
from kb.meaning.making import Coverage
from kb.pending import Pending, pending
from kb.polish import shared_analyzer
from kb.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """What is in the index: the contract of ``kb status --json``. ``current``: made by this version of the program.

    ``up_to_date``: it is current, sound, and has the documents ``folder`` as it is now; ``pending`` are the files that
    differ, None where the folder is not there. ``damaged`` says which files are spoilt.
    ``ocr`` says in Polish whether the text of scans is recognised on this machine.
    ``reading`` says in Polish what the kernel keeps from the processes that read files.
    ``meaning``: how many pages can be found by meaning; None where that is off.
    ``cluster``: how the machines of the engine are; None where it is on this one.
    """

    build: str
    created: str
    documents: int
    pages: int
    bytes: int
    current: bool
    ocr: str
    reading: str
    meaning: Coverage | None
    up_to_date: bool
    damaged: tuple[str, ...] = ()
    pending: Pending | None = None
    folder: str = ""
    cluster: Condition | None = None


def index_status(settings: Settings) -> IndexStatus:
    """Look at the index and the folder, changing nothing. Raises IndexMissing, EngineUnavailable."""
    store = open_store(settings)
    live = store.live()
    current = live.fingerprint == fingerprint(store, shared_analyzer())
    meaning = newest = None
    damaged: tuple[str, ...] = ()
    # Rows that this program cannot read: what was counted when they were written.
    count, pages = live.documents, live.pages
    try:
        store.verify()
    except IndexDamaged as error:
        damaged = error.details
    except IndexMismatch:
        pass
    try:
        newest = store.current()
        count, pages = newest.size
        meaning = making.coverage_of(settings, newest)
    except IndexMismatch:
        if current:
            raise
    root = settings.documents.absolute()
    differing = pending(settings, newest) if root.is_dir() else None
    return IndexStatus(
        build=live.name,
        created=live.created,
        documents=count,
        pages=pages,
        bytes=live.bytes,
        current=current,
        ocr=find_recogniser(settings.ocr_limits, wanted=settings.ocr == "auto").state,
        reading=offered().state,
        meaning=meaning,
        up_to_date=current and not damaged and differing is not None and not differing.count,
        damaged=damaged,
        pending=differing,
        folder=str(root),
        cluster=store.condition() if isinstance(store, HasCondition) else None,
    )
