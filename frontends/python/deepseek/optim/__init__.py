"""Optimizers and learning rate schedules."""

from __future__ import annotations

from .optimizers import SGD as SGD
from .optimizers import Adam as Adam
from .optimizers import AdamW as AdamW
from .optimizers import Optimizer as Optimizer
from .schedules import CosineAnnealingLR as CosineAnnealingLR
from .schedules import OneCycleLR as OneCycleLR
from .schedules import Schedule as Schedule
from .schedules import StepLR as StepLR
