"""What a reader is told beside an answer."""

import pytest

from gantry.domain.context import Retrieval
from gantry.domain.knowledge import Nothing


@pytest.mark.parametrize(
    ("retrieval", "sentence"),
    [
        (Retrieval(), ""),
        (Retrieval(documents=2, passages=1), ""),
        (Retrieval(documents=0, nothing=Nothing.EMPTY), ""),
        (Retrieval(documents=3, nothing=Nothing.UNRELATED), ""),
        (Retrieval(documents=3, nothing=Nothing.MISSING), "Nothing found in 3 documents."),
        (Retrieval(nothing=Nothing.MISSING), "There are no documents to search in this selection."),
        (Retrieval(documents=0, unread=("a.pdf could not be read.",)), "a.pdf could not be read."),
        (
            Retrieval(documents=1, unread=("a.pdf could not be read.",), nothing=Nothing.MISSING),
            "a.pdf could not be read. Nothing found in 1 document.",
        ),
        (
            Retrieval(documents=2, passages=1, left_out=("reranker",)),
            "Results were not reranked: the reranker did not answer in time.",
        ),
    ],
)
def test_what_is_said_of_a_search(retrieval: Retrieval, sentence: str) -> None:
    """Nothing when all went well; else what was not found, not read or did not answer; stored and read alike."""
    assert retrieval.sentence == sentence
    assert Retrieval.parse(retrieval.stored()) == retrieval
