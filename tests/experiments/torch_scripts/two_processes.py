"""A GAN on two processes with gloo; each rank says its weights, its random state and its monitor.

`two_processes.py FOLDER RENDEZVOUS` starts both, `... RANK` is one of them. With FOLDER "bare", nothing is recorded.
"""

import os
import sys

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn.parallel import DistributedDataParallel

STEPS, BATCH = 8, 8


def main(rank, rendezvous, folder):
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=2)
    torch.manual_seed(3)
    torch.set_num_threads(1)
    generator = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 64), nn.Tanh())
    discriminator = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    generator = nn.Sequential(*generator, nn.Unflatten(1, (1, 8, 8)))
    g, d = DistributedDataParallel(generator), DistributedDataParallel(discriminator)
    g_optimizer, d_optimizer = (torch.optim.Adam(n.parameters(), 2e-3, betas=(0.5, 0.999)) for n in (g, d))
    bce = nn.BCEWithLogitsLoss()
    torch.manual_seed(rank)  # each rank its own data and latents
    data = torch.tanh(torch.randn(64, 1, 8, 8))

    def train(step_done):
        for _ in range(STEPS):
            real = data[torch.randint(0, len(data), (BATCH,))]
            d_optimizer.zero_grad()
            fake = g(torch.randn(BATCH, 4))
            (bce(d(real), torch.ones(BATCH, 1)) + bce(d(fake.detach()), torch.zeros(BATCH, 1))).backward()
            d_optimizer.step()
            g_optimizer.zero_grad()
            bce(d(fake), torch.ones(BATCH, 1)).backward()
            g_optimizer.step()
            step_done()

    told = "bare"
    if folder == "bare":
        train(lambda: None)
    else:
        from gandoctor import GANMonitor

        with GANMonitor(
            folder,
            generator=g,
            discriminator=d,
            probe_data=data,
            latent_sampler=lambda n: torch.randn(n, 4),
            strict=True,
        ) as monitor:
            train(monitor.step)
            told = "records" if monitor.session is not None else "stands by"
    total = sum(p.double().abs().sum() for n in (g, d) for p in n.state_dict().values())
    said = f"rank {rank} {float(total).hex()} {float(torch.rand(1)).hex()}\nmonitor {rank} {told}\n"
    sys.stdout.write(said)  # in one piece: the other rank writes to the same place
    sys.stdout.flush()
    dist.barrier()  # a rank that leaves first aborts the other
    dist.destroy_process_group()


def spawned(rank, rendezvous, folder):
    main(rank, rendezvous, folder)
    os._exit(0)  # now and then, on a busy machine, a thread of gloo aborts a process that ends in order


if __name__ == "__main__":
    folder, rendezvous, *rank = sys.argv[1:]
    if rank:
        main(int(rank[0]), rendezvous, folder)
    else:
        mp.spawn(spawned, args=(rendezvous, folder), nprocs=2)
