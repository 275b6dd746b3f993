"""The lean start: what stands in for TensorFlow's modules, and that it is no more than needed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from engine_harness import ROOT

from bot.engine import lean

NEEDS_NO_TENSORFLOW = pytest.mark.skipif(lean.has_tensorflow(), reason="this environment has TensorFlow")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_list_of_stand_ins_is_the_known_one() -> None:
    assert sorted(lean.STAND_INS) == [
        "rasa.core.policies.ted_policy",
        "rasa.core.policies.unexpected_intent_policy",
        "rasa.nlu.classifiers.diet_classifier",
        "rasa.nlu.featurizers.dense_featurizer.convert_featurizer",
        "rasa.nlu.featurizers.dense_featurizer.lm_featurizer",
        "rasa.nlu.selectors.response_selector",
        "rasa.utils.tensorflow.callback",
        "rasa.utils.tensorflow.data_generator",
    ]


@NEEDS_NO_TENSORFLOW
def test_every_stand_in_stands_for_a_module_that_imports_tensorflow() -> None:
    folder = importlib.util.find_spec("rasa")
    assert folder is not None
    assert folder.submodule_search_locations is not None
    base = folder.submodule_search_locations[0]
    for name in lean.STAND_INS:
        with open(f"{base}/{'/'.join(name.split('.')[1:])}.py", encoding="utf-8") as source:
            lines = source.read().splitlines()
        assert any(line.startswith(("import tensorflow", "from tensorflow")) for line in lines), name


@NEEDS_NO_TENSORFLOW
def test_rasa_does_not_start_without_stand_ins_and_starts_with_them() -> None:
    assert "tensorflow" in python("import rasa.engine.recipes.default_components").stderr
    done = python(
        "from bot.engine import lean; lean.start(); lean.start()\n"
        "import rasa.__main__, rasa.core.agent, rasa.model_training, rasa.core.run\n"
        "import rasa.telemetry; assert not rasa.telemetry.is_telemetry_enabled()"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@NEEDS_NO_TENSORFLOW
def test_a_component_that_needs_tensorflow_says_so() -> None:
    from rasa.nlu.classifiers.diet_classifier import DIETClassifier

    with pytest.raises(ImportError, match="DIETClassifier needs TensorFlow"):
        DIETClassifier({})


def test_nothing_is_touched_where_tensorflow_is_installed() -> None:
    done = python(
        "import sys; from bot.engine import lean; lean.has_tensorflow = lambda: True; lean.start()\n"
        "assert not any(name in sys.modules for name in lean.STAND_INS)"
    )
    assert done.returncode == 0, done.stderr
