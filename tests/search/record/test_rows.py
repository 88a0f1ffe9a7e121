"""Rows of a search, put together again."""

from sknet_hp.search.record.rows import Steps


def make_step(candidate, n_resources, parent=-1):
    return {
        "candidate": candidate,
        "bracket": 0,
        "iter": n_resources - 1,
        "n_resources": n_resources,
        "parent": parent,
        "params": {"lr": 0.1 * candidate},
    }


def make_record(candidate, split, n_resources):
    return {"candidate": candidate, "split": split, "n_resources": n_resources, "outcome": {}}


FIRST = {"event": "steps", "steps": [make_step(0, 1), make_step(1, 1)]}
SECOND = {"event": "steps", "steps": [make_step(1, 2), make_step(2, 2, parent=1)]}


def test_a_row_has_outcomes_of_all_splits():
    records = [make_record(0, 0, 1), make_record(1, 0, 1), make_record(1, 1, 1)]
    [row] = Steps([FIRST], [FIRST], records, 2).list_rows()
    assert (row.candidate.number, row.n_resources, row.candidate.params) == (1, 1, {"lr": 0.1})


def test_rows_stand_in_the_order_in_which_they_were_scored():
    events = [FIRST, {"event": "rows", "rows": [[1, 1], [0, 1]]}, {"event": "ended"}]
    records = [make_record(0, 0, 1), make_record(1, 0, 1)]
    assert [row.candidate.number for row in Steps(events, events, records, 1).list_rows()] == [1, 0]


def test_who_trains_and_who_waits_for_them_is_running():
    events = [FIRST, SECOND]
    records = [make_record(k, 0, 1) for k in (0, 1)] + [make_record(1, 0, 2)]
    assert Steps(events, events, records, 1).running == [1, 2]
    ended = [*events, {"event": "ended"}]
    assert Steps(ended, ended, records, 1).running == []


def test_copies_go_on_from_their_parents():
    events, records = [FIRST, SECOND], [make_record(1, 0, 1), make_record(2, 0, 2)]
    steps = Steps(events, events, records, 1)
    assert steps.list_rows()[-1].candidate.parent.number == 1
    assert steps.count_resources(records, of_rows=False) == 2
    assert steps.count_resources(records, of_rows=True) == 3
