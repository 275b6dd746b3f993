"""The lean start: Rasa 3.6.21 without TensorFlow, without telemetry, without noise. Call :func:`start` before rasa.

Rasa imports its TensorFlow components whether a project uses them or not. Where TensorFlow is not installed, empty
modules stand in for the eight that would fail; where it is installed, nothing is touched and Rasa runs as it came.
Rasa 3.6 is frozen, so the list is stable (docs/decisions/0003-no-tensorflow.md).
"""

from __future__ import annotations

import importlib.util
import os
import sys
import types
import warnings
from typing import Any

STAND_INS = (
    "rasa.utils.tensorflow.callback",
    "rasa.utils.tensorflow.data_generator",
    "rasa.nlu.classifiers.diet_classifier",
    "rasa.nlu.selectors.response_selector",
    "rasa.core.policies.ted_policy",
    "rasa.core.policies.unexpected_intent_policy",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer",
)
"""The modules that import TensorFlow at their top and that Rasa imports at every start."""

_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",  # otherwise every command reports to a third party
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",  # Rasa is pinned to SQLAlchemy 1.4; its move to 2.0 will not come
    "MPLBACKEND": "Agg",  # rasa imports matplotlib; a server has no display
}


class _StandIn(types.ModuleType):
    """A module whose every public name is a class that cannot be used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        placeholder = type(name, (_NeedsTensorFlow,), {"__module__": self.__name__})
        setattr(self, name, placeholder)
        return placeholder


class _NeedsTensorFlow:
    """What a name of a stand-in module is: good for ``import`` and ``isinstance``, not for use."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise ImportError(f"{type(self).__name__} needs TensorFlow, which this environment does without")


def has_tensorflow() -> bool:
    """Say whether TensorFlow is installed, without importing it."""
    return importlib.util.find_spec("tensorflow") is not None


def start() -> None:
    """Prepare the process for ``import rasa``. Safe to call again.

    Raises:
        RuntimeError: rasa's TensorFlow components are already loaded or broken: this came too late.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    _quiet_warnings()
    if has_tensorflow():
        return
    if "rasa.engine.recipes.default_components" in sys.modules and STAND_INS[0] not in sys.modules:
        raise RuntimeError("bot.engine.lean.start() must run before rasa is imported")
    for name in STAND_INS:
        if name not in sys.modules:
            sys.modules[name] = _StandIn(name, "Stands in for a module of Rasa that needs TensorFlow.")


def _quiet_warnings() -> None:
    """Hide what nobody can act on (deprecations inside Rasa's frozen dependencies); keep Rasa's own warnings."""
    import sanic  # noqa: F401  its import puts a filter of its own in front, so it has to come first

    for category in (DeprecationWarning, PendingDeprecationWarning):
        warnings.filterwarnings("ignore", category=category)
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    warnings.filterwarnings("ignore", message="Slot auto-fill has been removed")  # said to every project with slots
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(sklearn|numpy|scipy|dask)\b")


def import_noisy() -> None:
    """Import what warns while it is imported, under our filters: Rasa's command line then puts its own in front."""
    import matplotlib  # noqa: F401
    import packaging.requirements  # noqa: F401
