"""The tests of `sknet_hp/a/b.py` are in `tests/a/test_b.py`. What tests the public
behaviour of several files is in the folder of their room, under a name that says what it
tests.

`conformance` runs the suites of scikit-learn and skorch on our estimators,
`reproducibility` tests that numbers never change, `benchmarks` that the scripts in
benchmarks/ do what they say. What tests share is in `helpers`.
"""
