"""Data sets, batches, random numbers under one seed."""

import numpy as np
import pytest

import deepseek as ds
from deepseek import random
from deepseek.data import DataLoader, Dataset, TensorDataset


class Squares(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        return {"x": index, "y": np.full(2, index**2)}


def test_batches():
    data = TensorDataset(np.arange(10.0), np.arange(10))
    loader = DataLoader(data, 4)
    assert len(loader) == 3 and [len(x) for x, _ in loader] == [4, 4, 2]
    assert len(DataLoader(data, 4, drop_last=True)) == 2 and len(list(DataLoader(data, 4, drop_last=True))) == 2
    assert data[3][0].item() == 3 and len(data) == 10
    for wrong in (lambda: TensorDataset(np.ones(2), np.ones(3)), lambda: DataLoader(data, 0)):
        with pytest.raises(ValueError):
            wrong()


def test_shuffling_follows_the_seed():
    def order(seed):
        ds.manual_seed(seed)
        loader = DataLoader(TensorDataset(np.arange(20)), 6, shuffle=True)
        return [x.tolist() for epoch in range(2) for (x,) in loader]

    one, again, other = order(1), order(1), order(2)
    assert one == again and one != other and sorted(sum(one[:4], [])) == list(range(20)) and one[:4] != one[4:]


@pytest.mark.parametrize("workers", (0, 3))
def test_collating_samples(workers):
    batches = list(DataLoader(Squares(), 4, workers=workers))
    assert [b["x"].tolist() for b in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert batches[1]["y"].tolist() == [[i * i] * 2 for i in range(4, 8)]


def test_errors_of_workers_come_through():
    class Broken(Squares):
        def __getitem__(self, index):
            raise RuntimeError("broken sample")

    with pytest.raises(RuntimeError, match="broken sample"):
        list(DataLoader(Broken(), 2, workers=2))


# ---- random numbers --------------------------------------------------------------------------------------------------
def test_seed_and_state():
    ds.manual_seed(5)
    a = ds.randn(4).tolist()
    state = random.get_state()
    b = ds.rand(4).tolist()
    random.set_state(state)
    assert ds.rand(4).tolist() == b
    ds.manual_seed(5)
    assert ds.randn(4).tolist() == a and ds.randn(4).tolist() != a


def test_distributions():
    ds.manual_seed(0)
    n = 40000
    u, g = ds.rand(n).numpy(), ds.randn(n, dtype="float64").numpy()
    assert 0 <= u.min() and u.max() < 1 and abs(u.mean() - 0.5) < 0.01 and abs(u.var() - 1 / 12) < 0.005
    assert abs(g.mean()) < 0.02 and abs(g.std() - 1) < 0.02 and abs((g**3).mean()) < 0.1 and g.dtype == np.float64
    r = ds.randint(3, 8, (n,)).numpy()
    assert set(np.unique(r)) == {3, 4, 5, 6, 7} and abs((r == 3).mean() - 0.2) < 0.02
    assert ds.randint(5).shape == () and ds.random.normal(3, 0.1, 1000).mean().item() == pytest.approx(3, abs=0.02)
    assert abs(ds.bernoulli(ds.full((n,), 0.3)).numpy().mean() - 0.3) < 0.02
    p = ds.permutation(100).numpy()
    assert sorted(p) == list(range(100)) and p.tolist() != list(range(100))
    rows = ds.permutation(ds.arange(6).reshape(3, 2)).tolist()
    assert sorted(rows) == [[0, 1], [2, 3], [4, 5]]
    assert len(set(random.choice(10, 10, replace=False).tolist())) == 10
    x = ds.arange(50)
    random.shuffle(x)
    assert sorted(x.tolist()) == list(range(50))


def test_gradient_does_not_reach_random_numbers():
    x = ds.ones(3, requires_grad=True)
    noise = ds.randn(3)
    (x * noise).sum().backward()
    assert x.grad.tolist() == noise.tolist()


class Noisy(Dataset):
    def __len__(self):
        return 24

    def __getitem__(self, index):
        import time

        time.sleep(0.001 * (index * 7 % 5))
        x = ds.nn.functional.dropout(ds.ones(4), 0.5)
        return {"u": ds.rand(2), "n": ds.randn(1), "i": ds.randint(1000), "p": ds.permutation(5), "d": x, "index": index}


def test_workers_draw_the_same_numbers_again():
    def epoch(workers, seed=3):
        ds.manual_seed(seed)
        loader = DataLoader(Noisy(), 4, shuffle=True, workers=workers)
        return [[{key: x.tolist() for key, x in batch.items()} for batch in loader] for _ in range(2)]

    first = epoch(4)
    assert first == epoch(4) == epoch(2) == epoch(1) and first != epoch(4, seed=4)
    drawn = [row for batches in first for batch in batches for row in batch["u"]]
    assert len({tuple(row) for row in drawn}) == len(drawn) == 48 and first[0] != first[1]


def test_seeding_in_a_worker_is_the_workers():
    class Seeded(Squares):
        def __getitem__(self, index):
            ds.manual_seed(index)
            state = random.get_state()
            first = ds.rand(3)
            random.set_state(state)
            assert ds.rand(3).tolist() == first.tolist()
            return first

    ds.manual_seed(5)
    rows = [row for batch in DataLoader(Seeded(), 2, workers=3) for row in batch.tolist()]
    after = ds.rand(3).tolist()
    ds.manual_seed(5)
    list(DataLoader(Squares(), 2, workers=3))
    assert ds.rand(3).tolist() == after
    ds.manual_seed(7)
    assert rows[7] == ds.rand(3).tolist()


def test_numpy_integers():
    assert sorted(ds.permutation(np.int64(5)).tolist()) == [0, 1, 2, 3, 4]
    assert random.choice(np.int64(5), np.int64(3)).shape == ds.randint(5, size=np.int64(3)).shape == (3,)
    assert random.uniform(0, 1, np.int64(3)).shape == random.normal(0, 1, np.int64(3)).shape == (3,)
    ds.manual_seed(np.int64(3))
    assert random.get_state() == (3, 0) and len(DataLoader(TensorDataset(ds.ones(4)), np.int64(2))) == 2
    random.set_state(np.array([4, 5]))
    assert random.get_state() == (4, 5)
