"""A module of one's own: a residual block, trained on two moons made with NumPy."""

import numpy as np

import deepseek as ds
from deepseek import nn, optim
from deepseek.data import DataLoader, TensorDataset


class Residual(nn.Module):
    """x + f(x) with a small network as f."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x):
        return x + self.inner(x)


ds.manual_seed(0)
rng = np.random.default_rng(0)
angle, label = rng.uniform(0, np.pi, 600), rng.integers(0, 2, 600)
points = np.stack([np.cos(angle) + label, np.where(label, 0.5 - np.sin(angle), np.sin(angle))], 1)
points = (points + 0.1 * rng.standard_normal(points.shape)).astype(np.float32)

model = nn.Sequential(nn.Linear(2, 16), Residual(16), Residual(16), nn.Linear(16, 2))
optimizer = optim.AdamW(model.parameters(), lr=0.01)
for epoch in range(15):
    for x, y in DataLoader(TensorDataset(points, label), batch_size=50, shuffle=True):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

model.eval()
with ds.no_grad():
    accuracy = (model(ds.tensor(points)).numpy().argmax(1) == label).mean()
print(f"accuracy {accuracy:.3f}")
assert accuracy > 0.97
