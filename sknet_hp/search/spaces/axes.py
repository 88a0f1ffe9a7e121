"""A search space as models see it: labelled coordinates, numbers or categories."""

from math import isfinite, prod
from typing import Any

from sknet_hp.search.spaces.dimensions import Choice, Dimension, Range, SteppedChoice, check_can_be_learned, is_same
from sknet_hp.search.spaces.space import Space
from sknet_hp.search.spaces.values import Params, is_number

Point = dict[str, Any]
"""Labels of axes to coordinates; of the axes of one branch only."""

BRANCH = "branch of the space"
"""The label of the axis that says which branch."""


class Axis:
    """One coordinate.

    Parameters
    ----------
    label : distinguishes it from the others.
    dimension : what it stands for.
    ordered : whether choices that are numbers are counted in their order, for models
        that know numbers only. Those with equal steps always are.

    Attributes
    ----------
    n_categories : how many values without an order it has, or None: then it is a number
        from `low` to `high`.
    low, high, log, integer : the bounds, both included, and the scale.
    """

    def __init__(self, label: str, dimension: Dimension, *, ordered: bool = False):
        self.label, self.dimension = label, dimension
        self.n_categories: int | None = None
        self.low, self.high, self.log, self.integer = 0.0, 1.0, False, False
        self._values: list[Any] = []
        self._range: Range | None = None  # whose coordinate in [0, 1] it is
        if isinstance(dimension, Choice):
            self._values = dimension.values
            if isinstance(dimension, SteppedChoice) or (ordered and all(map(is_number, dimension.values))):
                self._values = sorted(dimension.values)
                self.low, self.high, self.integer = 0, len(self._values) - 1, True
            else:
                self.n_categories = len(self._values)
        elif dimension.low is not None and dimension.high is not None:
            self.low, self.high, self.log, self.integer = (
                dimension.low,
                dimension.high,
                dimension.log,
                dimension.integer,
            )
        else:
            self._range = dimension

    @property
    def single(self) -> bool:
        """Whether there is but one value."""
        return self.n_categories == 1 or self.low == self.high

    @property
    def size(self) -> int | None:
        """How many values there are, None for endlessly many or an unknown number."""
        if self._values:
            return len(self._values)
        return int(self.high - self.low) + 1 if self.integer else None

    def decode(self, coordinate: Any) -> Any:
        """Return the value that a coordinate stands for."""
        coordinate = coordinate.item() if hasattr(coordinate, "item") else coordinate
        if self._values:
            return self._values[int(coordinate)]
        return coordinate if self._range is None else self._range.decode(coordinate)

    def encode(self, value: Any) -> Any:
        """Return the coordinate of a value, or None if it is not in the space."""
        if self._values:
            try:
                return Choice(self._values).index(value)
            except StopIteration:
                return None
        if not is_number(value) or not isfinite(value):
            return None
        number = float(value)
        if self._range is not None:
            return self._range.encode(number)
        if not self.low <= number <= self.high or (self.integer and number != int(number)):
            return None
        return int(number) if self.integer else number


class Axes:
    """The axes of a space.

    Several branches get an axis of their own that says which. Dimensions of several
    branches that are the same share an axis, so that what is learned in one branch
    counts in the other.

    Parameters
    ----------
    space : the search space.
    ordered : see `Axis`.
    """

    def __init__(self, space: Space, *, ordered: bool = False):
        self._axes: dict[str, Axis] = {}
        if len(space.branches) > 1:
            self._axes[BRANCH] = Axis(BRANCH, Choice(range(len(space.branches))))
        self._branches = [
            {name: self._find_axis(name, number, dimension, ordered) for name, dimension in branch.items()}
            for number, branch in enumerate(space.branches)
        ]

    def _find_axis(self, name: str, branch: int, dimension: Dimension, ordered: bool) -> Axis:
        """Return the axis of a dimension; add it unless another branch has it."""
        check_can_be_learned(dimension, name)
        for label, axis in self._axes.items():
            if label.split("@")[0] == name and is_same(axis.dimension, dimension):
                return axis
        label = f"{name}@{branch}" if name in self._axes else name
        return self._axes.setdefault(label, Axis(label, dimension, ordered=ordered))

    @property
    def n_branches(self) -> int:
        """How many alternatives there are."""
        return len(self._branches)

    @property
    def size(self) -> int | None:
        """How many points there are, None for endlessly many."""
        total = 0
        for branch in self._branches:
            sizes = [axis.size for axis in branch.values() if axis.size is not None]
            if len(sizes) < len(branch):
                return None
            total += prod(sizes)
        return total

    def list_varied(self) -> list[Axis]:
        """Return all axes with more than one value, that of the branches first."""
        return [axis for axis in self._axes.values() if not axis.single]

    def list_of_branch(self, number: int) -> list[Axis]:
        """Return the axes of one branch with more than one value, in its order."""
        return [axis for axis in self._branches[number].values() if not axis.single]

    def list_shared(self) -> list[Axis]:
        """Return the axes that every branch has."""
        return [
            axis
            for axis in self.list_of_branch(0)
            if all(axis in self.list_of_branch(number) for number in range(1, self.n_branches))
        ]

    def decode(self, point: Point) -> Params:
        """Return the parameters at a point.

        Coordinates of other branches, if there are any, do not matter.
        """
        branch = self._branches[int(point.get(BRANCH, 0))]
        return {name: axis.decode(point.get(axis.label, 0)) for name, axis in branch.items()}

    def encode(self, params: Params) -> Point | None:
        """Return the point of parameters, or None if they are not in the space."""
        for number, branch in enumerate(self._branches):
            if set(branch) != set(params):
                continue
            point = {axis.label: axis.encode(params[name]) for name, axis in branch.items()}
            if None not in point.values():
                point = {label: coordinate for label, coordinate in point.items() if not self._axes[label].single}
                return point if self.n_branches == 1 else {BRANCH: number} | point
        return None
