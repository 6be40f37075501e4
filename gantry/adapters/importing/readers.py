"""Which products' exports are read, and whose an element is: its content alone decides, the first that knows it has it."""

from gantry.adapters.importing import chatgpt
from gantry.domain.importing import Reader

READERS: tuple[Reader, ...] = (
    chatgpt.READER,
)  # fmt: skip
NAMES = "ChatGPT, Claude, Open WebUI, LibreChat, Nebulus Gantry, Gemini, Grok, DeepSeek, Chatbot UI, LobeChat, Jan, LM Studio, SillyTavern and Gantry"


def reader_of(element: object) -> Reader | None:
    """Return the reader that knows *element*."""
    return next((reader for reader in READERS if reader.claims(element)), None)
