"""Files → pages: documents are read in child processes, within limits, and none is lost in silence.

``Sandbox.extract_all`` is what the indexer uses. ``kb.extract.reader.read`` reads one file in this very process,
without any protection; it is not imported here, so that only reading processes load the libraries that it needs.
"""

from kb.extract.sandbox import Sandbox
from kb.limits import Limits

EXTRACTOR_VERSION = "11"
"""Part of the key under which extracted pages are kept. Raise it whenever the same bytes would give other pages,
labels, headings, metadata or another status: after a change in a reader, ``page`` and what it is made of, ``encodings``,
``clean``, ``running``, ``headings``, ``footnotes``, ``layout`` and what it uses, or ``yaml_text``, in the default ``Limits``,
or after an upgrade of pypdf, PDFium or markdown-it-py that reads better. Every file is then read again once.
A change in speed, wording of messages or the sandbox's workings needs no new version."""

__all__ = ["EXTRACTOR_VERSION", "Limits", "Sandbox"]
