"""Text → numbers of pieces: the tokenizer of multilingual-e5, a SentencePiece unigram model with 250,000 pieces.

Characters are normalised one by one, spaces are written as ``▁`` before each word, and a word is cut into the pieces whose scores
have the greatest sum. No piece has a space inside, so each word is cut by itself, and most words have been cut before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from kb.limits import WORD_CHARACTERS

_WORDS_KEPT = 20_000
_SPACE = "\u2581"
_UNKNOWN_LOSS = 10.0
"""How much worse than the worst piece a character that is in no piece is."""


class Tokenizer:
    """Cuts texts as the model was taught. Safe to use from many threads."""

    def __init__(
        self, pieces: Mapping[str, int], scores: Sequence[float], characters: Mapping[int, str], unknown: int
    ) -> None:
        self._pieces = pieces
        self._scores = scores
        self._characters = characters
        self._unknown = unknown
        self._longest = max(map(len, pieces))
        self._worst = min(scores) - _UNKNOWN_LOSS
        self._cut = lru_cache(_WORDS_KEPT)(self._cut_word)

    def ids(self, text: str) -> list[int]:
        """The pieces of a text, without the marks of its beginning and end."""
        spaced = re.sub(" +", " ", text.translate(self._characters))
        words = spaced.removeprefix(" ").split(" ")
        return [piece for word in words for piece in self._of_word(_SPACE + word)]

    def _of_word(self, word: str) -> tuple[int, ...]:
        """A longer word than there is comes only once, and would only take room."""
        return self._cut(word) if len(word) <= WORD_CHARACTERS else self._cut_word(word)

    def _cut_word(self, word: str) -> tuple[int, ...]:
        """The pieces with the greatest sum of scores, found from left to right."""
        size = len(word)
        best = [0.0] + [float("-inf")] * size
        came_from = [(0, self._unknown)] * (size + 1)
        for start in range(size):
            for end in range(start + 1, min(size, start + self._longest) + 1):
                piece = self._pieces.get(word[start:end])
                if piece is not None and best[start] + self._scores[piece] > best[end]:
                    best[end] = best[start] + self._scores[piece]
                    came_from[end] = (start, piece)
            if best[start] + self._worst > best[start + 1]:
                best[start + 1] = best[start] + self._worst
                came_from[start + 1] = (start, self._unknown)
        cut = []
        end = size
        while end:
            end, piece = came_from[end]
            cut.append(piece)
        return tuple(reversed(cut))
