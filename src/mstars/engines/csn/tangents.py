"""Derivatives of the networks in forward mode: values and their slopes go through each layer side by side.

torch.func.jvp gives the same numbers (a test compares them) in twice the time, and it takes a second to get started.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from mstars.engines.csn.layers import Mixing, Widening, mix, widen


def push(module: nn.Module, x: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What a module makes of values, and of their slopes.

    Parameters
    ----------
    module : Module
        A layer of the emulator or of the networks, or several in order.
    x : Tensor, [n, ...]
    t : Tensor, [k, n, ...]
        Derivatives of ``x`` along k directions.

    Returns
    -------
    y : Tensor, [n, ...]
    slopes : Tensor, [k, n, ...]
    """
    if isinstance(module, nn.Sequential):
        for layer in module:
            x, t = push(layer, x, t)
        return x, t
    if isinstance(module, nn.LeakyReLU):
        factor = torch.where(x > 0, 1.0, module.negative_slope).to(x)
        return x * factor, t * factor
    if isinstance(module, nn.SiLU):
        sigmoid = torch.sigmoid(x)
        return x * sigmoid, t * (sigmoid * (1 + x * (1 - sigmoid)))
    if isinstance(module, nn.InstanceNorm1d):
        return _instance_norm(module, x, t)
    return _linear(module, x, t)


def _linear(module: nn.Module, x: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and slopes at once: the layer without its bias, which slopes don't see."""
    both = torch.cat([x[None], t]).flatten(0, 1)
    if isinstance(module, Widening):
        made = widen(both, module.weight, None, module.stride[0])
    elif isinstance(module, Mixing):
        made = mix(both, module.weight)
    elif isinstance(module, nn.Conv1d):
        made = functional.conv1d(both, module.weight, None, module.stride)
    elif isinstance(module, nn.ConvTranspose1d):
        made = functional.conv_transpose1d(both, module.weight, None, module.stride)
    elif isinstance(module, nn.Linear):
        made = functional.linear(both, module.weight)
    else:
        raise TypeError(f"no slopes of {type(module).__name__}")
    made = made.unflatten(0, (len(t) + 1, len(x)))
    bias = module.bias if isinstance(module, nn.Linear) else module.bias[:, None]
    return made[0] + bias, made[1:]


def _instance_norm(module: nn.InstanceNorm1d, x: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    variance, mean = torch.var_mean(x, dim=-1, keepdim=True, correction=0)
    root = torch.rsqrt(variance + module.eps)
    y = (x - mean) * root
    return y, root * (t - t.mean(dim=-1, keepdim=True) - y * (t * y).mean(dim=-1, keepdim=True))
