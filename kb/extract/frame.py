"""Where things stand on a page as a reader sees it, however the page is turned in its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_Numbers = TypeVar("_Numbers", float, Floats)


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the page that is shown, and by how many quarters it is turned clockwise before it is shown."""

    left: float
    bottom: float
    right: float
    top: float
    quarters: int

    @property
    def width(self) -> float:
        """How wide the page is to its reader."""
        return self.top - self.bottom if self.quarters % 2 else self.right - self.left

    @property
    def height(self) -> float:
        """How high the page is to its reader."""
        return self.right - self.left if self.quarters % 2 else self.top - self.bottom

    def turned(self, quarters: int) -> Frame:
        """What stands in this frame's upright page, as a frame of its own that is turned once more."""
        return Frame(0.0, 0.0, self.width, self.height, quarters % 4)

    def upright(self, boxes: Floats) -> Floats:
        """Rows of left, bottom, right, top, as the reader sees them."""
        if self.quarters == 0:
            return boxes - (self.left, self.bottom, self.left, self.bottom)
        left, bottom, right, top = boxes.T
        sides = {
            1: (bottom - self.bottom, self.right - right, top - self.bottom, self.right - left),
            2: (self.right - right, self.top - top, self.right - left, self.top - bottom),
            3: (self.top - top, left - self.left, self.top - bottom, right - self.left),
        }[self.quarters]
        return np.stack(sides, axis=1)

    def upright_points(self, x: _Numbers, y: _Numbers) -> tuple[_Numbers, _Numbers]:
        """Points as the reader sees them."""
        if self.quarters == 0:
            return x - self.left, y - self.bottom
        if self.quarters == 1:
            return y - self.bottom, self.right - x
        if self.quarters == 2:
            return self.right - x, self.top - y
        return self.top - y, x - self.left

    def back(self) -> Frame:
        """The frame that undoes ``upright`` of a frame at the origin."""
        return Frame(0.0, 0.0, self.width, self.height, -self.quarters % 4)


def middle(values: Floats) -> float:
    """The median; NumPy's own loads a part of it that nothing else needs, in each child anew."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
