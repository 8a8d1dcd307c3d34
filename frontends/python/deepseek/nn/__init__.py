"""Modules, parameters and losses; `nn.functional` has the functions, `nn.init` starting values."""

from __future__ import annotations

from . import functional as functional
from . import init as init
from .layers import (
    AdaptiveAvgPool2d as AdaptiveAvgPool2d, AvgPool2d as AvgPool2d, BatchNorm1d as BatchNorm1d,
    BatchNorm2d as BatchNorm2d, Conv2d as Conv2d, Dropout as Dropout, Embedding as Embedding, Flatten as Flatten,
    GELU as GELU, Identity as Identity, LayerNorm as LayerNorm, LeakyReLU as LeakyReLU, Linear as Linear,
    MaxPool2d as MaxPool2d, ReLU as ReLU, Sigmoid as Sigmoid, SiLU as SiLU, Softmax as Softmax, Tanh as Tanh,
)  # fmt: skip
from .losses import (
    BCEWithLogitsLoss as BCEWithLogitsLoss, CrossEntropyLoss as CrossEntropyLoss, L1Loss as L1Loss, MSELoss as MSELoss,
    NLLLoss as NLLLoss,
)  # fmt: skip
from .module import Module as Module
from .module import ModuleList as ModuleList
from .module import Parameter as Parameter
from .module import Sequential as Sequential
