"""What turns texts into vectors: the protocol, and the one door to its implementations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb.settings import Settings

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """A model of meaning: texts become unit vectors, near ones for texts that mean the same.

    Vectors of encoders with the same ``name`` may be compared. Raises EncoderUnavailable where it cannot answer.
    """

    @property
    def name(self) -> str:
        """The model's name, which vectors are kept under."""
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """A row for each text that somebody asks."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """A row for each text that may answer."""
        ...


def unit(vectors: Vectors) -> Vectors:
    """The vectors at length 1; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def open_encoder(settings: Settings) -> Encoder | None:
    """The encoder of these settings; None where meaning is off or its package is not installed. Nothing is loaded yet."""
    from kb.meaning import e5
    from kb.meaning.server import ServerEncoder

    if settings.meaning == "local":
        return e5.Local() if e5.weights_file() else None
    if settings.meaning == "off":
        return None
    return ServerEncoder(settings.meaning, settings.meaning_model, settings.meaning_key.get_secret_value())
