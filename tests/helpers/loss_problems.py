"""Outputs, targets and weights of a stack, drawn for each loss."""

import torch

MEMBERS, ROWS = 3, 32


def draw_problem(name, n_outputs, seed=0):
    generator = torch.Generator().manual_seed(seed)
    outputs = torch.randn(MEMBERS, ROWS, n_outputs, generator=generator) * 3
    if name == "log_probability":
        outputs = torch.softmax(outputs, -1)
    if name in ("cross_entropy", "focal", "log_probability"):
        y = torch.randint(n_outputs, (MEMBERS, ROWS), generator=generator)
    elif name in ("binary_cross_entropy", "poisson"):
        y = torch.randint(
            2 if name == "binary_cross_entropy" else 9, (MEMBERS, ROWS, n_outputs), generator=generator
        ).float()
    else:
        y = torch.randn(MEMBERS, ROWS, n_outputs, generator=generator)
    weight = torch.rand(MEMBERS, ROWS, generator=generator)
    weight[:, -5:] = 0
    weight[2, ::2] = 0
    weight /= weight.sum(1, keepdim=True)
    return outputs, y, weight


def take_step(loss, outputs, t, weight):
    """(the loss of each row, the gradient by the outputs of their sum by weight)."""
    outputs = outputs.clone().requires_grad_()
    rows = loss.compute_row_losses(outputs, t, weight)
    return rows.detach(), torch.autograd.grad(rows, outputs, weight)[0]
