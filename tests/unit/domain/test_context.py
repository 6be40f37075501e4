"""What a reader is told beside an answer."""

import pytest

from gantry.domain.context import Retrieval


@pytest.mark.parametrize(
    ("retrieval", "sentence"),
    [
        (Retrieval(), ""),
        (Retrieval(documents=2, passages=1), ""),
        (Retrieval(documents=0), "No documents to search yet."),
        (Retrieval(documents=0, unread=("a.pdf could not be read.",)), "a.pdf could not be read."),
        (
            Retrieval(documents=1, unread=("a.pdf could not be read.",)),
            "a.pdf could not be read. Nothing found in 1 document.",
        ),
        (
            Retrieval(documents=2, passages=1, left_out=("reranker",)),
            "Ranked without the reranker: it did not answer in time.",
        ),
    ],
)
def test_what_is_said_of_a_search(retrieval: Retrieval, sentence: str) -> None:
    """Nothing when all went well; else what was not found, not read or did not answer; stored and read alike."""
    assert retrieval.sentence == sentence
    assert Retrieval.parse(retrieval.stored()) == retrieval
