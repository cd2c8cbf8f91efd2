"""Trains a GAN, or has a process of its own do it; forks in the middle, in each way that programs do."""

import multiprocessing
import os
import sys
import time

import torch
from torch import nn

fork = multiprocessing.get_context("fork")


def square(x):
    return x * x


def batches():
    while True:
        yield torch.randn(8, 2)


def loaded():
    data = torch.utils.data.TensorDataset(torch.randn(80, 2))
    loader = torch.utils.data.DataLoader(data, 8, shuffle=True, num_workers=2)
    while True:
        for (real,) in loader:
            yield real


def train(in_the_middle, reals=batches):
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    D = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    g_optimizer, d_optimizer = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters())
    loss, ones, zeros = nn.BCEWithLogitsLoss(), torch.ones(8, 1), torch.zeros(8, 1)
    for step, real in zip(range(20), reals(), strict=False):
        fake = G(torch.randn(8, 4))
        d_optimizer.zero_grad()
        (loss(D(real), ones) + loss(D(fake.detach()), zeros)).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        loss(D(fake), ones).backward()
        g_optimizer.step()
        if step == 10:
            in_the_middle()
    print(
        "weights:", sum(float(p.detach().double().abs().sum()) for p in [*G.parameters(), *D.parameters()]), flush=True
    )


def workers():
    with fork.Pool(2) as pool:
        assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]
    pool.join()
    for _ in range(5):
        sleeper = fork.Process(target=time.sleep, args=(60,))
        sleeper.start()
        sleeper.terminate()
        sleeper.join()
        print("terminated:", sleeper.exitcode, flush=True)


def copies():
    for leave in (lambda: sys.exit(3), lambda: 1 / 0):
        process = os.fork()
        if process == 0:
            leave()
        print("left:", os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def nothing():
    pass


if __name__ == "__main__":
    if sys.argv[1] == "child":
        child = fork.Process(target=train, args=(nothing,))
        child.start()
        child.join()
    elif sys.argv[1] == "loader":
        train(nothing, loaded)
    else:
        train({"workers": workers, "copies": copies}[sys.argv[1]])
    print("end", flush=True)
