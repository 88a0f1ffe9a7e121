"""Which rows a fitted estimator has held out."""

from types import SimpleNamespace

from sklearn.base import is_classifier

from sknet_hp.estimators.targets.held_out import split_rows


def find_held_out(net, y):
    """Return the numbers of the rows trained on, and of those held out; y is as encoded."""
    strata = y if is_classifier(net) else None
    data = SimpleNamespace(codes=y, y=y, groups=None, weighted_rows=None, strata=strata)
    return split_rows(net, net.seed_, data)
