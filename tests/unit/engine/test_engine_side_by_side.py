from __future__ import annotations

import multiprocessing
import os
from functools import partial

import numpy as np
import pytest

from bot.engine.components.scope_model import fit
from bot.engine.components.sentence_vectors import SentenceVectors
from bot.engine.components.side_by_side import side_by_side


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def only_here(parent: int) -> int:
    """End the process without a word, as one does that runs out of memory; not the one that waits for it."""
    if os.getpid() != parent:
        os._exit(9)
    return 7


def fail() -> int:
    raise ValueError("no such thing")


@pytest.mark.parametrize("cores", [1, 2, 3, 9])
def test_results_come_in_the_order_of_the_works_from_as_many_processes_as_there_are_cores(cores: int):
    found = side_by_side([partial(square, number) for number in range(5)], cores)
    assert [result for result, _ in found] == [0, 1, 4, 9, 16]
    assert len({process for _, process in found}) == min(cores, 5)
    assert multiprocessing.active_children() == []


def test_nothing_to_do_is_no_result():
    assert side_by_side([]) == []


def test_what_a_process_that_ended_did_not_do_is_done_here():
    assert side_by_side([partial(only_here, os.getpid())] * 4, 2) == [7, 7, 7, 7]


def test_what_fails_elsewhere_is_raised_here():
    with pytest.raises(ValueError, match="no such thing"):
        side_by_side([partial(square, 2), fail], 2)


def test_texts_have_the_same_vectors_on_one_core_and_on_all():
    texts = [f"quiero el acta número {number}" for number in range(20)]
    spread, alone = SentenceVectors(), SentenceVectors()
    np.testing.assert_allclose(spread.encode(texts, spread=True), alone.encode(texts), atol=1e-5)


def test_the_same_examples_give_the_same_model_every_time():
    from scipy.sparse import random as random_matrix

    features = random_matrix(120, 60, 0.2, format="csr", random_state=3, dtype=np.float32)
    vectors = features[:, 40:].toarray()
    labels = ["acta", "pasaporte", "nada"] * 40
    one, two = (fit(features, vectors, labels, out_of_scope="nada") for _ in range(2))
    np.testing.assert_array_equal(one.weights, two.weights)
    np.testing.assert_array_equal(one.scope, two.scope)
