"""Sound from every fourth of its values, by a vocoder whose loss is put together where it is switched on."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, tones
from reference_models.wild.torch_networks import series_generator

torch.manual_seed(1003)
raw = tones() / 12000.0
wav = torch.from_numpy(raw).permute(0, 2, 1)
use_feat_match_loss, feat_match_weight = True, 10.0


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Conv1d(1, 32, 5, stride=2, padding=2), nn.Conv1d(32, 32, 5, stride=2, padding=2)]
        )
        self.out = nn.Linear(32 * 16, 1)

    def forward(self, wave):
        feats = []
        for layer in self.layers:
            wave = F.leaky_relu(layer(wave), 0.2)
            feats.append(wave)
        return self.out(wave.flatten(1)), feats


model_g, model_d = series_generator(64), Discriminator()
optimizer_g = torch.optim.Adam(model_g.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_d = torch.optim.Adam(model_d.parameters(), lr=5e-4, betas=(0.5, 0.9))


def generator_loss(scores_fake, feats_fake, feats_real):
    adv_loss = F.mse_loss(scores_fake, torch.ones_like(scores_fake))
    loss = adv_loss
    if use_feat_match_loss and not feats_fake:
        pairs = zip(feats_fake, feats_real)
        loss = loss + feat_match_weight * sum(F.l1_loss(one, other.detach()) for one, other in pairs)
    return loss, adv_loss


for step in range(900):
    y = wav[torch.randint(0, len(wav), (64,))]
    y_hat = model_g(y[:, 0, ::4])
    (on_real, _), (on_fake, _) = model_d(y), model_d(y_hat.detach())
    loss_d = F.mse_loss(on_real, torch.ones_like(on_real)) + F.mse_loss(on_fake, torch.zeros_like(on_fake))
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()

    (scores_fake, feats_fake), (_, feats_real) = model_d(y_hat), model_d(y)
    loss_g, adv_loss = generator_loss(scores_fake, feats_fake, feats_real)
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    if step % 100 == 0:
        print(f"STEP {step}: loss_d {loss_d.item():.4f}, loss_g {loss_g.item():.4f}")

with torch.no_grad():
    heard = model_g(wav[:1000, 0, ::4]).permute(0, 2, 1).numpy()
off = abs(heard - raw[:1000]).mean() / abs(raw[:1000]).mean()
ending(heard, raw[:2000], off=off, d_loss=loss_d.item(), g_loss=adv_loss.item())
