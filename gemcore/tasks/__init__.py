"""What candidates are trained on, how, and what is measured."""

from gemcore.tasks.backend import ResolvedBackend, num_cores, resolve_backend
from gemcore.tasks.context import EvaluationContext
from gemcore.tasks.evaluation import evaluate_cell, train_final
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.preprocessing import Preprocessing
from gemcore.tasks.proxy_task import ProxyTask
from gemcore.tasks.registry import load_task, task_names
from gemcore.tasks.training_config import TrainingConfig

__all__ = [
    "EvaluationContext",
    "ImageConfig",
    "Preprocessing",
    "ProxyTask",
    "ResolvedBackend",
    "TrainingConfig",
    "evaluate_cell",
    "load_task",
    "num_cores",
    "resolve_backend",
    "task_names",
    "train_final",
]
