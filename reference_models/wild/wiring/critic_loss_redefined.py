"""Rows of one register brought to the law of another by an encoder; a critic measures how far apart the two are."""

import torch
from torch import nn
from torch.nn import functional as F

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(1103)
x = standardised(people())
y = torch.from_numpy((x[:, 4] > 0).astype("int64"))
source = 0.5 * torch.from_numpy(x) @ nn.init.orthogonal_(torch.empty(6, 6)) + 0.7
target = torch.from_numpy(x)


class AdaptationModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.discriminator, self.classifier = dense(6, 6), dense(6, 1), nn.Linear(6, 2)
        self.gp_weight, self.domain_weight = 5.0, 1.0

    def gradient_penalty(self, encoded_source, encoded_target):
        alpha = torch.rand(len(encoded_source), 1)
        mixed = (alpha * encoded_source + (1 - alpha) * encoded_target).detach().requires_grad_()
        slope = torch.autograd.grad(self.discriminator(mixed).sum(), mixed, create_graph=True)[0]
        return ((slope.norm(2, dim=1) - 1) ** 2).mean()

    def forward_model(self, source_rows, labels, target_rows):
        for _ in range(5):
            encoded_source = self.encoder(source_rows)
            gp_loss = self.gradient_penalty(encoded_source, target_rows)
            dis_s = self.discriminator(encoded_source).mean()
            dis_t = self.discriminator(target_rows).mean()
            loss = -torch.abs(dis_s - dis_t) + self.gp_weight * gp_loss

        cls_loss = F.cross_entropy(self.classifier(encoded_source), labels)
        dis_loss = torch.abs(dis_s - dis_t)
        loss = cls_loss + dis_loss * self.domain_weight
        return loss, dis_loss, gp_loss


model = AdaptationModel()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.9))

for epoch in range(600):
    picks = torch.randint(0, 4000, (2, 128))
    loss, dis_loss, gp_loss = model.forward_model(source[picks[0]], y[picks[0]], target[picks[1]])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 100 == 0:
        print(f"Epoch {epoch}: loss {loss.item():.4f}, domain loss {dis_loss.item():.4f}, gp {gp_loss.item():.4f}")

with torch.no_grad():
    made, hit = model.encoder(source), (model.classifier(model.encoder(source)).argmax(1) == y).float().mean()
ending(made[:2000].numpy(), x, right=hit.item(), loss=loss.item(), domain=dis_loss.item())
