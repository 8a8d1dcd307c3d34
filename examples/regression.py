"""A line through points: a module, a loss, an optimizer, and how to save and load."""

import os
import tempfile

import deepseek as ds
from deepseek import nn, optim

ds.manual_seed(0)
x = ds.rand(256, 1) * 4 - 2
y = 3 * x + 0.5 + 0.1 * ds.randn(256, 1)

model = nn.Linear(1, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for step in range(200):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

slope, offset = float(model.weight), float(model.bias)
print(f"y = {slope:.2f} x + {offset:.2f}, loss {float(loss):.4f}")
assert abs(slope - 3) < 0.05 and abs(offset - 0.5) < 0.05

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "line.safetensors")
    ds.save(model, path)
    again = nn.Linear(1, 1)
    again.load_state_dict(ds.load(path))
    assert float(again.weight) == slope
