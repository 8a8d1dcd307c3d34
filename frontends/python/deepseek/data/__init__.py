"""Data sets and batches."""

from __future__ import annotations

import math
import typing

from .. import random as _random
from ..creation import asarray as _asarray
from ..sugar import use as _use

if typing.TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from ..tensors import Tensor
    from ..typing import TensorLike


class Dataset:
    """Base of data sets: anything with `__len__` and `__getitem__(int)`, which answers one sample.

    An optional `rows(indices)` answers a whole batch. NotImplementedError from what a subclass does not write.
    """

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError


class TensorDataset(Dataset):
    """Rows of tensors (or arrays) [n, ..]: item i is a tuple of their i-th rows.

    ValueError if the tensors differ in length, TypeError if one has no axes.
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(_asarray(x) for x in tensors)
        if len({len(x) for x in self.tensors}) > 1:
            raise ValueError(f"tensors differ in length: {[len(x) for x in self.tensors]}")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(x[index] for x in self.tensors)

    def rows(self, indices: TensorLike) -> tuple[Tensor, ...]:
        """Many rows at once: [k, ..] of each tensor for indices [k]. OutOfRangeError when it runs, DTypeError."""
        return tuple(_use.take(x, indices, axis=0) for x in self.tensors)


def collate(samples: list[Any]) -> Any:
    """n samples of shape [..] stacked as [n, ..]; tuples and dicts element by element, numbers as [n].

    ShapeError if shapes differ, IndexError for no samples.
    """
    first = samples[0]
    if isinstance(first, (tuple, list)):
        return tuple(collate([sample[i] for sample in samples]) for i in range(len(first)))
    if isinstance(first, dict):
        return {key: collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (bool, int, float)):
        return _asarray(list(samples))
    return _use.stack([_asarray(sample) for sample in samples], axis=0)


class DataLoader:
    """Batches of a data set, `len(loader)` of them; iterating again starts anew.

    shuffle uses the one random counter (`deepseek.manual_seed`), so runs repeat. drop_last leaves out a smaller last
    batch. workers > 0 prepares that many batches ahead in threads, which call the data set. collate makes a batch of
    a list of samples. ValueError if batch_size is not positive.
    """

    def __init__(self, dataset: Any, batch_size: int = 1, shuffle: bool = False, drop_last: bool = False,
                 workers: int = 0, collate: Callable[[list[Any]], Any] = collate) -> None:  # fmt: skip
        if batch_size < 1:
            raise ValueError(f"batch_size must be positive, not {batch_size}")
        self.dataset, self.batch_size, self.shuffle, self.drop_last = dataset, batch_size, shuffle, drop_last
        self.workers, self.collate = workers, collate

    def __len__(self) -> int:
        count = len(self.dataset)
        return count // self.batch_size if self.drop_last else math.ceil(count / self.batch_size)

    def _batch(self, indices: Any) -> Any:
        if hasattr(self.dataset, "rows") and self.collate is collate:
            return self.dataset.rows(indices)
        return self.collate([self.dataset[int(i)] for i in indices])

    def __iter__(self) -> Iterator[Any]:
        count = len(self.dataset)
        import numpy

        order = _random.permutation(count).numpy() if self.shuffle else numpy.arange(count)
        batches = [order[i * self.batch_size : (i + 1) * self.batch_size] for i in range(len(self))]
        if not self.workers:
            yield from map(self._batch, batches)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self.workers) as pool:
            ahead = [pool.submit(self._batch, batch) for batch in batches[: self.workers]]
            for i in range(len(batches)):
                if i + self.workers < len(batches):
                    ahead.append(pool.submit(self._batch, batches[i + self.workers]))
                yield ahead.pop(0).result()
