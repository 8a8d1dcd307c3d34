"""Tensors are NumPy arrays that remember what was computed with them."""

import deepseek as ds

x = ds.linspace(0, 1, 5)
x[1:3] *= 2  # views write into what they are views of
print(x.tolist())

w = ds.tensor([0.5, -1.0, 2.0], requires_grad=True)
hook = w.register_hook(lambda g: g.clip(-1, 1))
loss = ((w * x[:3]).sum() - 1) ** 2
loss.backward()
print("loss", float(loss), "gradient", w.grad.tolist())
hook.remove()

try:
    ds.ones(2, 3) @ ds.ones(4, 5)
except ds.ShapeError as error:
    print(error)
