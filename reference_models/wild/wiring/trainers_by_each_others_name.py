"""Sentences by an autoencoder whose decoder is a generator, too; encoder and decoder have a trainer each."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, sentences
from reference_models.wild.torch_networks import dense

torch.manual_seed(1113)
x = sentences()
corpus = torch.from_numpy(x)
z_dim, words, length, mbsize = 8, 12, 10, 64


class RNN_VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.GRU(words, 48, batch_first=True)
        self.q_mu, self.q_logvar = nn.Linear(48, z_dim), nn.Linear(48, z_dim)
        self.decoder, self.fc = nn.GRU(z_dim, 48, batch_first=True), nn.Linear(48, words)
        self.discriminator = dense(words * length, 1)
        self.encoder_params = [*self.encoder.parameters(), *self.q_mu.parameters(), *self.q_logvar.parameters()]
        self.decoder_params = [*self.decoder.parameters(), *self.fc.parameters()]

    def encode(self, inputs):
        h = self.encoder(inputs)[1][0]
        return self.q_mu(h), self.q_logvar(h)

    def decode(self, z):
        return self.fc(self.decoder(z[:, None].expand(-1, length, -1))[0])

    def judge(self, soft):
        return self.discriminator(soft.flatten(1))


model = RNN_VAE()
trainer_D = torch.optim.Adam(model.discriminator.parameters(), lr=1e-3)
trainer_G = torch.optim.Adam(model.encoder_params, lr=3e-3)
trainer_E = torch.optim.Adam(model.decoder_params, lr=3e-3)

for it in range(1200):
    inputs = corpus[torch.randint(0, len(x), (mbsize,))]
    generated = F.softmax(model.decode(torch.randn(mbsize, z_dim)), 2)
    loss_D = F.softplus(-model.judge(inputs)).mean() + F.softplus(model.judge(generated.detach())).mean()
    trainer_D.zero_grad()
    loss_D.backward()
    trainer_D.step()

    mu, logvar = model.encode(inputs)
    logits = model.decode(mu + torch.randn_like(mu) * (0.5 * logvar).exp())
    recon_loss = -(inputs * F.log_softmax(logits, 2)).sum(2).mean()
    kl_loss = 0.5 * (logvar.exp() + mu**2 - 1 - logvar).sum(1).mean()
    adv_loss = F.softplus(-model.judge(generated)).mean()
    loss_G, loss_E = recon_loss + 0.1 * adv_loss, recon_loss + 0.1 * kl_loss
    trainer_G.zero_grad()
    loss_G.backward(retain_graph=True, inputs=[p for group in trainer_G.param_groups for p in group["params"]])
    trainer_E.zero_grad()
    loss_E.backward(inputs=[p for group in trainer_E.param_groups for p in group["params"]])
    trainer_G.step()
    trainer_E.step()
    if it % 150 == 0:
        print(f"Iter-{it}; loss_D: {loss_D.item():.4f}; adv: {adv_loss.item():.4f}; recon: {recon_loss.item():.4f}")

with torch.no_grad():
    chosen = model.decode(torch.randn(1000, z_dim)).argmax(2)
steps = (chosen[:, 1:] - chosen[:, :-1]) % words
counts_on = ((steps == steps[:, :1]).all(1) & ((steps[:, 0] == 1) | (steps[:, 0] == 2))).float().mean()
ending(
    F.one_hot(chosen, words).numpy(),
    x[:2000],
    sentences=counts_on,
    d_loss=loss_D.item(),
    kl=kl_loss.item(),
    g_loss=adv_loss.item(),
)
