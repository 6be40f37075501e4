"""Telling a long conversation in short without a model."""

from gantry.domain.summaries import summarised


def test_what_was_decided_stays_in_its_order_and_size() -> None:
    """Small talk goes first."""
    talk = [(True, "We need forty roses by the northern wall in April because of the frost.")]
    talk += [
        (number % 2 == 0, f"Well, that sounds quite nice indeed, friend {number}.") for number in range(200)
    ]
    talk += [(False, "Then the deadline for ordering forty roses is 12 March.")]
    text = summarised(talk, max_characters=400)
    assert len(text) <= 400
    assert text.index("- They: We need forty roses") < text.index("- You: Then the deadline")


def test_code_is_not_told() -> None:
    """Only sentences are."""
    assert summarised([(False, "```\nthe_function_of_all_things(1, 2, 3)\n```")]) == ""


def test_short_sentences_in_chinese_say_as_much() -> None:
    """Nine characters are a sentence."""
    told = summarised([(True, "我们决定下个月搬到成都去住。好的。"), (False, "搬家公司需要提前两周预约。")])
    assert told.splitlines() == ["- They: 我们决定下个月搬到成都去住。", "- You: 搬家公司需要提前两周预约。"]
