"""The pipeline's components: one spelling, features, decisions, and what is stored of them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_harness import PROJECT, ROOT
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.components.dense_featurizer import SentenceVectorFeaturizer
from bot.engine.components.intent_classifier import CalibratedLinearClassifier
from bot.engine.components.ngram_featurizer import NgramTfidfFeaturizer
from bot.engine.components.scope_model import Neighbours, fit, nearness
from bot.engine.components.sentence_vectors import SIZE, SentenceVectors
from bot.engine.components.spanish_tokenizer import SpanishTokenizer, normal_text
from bot.engine.components.text import normal_form

COMPONENTS = (SpanishTokenizer, NgramTfidfFeaturizer, SentenceVectorFeaturizer, CalibratedLinearClassifier)


def context(name: str) -> ExecutionContext:
    return ExecutionContext(GraphSchema({}), node_name=name)


def configuration(component: Any) -> dict[str, Any]:
    return dict(component.get_default_config())


def build(component: Any, storage: LocalModelStorage) -> Any:
    name = component.__name__
    return component.create(configuration(component), storage, Resource(name), context(name))


def load(component: Any, storage: LocalModelStorage) -> Any:
    name = component.__name__
    return component.load(configuration(component), storage, Resource(name), context(name))


def train(folder: Path, data: TrainingData) -> tuple[LocalModelStorage, list[Any]]:
    storage = LocalModelStorage(folder)
    folder.mkdir(parents=True, exist_ok=True)
    built = [build(component, storage) for component in COMPONENTS]
    for component in built:
        if hasattr(component, "train"):
            component.train(data)
        component.process_training_data(data)
    return storage, built


def parse(components: list[Any], *texts: str) -> list[Message]:
    messages = [Message({"text": text}) for text in texts]
    for component in components:
        messages = component.process(messages)
    return messages


@pytest.fixture
def data() -> TrainingData:
    return RasaFileImporter(training_data_paths=[str(PROJECT / "data/nlu")]).get_nlu_data()


TEXTS = ("qiero sacr mi acta d nacimiento", "HOLA!!", "cuéntame un chiste de pericos", "", "🙂", "12345", "a" * 5000)


def test_what_is_stored_reads_messages_as_what_was_trained(tmp_path: Path, data: TrainingData) -> None:
    storage, trained = train(tmp_path / "a", data)
    loaded = [trained[0], load(NgramTfidfFeaturizer, storage), trained[2], load(CalibratedLinearClassifier, storage)]
    for first, second in zip(parse(trained, *TEXTS), parse(loaded, *TEXTS), strict=True):
        assert first.get("intent_ranking") == second.get("intent_ranking")


def test_nothing_that_is_stored_can_run_code(tmp_path: Path, data: TrainingData) -> None:
    train(tmp_path / "a", data)
    stored = sorted(path for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert {path.suffix for path in stored} == {".json", ".npz"}
    for path in stored:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype.kind in "fiu" for name in arrays.files)
    for module in (ROOT / "bot/engine").rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"pickle", "joblib", "cloudpickle", "dill", "skops"}, module


def test_the_same_data_gives_the_same_model(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        nlu = RasaFileImporter(training_data_paths=[str(PROJECT / "data/nlu")]).get_nlu_data()
        storage, _ = train(tmp_path / name, nlu)
        with storage.read_from(Resource("CalibratedLinearClassifier")) as folder:
            arrays = np.load(folder / "model.npz", allow_pickle=False)
            files.append(({key: arrays[key] for key in arrays.files}, (folder / "model.json").read_text()))
    assert files[0][1] == files[1][1]
    for key, value in files[0][0].items():
        np.testing.assert_array_equal(value, files[1][0][key])


def test_rankings_are_probabilities_with_the_decision_first(tmp_path: Path, data: TrainingData) -> None:
    _, components = train(tmp_path / "a", data)
    for message in parse(components, *TEXTS, "quiero hablar con alguien", "requisitos del pasaporte"):
        ranking = message.get("intent_ranking")
        assert message.get("intent") == ranking[0]
        assert all(0.0 <= item["confidence"] <= 1.0 for item in ranking)
        assert sum(item["confidence"] for item in ranking) <= 1.001
        assert len({item["name"] for item in ranking}) == len(ranking) == 5


def test_typos_and_chat_spelling_are_read(tmp_path: Path, data: TrainingData) -> None:
    _, components = train(tmp_path / "a", data)
    phrases = {
        "ola buenas tardez": "greet",
        "q nesesito pal pasaporte": "ask_procedure",
        "kiero ablar kon una persona": "human",
        "CUANTO CUESTA LA LICENCIA DE MANEJARRRR": "ask_procedure",
    }
    messages = parse(components, *phrases)
    assert {m.get("text"): m.get("intent")["name"] for m in messages} == phrases


def test_words_without_letters_are_out_of_scope(tmp_path: Path, data: TrainingData) -> None:
    _, components = train(tmp_path / "a", data)
    for message in parse(components, "", "...", "   "):
        assert message.get("intent") == {"name": "out_of_scope", "confidence": 1.0}


def labelled(labels: list[str], width: int = 4) -> tuple[Any, Any]:
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(7)
    centres = {label: rng.normal(size=width) for label in sorted(set(labels))}
    rows = np.stack([centres[label] + 0.05 * rng.normal(size=width) for label in labels]).astype(np.float32)
    return csr_matrix(rows), rows


@pytest.mark.parametrize(
    "labels",
    [
        ["a"],
        ["a"] * 5,
        ["a", "b"],
        ["a"] * 6 + ["b"],
        ["a"] * 6 + ["out_of_scope"] * 4,
        ["out_of_scope"] * 3,
        ["a"] * 7 + ["b"] * 2 + ["c"] + ["out_of_scope"] * 2,
    ],
)
def test_any_set_of_intents_can_be_learned(labels: list[str]) -> None:
    features, vectors = labelled(labels)
    model = fit(features, vectors, labels, out_of_scope="out_of_scope")
    shares, chances = model.probabilities(features, vectors)
    assert np.isfinite(shares).all()
    assert ((chances >= 0) & (chances <= 1)).all()
    assert 0 <= model.threshold <= 0.5
    if len(set(labels)) == len(labels) == 2 or set(labels) == {"a", "b"}:
        assert [model.intents[index] for index in shares.argmax(axis=1)] == labels


def test_the_nearest_of_many_examples_is_found() -> None:
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(40, 512))
    examples = np.repeat(centres, 30, axis=0) + 0.3 * rng.normal(size=(1200, 512))
    examples = (examples / np.linalg.norm(examples, axis=1, keepdims=True)).astype(np.float32)
    asked = examples[::50] + 0.02 * rng.normal(size=(24, 512)).astype(np.float32)
    found = Neighbours(examples.astype(np.float16)).nearness(asked)
    np.testing.assert_allclose(found, nearness(asked, examples), atol=2e-3)


@pytest.mark.parametrize("count", [0, 1, 48, 49])
def test_few_examples_have_a_nearest_one_too(count: int) -> None:
    examples = np.eye(512, dtype=np.float32)[:count]
    asked = np.eye(512, dtype=np.float32)[:2]
    np.testing.assert_allclose(Neighbours(examples).nearness(asked), nearness(asked, examples), atol=1e-6)


def test_at_most_the_stated_share_of_known_examples_is_turned_away() -> None:
    labels = [name for name in "abcdefgh" for _ in range(25)] + ["out_of_scope"] * 25
    features, vectors = labelled(labels, width=6)
    model = fit(features, vectors, labels, out_of_scope="out_of_scope", rejected=0.05)
    _, chances = model.probabilities(features, vectors)
    known = np.array([label != "out_of_scope" for label in labels])
    assert (chances[known] < model.threshold).mean() <= 0.06


@pytest.mark.parametrize(
    ("token", "normal"),
    [
        ("NECESITOOO", "necesito"),
        ("calle", "calle"),
        ("año", "ano"),
        ("¿", ""),
        ("...", ""),
        ("xq", "porque"),
        ("1,250.50", "0"),
        ("👍", "👍"),
        ("CURP", "curp"),
    ],
)
def test_every_token_has_one_spelling(token: str, normal: str) -> None:
    assert normal_form(token) == normal


def test_tokens_keep_their_places_in_the_text() -> None:
    text = "¿Qué  necesito pa'l Pasaporte?"
    message = parse([SpanishTokenizer(configuration(SpanishTokenizer))], text)[0]
    assert [text[token.start : token.end] for token in message.get("text_tokens")] == [
        token.text for token in message.get("text_tokens")
    ]
    assert normal_text(message).split()[:2] == ["que", "necesito"]


def test_sentence_vectors_are_kept_and_bounded() -> None:
    vectors = SentenceVectors(keep=2)
    found = vectors.encode(["acta de nacimiento", "", "acta de nacimiento", "pasaporte"])
    assert found.shape == (4, SIZE)
    assert not found[1].any()
    np.testing.assert_array_equal(found[0], found[2])
    assert np.allclose(np.linalg.norm(found[[0, 3]], axis=1), 1.0, atol=1e-3)
    again = vectors.encode(["curp", "acta de nacimiento", "pasaporte"])
    np.testing.assert_allclose(again[1], found[0], atol=1e-5)
    assert len(vectors._kept) == 2
    assert vectors.encode([]).shape == (0, SIZE)


def test_component_names_are_nobody_elses() -> None:
    from rasa.engine.recipes.default_components import DEFAULT_COMPONENTS

    ours = [component.__name__ for component in COMPONENTS]
    assert len(set(ours)) == len(ours)
    assert not set(ours) & {component.__name__ for component in DEFAULT_COMPONENTS}
