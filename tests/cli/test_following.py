from sknet_hp.cli.options import TableOptions
from sknet_hp.cli.work.following import write_after_choice, write_following

PLAIN = TableOptions(data="my table.csv", target="y")
FULL = TableOptions(data="t.csv", target="y", task="regression", groups="who", drop=("a", "b c"))


def test_what_was_said_of_the_table_is_said_again():
    assert write_following("tune", PLAIN) == "sknet-hp tune 'my table.csv' --target y"
    assert write_following("tune", FULL, model="tabm", positive_class=None, time_budget=5) == (
        "sknet-hp tune t.csv --target y --task regression --model tabm --time-budget 5 "
        "--groups who --drop a --drop 'b c'"
    )
    assert write_following("tune", PLAIN, model="default") == write_following("tune", PLAIN)


def test_after_a_choice():
    tune = write_following("tune", PLAIN)
    assert write_after_choice("default", PLAIN) == write_after_choice("boosting", PLAIN) == tune
    assert write_after_choice("tabm", PLAIN, scoring="f1") == f"{tune} --model tabm --scoring f1"
    assert write_after_choice("runs/tuned", PLAIN) == "sknet-hp predict runs/tuned NEW.csv"
