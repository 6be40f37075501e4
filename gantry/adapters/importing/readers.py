"""Which products' exports are read, and whose an element is: its content alone decides, the first that knows it has it."""

from gantry.adapters.importing import (
    aistudio,
    anythingllm,
    big_agi,
    chatbot_ui,
    chatgpt,
    claude,
    deepseek,
    gantry,
    grok,
    jan,
    librechat,
    lmstudio,
    lobechat,
    nebulus,
    openwebui,
    sillytavern,
    takeout,
    typingmind,
)
from gantry.domain.importing import Reader

READERS: tuple[Reader, ...] = (
    chatgpt.READER,
    claude.READER,
    gantry.READER,
    openwebui.READER,
    librechat.READER,
    nebulus.READER,
    grok.READER,
    deepseek.READER,
    aistudio.READER,
    takeout.READER,
    lobechat.READER,
    lmstudio.READER,
    sillytavern.READER,
    jan.READER,
    typingmind.READER,
    big_agi.READER,
    chatbot_ui.READER,
    anythingllm.READER,
    openwebui.OLDEST,
)


def reader_of(element: object) -> Reader | None:
    """Return the reader that knows *element*."""
    return next((reader for reader in READERS if reader.claims(element)), None)
