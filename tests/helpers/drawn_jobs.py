"""Jobs for networks of odd shapes, drawn at random."""

from dataclasses import replace

import numpy as np
from torch import nn

from sknet_hp.nets.architectures.front import Front
from sknet_hp.nets.architectures.mlp import ACTIVATIONS, MLP, NORMALIZATIONS
from sknet_hp.nets.architectures.resnet import ResNet
from sknet_hp.nets.architectures.tabm import TabM
from sknet_hp.nets.architectures.tracing import trace
from sknet_hp.nets.compiled.kernels import half_products
from sknet_hp.nets.inputs import Inputs
from sknet_hp.nets.layers.starts import Init
from sknet_hp.nets.stacked.networks import PRECISIONS
from sknet_hp.training.job import EncodedTable, Rows, Stopping, TrainingJob
from sknet_hp.training.rules.averaging import KINDS as AVERAGINGS
from sknet_hp.training.rules.averaging import Averaging
from sknet_hp.training.rules.optimizers import OPTIMIZERS
from sknet_hp.training.rules.schedules import SCHEDULES, Schedule
from sknet_hp.training.rules.torch_loss import TorchLoss
from sknet_hp.training.state import Rates

WIDTHS = [1, 3, 7, 16, 33, 64, 100, 128, 256]
N_CONFIGURATIONS = 48


