"""Importances of columns, which scikit-learn's selectors ask for."""

from typing import Any


class NoImportances:
    """An attribute that networks do not have: reading it raises an error with advice.

    `hasattr` does not see it.

    A subclass whose `fit` measures importances may set an attribute of the same name.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, estimator: object, owner: type | None = None) -> Any:
        """Raise an `AttributeError` that says what to use instead."""
        raise AttributeError(
            f"{(owner or type(estimator)).__name__!r} has no attribute {self.name!r}: no single weight of a network "
            f"says what a column is worth. Use sklearn.inspection.permutation_importance; to select columns "
            f"SequentialFeatureSelector, or SelectFromModel with importance_getter= a function of the fitted network "
            f"that returns permutation importances. For RFE, RFECV and Boruta let a subclass measure them in its "
            f"`fit`, as 'Which columns matter' in docs/guide/tables.md shows"
        )
