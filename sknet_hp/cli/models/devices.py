"""Where networks train."""

import re

from sknet_hp.cli.errors import BadInput


def check_device(device: str) -> None:
    """Check that there is such a device.

    Raises
    ------
    BadInput
        If not.
    """
    match = re.fullmatch(r"auto|cpu|cuda(?::(\d+))?", device)
    if match is None:
        raise BadInput(f"--device {device!r} is not a device: give auto, cpu, cuda or cuda:N")
    if not device.startswith("cuda"):
        return
    import torch

    n_devices = torch.cuda.device_count()
    if int(match[1] or 0) >= n_devices:
        raise BadInput(
            f"--device {device} was not found, torch sees {n_devices} CUDA devices on this machine: say --device auto"
        )
