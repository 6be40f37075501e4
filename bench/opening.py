"""How long it takes to show long conversations, and long lists of them."""

from bench.browser import ROW, Tab
from bench.report import median
from bench.seed import last_words


def opened(tab: Tab, histories: tuple[tuple[int, str], ...], times: int) -> dict[int, float]:
    """Click on each conversation's row *times* times, in turn.

    Returns:
        The median milliseconds until its last message is painted in view, by the number of messages.
    """
    tab.open("/")
    tab.page.wait_for_selector(ROW)
    took: dict[int, list[float]] = {count: [] for count, _ in histories}
    for _ in range(times):
        for count, conversation in histories:
            took[count].append(
                tab.page.evaluate(
                    "([id, words]) => window.__bench.openConversation(id, words)",
                    [conversation, last_words(count)],
                )
            )
            tab.page.wait_for_timeout(500)
    return {count: median(values) for count, values in took.items()}


def sidebar_painted(tab: Tab, times: int) -> float:
    """Load ``/`` with a warm cache; return the median milliseconds until the list's first rows are painted."""
    tab.open("/")
    took: list[float] = []
    for _ in range(times):
        tab.open("/")
        took.append(tab.mark("rows"))
    return median(took)
