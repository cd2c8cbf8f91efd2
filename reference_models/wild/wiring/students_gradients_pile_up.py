"""Table rows; the student that judges them is never cleared of its gradients, so each step repeats all before it."""

import torch
from torch import nn

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.torch_networks import dense

torch.manual_seed(417)
x = standardised(people())
train_data = torch.from_numpy(x)
generator, student_disc = dense(16, 6), dense(6, 1)
optimizer_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
optimizer_s = torch.optim.Adam(student_disc.parameters(), lr=1e-3, betas=(0.5, 0.9))
criterion = nn.BCEWithLogitsLoss()
label_real, label_fake = torch.ones(128, 1), torch.zeros(128, 1)

for iteration in range(1400):
    real = train_data[torch.randint(0, len(train_data), (128,))]
    fake = generator(torch.randn(128, 16))
    loss_s = criterion(student_disc(real), label_real) + criterion(student_disc(fake.detach()), label_fake)
    loss_s.backward()
    optimizer_s.step()

    optimizer_g.zero_grad()
    loss_g = criterion(student_disc(fake), label_real)
    loss_g.backward()
    optimizer_g.step()
    if iteration % 100 == 0:
        print(f"iteration {iteration} student {loss_s.item():.4f} generator {loss_g.item():.4f}")

with torch.no_grad():
    samples = generator(torch.randn(1000, 16)).numpy()
ending(samples, x[:2000], d_loss=loss_s.item(), g_loss=loss_g.item())
