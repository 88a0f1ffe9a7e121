"""How an estimator's parameters become a network and its training."""
