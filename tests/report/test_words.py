import pytest

from sknet_hp.report.words import write_resource


@pytest.mark.parametrize(("amount", "text"), [(1.0, "1 epoch"), (27.0, "27 epochs"), (2000.0, "2,000 epochs")])
def test_resources_are_counted(amount, text):
    assert write_resource(amount, "epochs") == text
