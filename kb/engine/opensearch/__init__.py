"""The engine over a cluster: an OpenSearch index, ranked there by the same rules as the embedded one.

``connection`` asks the cluster and says in Polish what is wrong with it; ``layout`` is how rows lie there; ``commits`` are the
small documents that say what counts and who may write. ``state`` is one commit, searched with ``queries`` (what stands where,
and what it adds), ``ranking`` (pages → documents) and ``reading`` (rows → values). ``writer`` sends rows, ``store`` opens it all;
``bitmap`` is how a list of removed documents is written.
"""

from __future__ import annotations

from kb.engine.opensearch.store import OpenSearchStore

__all__ = ["OpenSearchStore"]
