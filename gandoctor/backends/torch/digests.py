"""Digests: a number for each row of a batch, by which it is known again on whatever device it is."""

from __future__ import annotations

from typing import Any

import torch

_FACTORS = (-7_046_029_254_386_353_131, -4_658_895_280_553_007_687)
"""Odd numbers of 64 bits (splitmix64)."""


def digests(rows: torch.Tensor) -> list[int]:
    """Return a number of 64 bits for the values of each row, (n, ...) of floats, as float32; waits for the device."""
    flat = rows.detach().reshape(len(rows), -1).float().contiguous()
    bits = flat.view(torch.int32).long()
    factors = torch.arange(1, bits.shape[1] + 1, device=bits.device) * _FACTORS[0]
    factors = (factors ^ (factors >> 29)) * _FACTORS[1]
    found: list[int] = (bits * (factors ^ (factors >> 32))).sum(dim=1).tolist()
    return found


def has_rows(tensor: Any) -> bool:
    """Tell whether something is a batch of floats, (n, ...) with n > 0."""
    return isinstance(tensor, torch.Tensor) and tensor.is_floating_point() and tensor.dim() >= 2 and tensor.numel() > 0
