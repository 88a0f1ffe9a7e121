from sknet_hp.evaluation.numbers import write_p


def test_p_values():
    assert write_p(0.0004) == "< 0.001"
    assert write_p(0.0456) == "= 0.046"
