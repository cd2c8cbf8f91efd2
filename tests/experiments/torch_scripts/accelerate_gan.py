"""A loop in the style of Hugging Face accelerate: `accelerate_gan.py FOLDER|bare [PRECISION]`."""

import sys
from contextlib import nullcontext

import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

STEPS = 12
FOLDER, PRECISION = (*sys.argv[1:], "no")[:2]

if __name__ == "__main__":
    torch.manual_seed(3)
    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True, mixed_precision=PRECISION)
    g = nn.Sequential(
        nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8))
    )
    d = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    g_optimizer, d_optimizer = (torch.optim.Adam(n.parameters(), 2e-3, betas=(0.5, 0.999)) for n in (g, d))
    loader = DataLoader(TensorDataset(torch.tanh(torch.randn(8 * STEPS, 1, 8, 8))), 8, shuffle=True)
    g, d, g_optimizer, d_optimizer, loader = accelerator.prepare(g, d, g_optimizer, d_optimizer, loader)
    bce = nn.BCEWithLogitsLoss()
    monitor = nullcontext()
    if FOLDER != "bare":
        from gandoctor import GANMonitor

        monitor = GANMonitor(
            FOLDER,
            generator=g,
            discriminator=d,
            g_optimizer=g_optimizer,
            d_optimizer=d_optimizer,
            latent_sampler=lambda n: torch.randn(n, 4),
            strict=True,
        )
    with monitor as recording:
        for (real,) in loader:
            one, zero = torch.ones(len(real), 1), torch.zeros(len(real), 1)
            d_optimizer.zero_grad()
            fake = g(torch.randn(len(real), 4))
            accelerator.backward(bce(d(real), one) + bce(d(fake.detach()), zero))
            accelerator.clip_grad_norm_(d.parameters(), 0.5)
            d_optimizer.step()
            g_optimizer.zero_grad()
            accelerator.backward(bce(d(fake), one))
            g_optimizer.step()
            if recording is not None:
                recording.step()
    total = sum(value.double().abs().sum() for n in (g, d) for value in n.state_dict().values())
    print(f"weights {float(total).hex()} {float(torch.rand(1)).hex()}")
