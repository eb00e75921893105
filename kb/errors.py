"""Every error that a person may see: one tree, each class with its HTTP status, exit code and machine-readable code.

Messages are Polish and say what to do; ``details`` lists every problem found at once.
"""

from __future__ import annotations

from collections.abc import Sequence

_CLOSED = "Serwis chwilowo nie działa. Zwykle trwa to kilka minut: spróbuj ponownie później."


class KbError(Exception):
    """Base of all errors of the project."""

    status = 500
    exit_code = 2
    code = "error"
    retry_after = 30
    """Seconds after which a program may try again, where ``status`` says that it may."""
    discreet = False
    """Whether ``details`` are for logs and the command line alone: they may name machines."""
    for_readers = ""
    """What a page says in place of a message that tells administrators what to do; "" where the message is for everybody."""

    def __init__(self, message: str, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)


class SettingsError(KbError):
    """A setting is wrong or unknown."""

    code = "settings"


class DocumentsError(KbError):
    """The documents folder is missing or cannot be read."""

    code = "documents"


class TooManyRemovals(DocumentsError):
    """So many files have left the documents folder that something is wrong with it rather than with them."""

    code = "too_many_removals"


class TaxonomyError(KbError):
    """``taxonomy.yaml`` or ``synonyms.yaml`` cannot be used."""

    code = "taxonomy"


class TextsError(TaxonomyError):
    """Texts of the site's own pages cannot be used."""

    code = "texts"


class IndexMissing(KbError):
    """There is no index to search yet."""

    status = 503
    code = "index_missing"
    for_readers = _CLOSED


class IndexMismatch(KbError):
    """The index was made by another schema, analyzer or library version."""

    status = 503
    code = "index_mismatch"
    for_readers = _CLOSED


class IndexDamaged(IndexMismatch):
    """Files of the index are not what was written; ``details`` names them."""

    code = "index_damaged"


class EngineUnavailable(KbError):
    """The search engine cannot be reached, or refuses; an index may well be there."""

    status = 503
    code = "engine_unavailable"
    discreet = True
    for_readers = "Wyszukiwarka chwilowo nie odpowiada. Spróbuj ponownie za chwilę."


class TooSlow(KbError):
    """The answer took longer than a request may."""

    status = 503
    code = "too_slow"
    retry_after = 5


class Abandoned(KbError):
    """The reader is gone, so the rest of the work would be for nobody."""

    status = 503
    code = "abandoned"


class Overloaded(KbError):
    """More requests at once than the server can answer."""

    status = 503
    code = "overloaded"
    retry_after = 5


class EncoderUnavailable(KbError):
    """What turns texts into vectors cannot be reached: a search goes on by words."""

    status = 503
    code = "encoder_unavailable"


class IndexLocked(KbError):
    """Another indexer is at work."""

    status = 409
    code = "index_locked"


class ArchiveUnavailable(KbError):
    """The ledger of versions cannot be read."""

    status = 503
    code = "archive_unavailable"
    for_readers = _CLOSED


class BackupError(KbError):
    """A backup cannot be made or restored."""

    code = "backup"


class BackupDamaged(BackupError):
    """A backup is not what was written; ``details`` names its files."""

    code = "backup_damaged"


class NotFound(KbError):
    """No such document, page, edition or topic."""

    status = 404
    code = "not_found"


class Gone(KbError):
    """What was at this address, and was removed on purpose."""

    status = 410
    code = "gone"


class BadRequest(KbError):
    """Parameters of a request are unknown or wrong; ``details`` lists every one."""

    status = 422
    code = "bad_request"


class UnknownHost(KbError):
    """A request for a host name under which the site is not served."""

    status = 400
    code = "unknown_host"


class BodyTooLong(KbError):
    """A posted form longer than any that the site has."""

    status = 413
    code = "body_too_long"


class AddressTooLong(KbError):
    """An address longer than any of the site."""

    status = 414
    code = "address_too_long"
