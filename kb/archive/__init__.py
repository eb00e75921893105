"""The archive: what was ever in the collection, under which id, in which version. It lies outside ``index/`` and is an original.

``files`` keeps the bytes and the text of each version by the hash of its bytes, ``ledger`` says which document they belong to,
since when, and how it was described. ``ids`` gives each file its id, by what the ledger remembers.

    incoming/<hash>.pdf          a copy that is being read; nothing here outlives a run
    files/<ab>/<hash>.pdf        the bytes of a version
    texts/<ab>/<hash>.json       what was read of them
    ledger.sqlite                documents, versions, aliases, changes
    lock                         held by who writes

Bytes and text are in their places before the index shows a version, and the ledger is written after it does: killed in
between, the next run completes the ledger from the index.
"""

from kb.archive.files import Archive, Changed, Incoming, Kept
from kb.archive.ledger import Change, Held, Ledger, Passed, Record, Span, Version

__all__ = [
    "Archive",
    "Change",
    "Changed",
    "Held",
    "Incoming",
    "Kept",
    "Ledger",
    "Passed",
    "Record",
    "Span",
    "Version",
]
