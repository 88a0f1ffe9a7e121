"""From parameters, encoded rows and networks to the jobs that train an estimator."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sknet_hp.estimators.building.architecture import Architecture, set_batch_counters
from sknet_hp.estimators.building.fitted import FittedNetwork
from sknet_hp.estimators.building.stopping import ScorerMetric, describe_judgement, make_stopping
from sknet_hp.estimators.building.structure import make_init
from sknet_hp.estimators.building.transfer import make_lr_factors, make_role_factors, make_transferred_state
from sknet_hp.estimators.building.update import (
    choose_batch_size,
    choose_precision,
    make_averaging,
    make_dropout_schedule,
    make_lr_schedule,
    make_rates,
    make_weight_decay_schedule,
    read_loss_parameter,
)
from sknet_hp.estimators.building.user_modules import collect_tensors
from sknet_hp.estimators.parameters.protocols import CommonParameters
from sknet_hp.fusion.devices import resolve_device
from sknet_hp.fusion.interface import trains_on_cluster
from sknet_hp.nets.random_bits import MEMBER, mix_keys
from sknet_hp.training.job import Rows, TrainingJob
from sknet_hp.training.rules.torch_loss import TorchLoss
from sknet_hp.training.start import make_initial_tensors, make_state
from sknet_hp.training.state import State


class LearningTask(NamedTuple):
    """What is to be learned.

    Attributes
    ----------
    train, validation : encoded rows; None where none are held out.
    metric : what early stopping follows in place of the loss, or None.
    own_rows : whether the rows to validate on are the caller's own.
    n_outputs : of the network.
    loss : the name of a loss, or the user's own.
    """

    train: Rows
    validation: Rows | None
    metric: ScorerMetric | None
    own_rows: bool
    n_outputs: int
    loss: str | TorchLoss


def derive_seeds(first: int, count: int) -> list[int]:
    """Return the members' seeds; the first has the seed it would have alone."""
    return [first, *(int(key) & 0x7FFFFFFF for key in mix_keys(first, MEMBER, np.arange(1, count)))]


def make_job(
    net: CommonParameters, task: LearningTask, architecture: Architecture, seed: int, max_epochs: int
) -> TrainingJob:
    """Return the job that trains the first member of an estimator."""
    graph, device = architecture.graph, resolve_device(net.device, elsewhere=trains_on_cluster())
    batch_size = choose_batch_size(net, len(task.train), graph)
    return TrainingJob(
        graph=graph,
        n_outputs=task.n_outputs,
        seed=seed,
        train=task.train,
        validation=task.validation,
        loss=task.loss,
        optimizer=net.optimizer,
        schedule=make_lr_schedule(net),
        decay_mode=None if net.weight_decay_mode == "auto" else net.weight_decay_mode,
        decay_everywhere=False,
        decay_factors=make_role_factors(net, graph),
        lr_factors=make_lr_factors(net, graph),
        lr_factors_until=None if net.unfreeze_epoch is None else net.unfreeze_epoch - 1,
        lr_factors_after=make_role_factors(net, graph),
        decay_schedule=make_weight_decay_schedule(net),
        dropout_schedule=make_dropout_schedule(net),
        averaging=make_averaging(net),
        batch_size=batch_size,
        max_epochs=max_epochs,
        schedule_epochs=net.schedule_epochs or net.max_epochs,
        rates=make_rates(net, min(batch_size, len(task.train))),
        loss_parameter=read_loss_parameter(net, task.loss),
        label_smoothing=getattr(net, "label_smoothing", 0.0),  # classifiers alone have it
        input_noise=float(net.input_noise),
        mixup_alpha=float(net.mixup_alpha),
        layer_rates=architecture.rates,
        init=make_init(net),
        stopping=make_stopping(net),
        metric=task.metric,
        judged_by=describe_judgement(net, task.loss, task.own_rows),
        device=device,
        precision=choose_precision(net, graph, device, task.loss, task.n_outputs),
    )


def make_member_jobs(job: TrainingJob, seeds: list[int], members: list[Architecture]) -> list[TrainingJob]:
    """Return a job for each member, given that of the first."""
    others = zip(seeds[1:], members[1:], strict=True)
    return [job, *(replace(job, seed=seed, graph=member.graph) for seed, member in others)]


def continue_jobs(jobs: list[TrainingJob], starts: list[State]) -> list[TrainingJob]:
    """Return jobs that go on from states; set counters in modules to theirs."""
    for job, start in zip(jobs, starts, strict=True):
        set_batch_counters(job.graph, start.step)
    return [replace(job, start=start) for job, start in zip(jobs, starts, strict=True)]


def start_jobs(
    net: CommonParameters, jobs: list[TrainingJob], members: list[Architecture], source: FittedNetwork | None
) -> list[TrainingJob]:
    """Return jobs that start from a source's weights, or from those of users' modules.

    Without either a job has no state to start from: its weights follow from its seed.
    """
    own = [None if member.module is None else collect_tensors(member.module) for member in members]
    if source is not None:
        return [
            replace(job, start=make_transferred_state(net, source, job, tensors or make_initial_tensors(job)))
            for job, tensors in zip(jobs, own, strict=True)
        ]
    return [
        job if tensors is None else replace(job, start=make_state(job, tensors))
        for job, tensors in zip(jobs, own, strict=True)
    ]
