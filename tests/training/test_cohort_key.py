"""Each field of a job says whether the jobs of a cohort must be alike in it."""

from dataclasses import fields, replace

from sknet_hp.training.cohort_key import COHORT, Mark
from sknet_hp.training.job import TrainingJob
from tests.helpers.jobs import make_job

MARKS = {each.name: each.metadata.get(COHORT) for each in fields(TrainingJob)}


def test_every_field_is_marked():
    unmarked = [name for name, mark in MARKS.items() if not isinstance(mark, Mark)]
    assert not unmarked, f"fields of TrainingJob without metadata OWN, SHARED or mark_shared(...): {unmarked}"


def test_the_key_has_what_is_shared():
    job = make_job(n=40)
    assert len(job.key) == sum(mark.is_shared for mark in MARKS.values())
    for name, mark in MARKS.items():
        if mark.is_shared and mark.get_aspect is None:
            assert replace(job, **{name: "another"}).key != job.key


def test_what_is_a_jobs_own_is_not_in_the_key():
    job = make_job(n=40)
    own = {name: "another" for name, mark in MARKS.items() if not mark.is_shared and name != "batch_size"}
    assert replace(job, **own).key == job.key
