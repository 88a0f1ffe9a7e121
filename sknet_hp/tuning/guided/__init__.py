"""Guided tuning: the procedure of a good practitioner, as a searcher.

`stages` holds the stages and their registry; what they decide is in pure functions:
`evidence` (is it better than noise), `affordable` (what fits into the time).
`guide` carries stages out on a run of `sknet_hp.search`; `searcher` is the estimator.
"""