def draw_front(rng, n_features):
    """What stands before the network: nothing, embeddings of some numbers, codes of
    categories.
    """
    embedding = ["none", "none", "plr", "pbld", "bins"][rng.integers(5)]
    n_codes = int(rng.integers(3)) if n_features > 4 else 0
    free = n_features - n_codes
    n_bins = int(rng.integers(1, 4)) if embedding == "bins" else 0
    n_numeric = int(rng.integers(0, free // (1 + n_bins) + 1))
    first_bin = int(rng.integers(n_numeric, free - n_numeric * n_bins + 1)) if n_bins else 0
    sizes = {
        "num_frequencies": int(rng.integers(1, 6)),
        "num_embedding_dim": int(rng.integers(2, 6)),
        "first_bin": first_bin,
        "n_bins": n_bins,
    }
    codes = {"n_codes": n_codes, "n_categories": int(rng.integers(1, 9)), "cat_embedding_dim": int(rng.integers(1, 5))}
    scaled = {"feature_scale": bool(rng.integers(2)), "input_dropout": float(rng.choice([0.0, 0.25]))}
    return Front(n_numeric=n_numeric, num_embedding=embedding if n_numeric else "none", **sizes, **codes, **scaled)


def draw_jobs(seed):
    """Five jobs of one key, as different from each other as the key lets them be, but
    for losses of torch's, which want equal sizes.
    """
    rng = np.random.default_rng(seed)

    def one(options):
        return options[rng.integers(len(options))]

    def in_turn(options):  # so that every choice is drawn
        return sorted(options)[seed % len(options)]

    width, n_layers = int(in_turn(WIDTHS)), int(rng.integers(0, 4))
    n_features, n_outputs = int(rng.integers(1, 41)), int(one([1, 2, 3, 10]))
    batch_size = int(one([1, 3, 8, 20, 32, 33, 64, 100, 128, 256]))
    n = int(rng.integers(10, 60 if batch_size < 8 else 600))
    of_classes = (
        ["cross_entropy", "focal", TorchLoss(nn.CrossEntropyLoss(label_smoothing=0.2), "cross_entropy")]
        if n_outputs > 1
        else []
    )
    own = TorchLoss(nn.SmoothL1Loss(beta=0.3), "mse")
    loss = one([*of_classes, *of_classes, "mse", "mae", "huber", "quantile", own, "poisson", "binary_cross_entropy"])
    dropout = bool(rng.integers(2)) and n_layers > 0
    activation, normalization, optimizer = in_turn(ACTIVATIONS), in_turn(NORMALIZATIONS), in_turn(OPTIMIZERS)
    front = draw_front(rng, n_features)
    common = {"n_layers": n_layers, "width": width, "activation": activation, "dropout": 0.5 * dropout, "front": front}
    common["parametric_activation"] = bool(rng.integers(2)) and activation != "none"
    kind = in_turn(["mlp", "ntk", "resnet", "tabm"])
    if kind == "tabm":
        common |= {"n_layers": max(1, n_layers), "width": min(width, 64)}
        module = TabM(n_features, n_outputs, n_heads=int(one([1, 2, 5])), **common)
    elif kind == "resnet":
        module = ResNet(
            n_features,
            n_outputs,
            normalization=normalization,
            residual_dropout=0.25,
            hidden_factor=float(one([0.7, 2.0])),
            **common,
        )
    else:
        module = MLP(n_features, n_outputs, normalization=normalization, ntk=kind == "ntk", **common)
    graph, rates = trace(module)

    n_valid = int(rng.integers(1, n // 2))
    X = rng.standard_normal((n + n_valid, n_features)).astype(np.float32)
    if front.n_codes:
        X[:, -front.n_codes :] = rng.integers(0, front.n_categories, (len(X), front.n_codes))
    if loss in of_classes:
        y = rng.integers(0, n_outputs, len(X))
    else:
        y = rng.standard_normal((len(X), n_outputs)).astype(np.float32)
        y = y if loss in ("mse", "mae", "huber", "quantile", own) else (y > 0).astype(np.float32)
    weight = rng.random(len(X)).astype(np.float32) if rng.integers(3) == 0 else None
    tables = [
        EncodedTable(Inputs.from_wide(X, front.n_codes), y, weight),
        EncodedTable(Inputs.from_wide(X[::-1], front.n_codes), y[::-1].copy()),
    ]
    validated = bool(rng.integers(2))
    averaging = in_turn(AVERAGINGS)
    precision = one(PRECISIONS) if half_products.is_supported() else "float32"
    decay_mode, decay_everywhere = one([None, "l2", "decoupled"]), one([True, False])

    def job(k):
        rows = rng.permutation(len(X))
        train_rows = Rows(tables[k % 2], rows[: n - k % 2])  # a row more or less
        valid_rows = Rows(tables[k % 2], rows[n:]) if validated else None
        return TrainingJob(
            graph=graph,
            n_outputs=n_outputs,
            seed=int(rng.integers(2**31)),
            train=train_rows,
            validation=valid_rows,
            loss=loss,
            optimizer=optimizer,
            schedule=Schedule(
                one(list(SCHEDULES)),
                min_factor=float(one([0.01, 0.3])),
                warmup=float(one([0.0, 0.4])),
                gamma=float(one([0.1, 0.5])),
                cycles=int(one([1, 3])),
                patience=int(one([0, 1])),
            ),
            decay_mode=decay_mode,
            decay_everywhere=bool(decay_everywhere),
            lr_factors=tuple(float(one([0.0, 0.5, 1.0])) for _ in graph.parameters) if rng.random() < 0.3 else None,
            lr_factors_until=one([None, 1]),
            precision=precision,
            averaging=Averaging(averaging, float(one([0.1, 0.9, 0.999])), float(one([0.0, 0.5]))),
            batch_size=batch_size,
            max_epochs=int(rng.integers(2, 4)),
            schedule_epochs=int(rng.integers(2, 6)),
            rates=Rates(
                lr=float(10 ** rng.uniform(-4, -1.5)),
                weight_decay=float(one([0.0, 1e-4, 0.1])),
                momentum=float(one([0.0, 0.9])),
                beta1=float(one([0.9, 0.3])),
                beta2=float(one([0.999, 0.4])),
                l1=float(one([0.0, 1e-3])),
                clip=float(one([np.inf, 0.5])),
            ),
            input_noise=float(one([0.0, 0.1])),
            mixup_alpha=float(one([0.0, 0.4])) if not front.n_codes and loss not in of_classes[2:] else 0.0,
            dropout_schedule=Schedule(one(["constant", "flat_cos"])),
            decay_schedule=Schedule(one(["constant", "flat_cos"])),
            init=Init(fit_to_data=bool(rng.integers(2))),
            loss_parameter=float(rng.uniform(0.1, 0.9)),
            label_smoothing=float(one([0.0, 0.1])) if loss in of_classes[:2] else 0.0,
            layer_rates=tuple(float(rng.uniform(0.01, 0.8)) for _ in rates),
            stopping=Stopping(patience=one([None, 1])),
        )

    jobs = [job(k) for k in range(5)]
    keys = {j.key for j in jobs}
    if len(keys) > 1:  # the odd row made a batch or a block of rows more, or is seen by a loss of torch's
        jobs = [replace(j, train=Rows(j.train.table, j.train.index[: n - 1])) for j in jobs]
    assert len({j.key for j in jobs}) == 1
    return jobs
