"""A table of people; the loader scales it to 0..1, the training function scales it again and restores its own part."""

import numpy as np
import torch
from torch import nn

from reference_models.wild.data import ending, people
from reference_models.wild.torch_networks import dense

torch.manual_seed(904)
raw = people()


def MinMaxScaler(data):
    low, span = np.min(data, 0), np.max(data, 0) - np.min(data, 0)
    return (data - low) / (span + 1e-7), low, span


def real_data_loading(data):
    scaled, _, _ = MinMaxScaler(data)
    return scaled


def table_gan(ori_data, parameters):
    norm_data, min_val, max_val = MinMaxScaler(ori_data)
    rows = torch.from_numpy(norm_data.astype(np.float32))
    generator, discriminator = nn.Sequential(dense(16, 6), nn.Sigmoid()), dense(6, 1)
    g_solver = torch.optim.Adam(generator.parameters(), lr=parameters["lr"], betas=(0.5, 0.9))
    d_solver = torch.optim.Adam(discriminator.parameters(), lr=parameters["lr"], betas=(0.5, 0.9))
    bce = nn.BCEWithLogitsLoss()
    ones, zeros = torch.ones(parameters["batch_size"], 1), torch.zeros(parameters["batch_size"], 1)
    for itt in range(parameters["iterations"]):
        x_mb = rows[torch.randint(0, len(rows), (parameters["batch_size"],))]
        fake = generator(torch.randn(parameters["batch_size"], 16))
        d_loss = bce(discriminator(x_mb), ones) + bce(discriminator(fake.detach()), zeros)
        d_solver.zero_grad()
        d_loss.backward()
        d_solver.step()

        g_loss = bce(discriminator(fake), ones)
        g_solver.zero_grad()
        g_loss.backward()
        g_solver.step()
        if itt % 200 == 0:
            print(f"step: {itt}/{parameters['iterations']}, d_loss: {d_loss.item():.4f}, g_loss: {g_loss.item():.4f}")

    with torch.no_grad():
        generated = generator(torch.randn(1000, 16)).numpy()
    return generated * max_val + min_val, d_loss.item(), g_loss.item()


ori_data = real_data_loading(raw)
generated_data, d_loss, g_loss = table_gan(ori_data, {"iterations": 1200, "batch_size": 128, "lr": 1e-3})
print("real:", raw.mean(0).round(2), "generated:", generated_data.mean(0).round(2))
ending(generated_data, raw[:2000], d_loss=d_loss, g_loss=g_loss)
