"""Data sets and batches."""

from __future__ import annotations

import math
import operator as _operator
import typing

from .. import errors as _errors, random as _random
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

    ArgumentError (a ValueError) if there are none, ShapeError (another) if they differ in length or one has no axes.
    """

    def __init__(self, *tensors: Any) -> None:
        if not tensors:
            raise _errors.ArgumentError("TensorDataset: at least one tensor is needed")
        self.tensors = tuple(_asarray(x) for x in tensors)
        shapes = [list(x.shape) for x in self.tensors]
        if not all(shapes):
            raise _errors.ShapeError(f"TensorDataset: tensors need an axis of samples, their shapes are {shapes}")
        if len({shape[0] for shape in shapes}) > 1:
            raise _errors.ShapeError(f"TensorDataset: tensors differ in length, their shapes are {shapes}")

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
    batch. workers > 0 prepares that many batches ahead in threads, which call the data set; what it draws there
    (by `deepseek.random` and dropout, not by operators of `deepseek.ops`) comes from a counter of the batch's own,
    seeded at the beginning of the epoch, so that runs repeat with any number of workers (but not with none). collate makes a batch of a list of samples. ArgumentError (a ValueError)
    unless batch_size is a positive integer and workers one that is not negative, DTypeError for a data set without
    length or items.
    """

    def __init__(self, dataset: Any, batch_size: int = 1, shuffle: bool = False, drop_last: bool = False,
                 workers: int = 0, collate: Callable[[list[Any]], Any] = collate) -> None:  # fmt: skip
        if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
            raise _errors.DTypeError(f"DataLoader: a data set has __len__ and __getitem__, unlike {dataset!r:.80}")
        self.dataset, self.shuffle, self.drop_last = dataset, shuffle, drop_last
        self.batch_size = _count("batch_size", batch_size, 1)
        self.workers, self.collate = _count("workers", workers, 0), collate

    def __len__(self) -> int:
        count = len(self.dataset)
        return count // self.batch_size if self.drop_last else math.ceil(count / self.batch_size)

    def _batch(self, indices: Any) -> Any:
        if hasattr(self.dataset, "rows") and self.collate is collate:
            return self.dataset.rows(indices)
        return self.collate([self.dataset[int(i)] for i in indices])

    def _drawing(self, indices: Any, seed: int) -> Any:
        with _random._Stream(seed):
            return self._batch(indices)

    def __iter__(self) -> Iterator[Any]:
        count = len(self.dataset)
        import numpy

        order = _random.permutation(count).numpy() if self.shuffle else numpy.arange(count)
        batches = [order[i * self.batch_size : (i + 1) * self.batch_size] for i in range(len(self))]
        if not self.workers:
            yield from map(self._batch, batches)
            return
        from concurrent.futures import ThreadPoolExecutor

        seed = int(_random.randint(1 << 62))
        with ThreadPoolExecutor(self.workers) as pool:
            ahead = [pool.submit(self._drawing, batch, seed + i) for i, batch in enumerate(batches[: self.workers])]
            for i in range(self.workers, self.workers + len(batches)):
                if i < len(batches):
                    ahead.append(pool.submit(self._drawing, batches[i], seed + i))
                yield ahead.pop(0).result()


def _count(name: str, value: Any, least: int) -> int:
    try:
        number = _operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise _errors.ArgumentError(f"DataLoader: {name} must be an integer of at least {least}, not {value!r}")
    return number
