"""multilingual-e5: about a hundred languages; a question in one finds passages in another. Its files are put here by hand."""

from pathlib import Path

from gantry.adapters.embedding.onnx import OnnxEmbedder, Recipe
from gantry.domain.embedding import EmbeddingModel, TextRole

DIMENSIONS = {"multilingual-e5-small": 384, "multilingual-e5-base": 768}
FILES = ("model.onnx", "tokenizer.json")
# Plain sentences about nothing in particular, in many languages. Other ones would make other vectors.
_ANYTHING = (
    "The weather is nice today.",
    "How do I bake bread?",
    "She works in an office.",
    "The contract has three pages and a signature.",
    "Invoice 2023, total 45.00 EUR",
    "def main(): return 1",
    "Der Zug kommt um acht Uhr an.",
    "Wie viel kostet das?",
    "Le chat dort sur le canapé.",
    "Où est la gare ?",
    "El libro está sobre la mesa.",
    "¿Qué hora es?",
    "Il treno è in ritardo.",
    "O carro é novo.",
    "Tren sabah geliyor.",
    "Поезд прибывает утром.",
    "Сколько это стоит?",
    "今天天气很好。",
    "这本书多少钱？",
    "電車は朝に着きます。",
    "これはいくらですか。",
    "기차가 아침에 도착합니다.",
    "이것은 얼마입니까?",
    "รถไฟมาถึงตอนเช้า",
    "القطار يصل في الصباح.",
    "यह किताब नई है।",
)
_BEFORE = {TextRole.QUERY: "query: ", TextRole.PASSAGE: "passage: "}


def find_multilingual(name: str, folder: Path) -> Path | None:
    """Return where below *folder* the model of that name lies, with its tokenizer beside it; None where it does not.

    ``DATA_DIR/models/NAME`` or the folder ``onnx`` in it, as the model's own repository has it.
    """
    places = (folder / name, folder / name / "onnx")
    return next((place for place in places if all((place / each).is_file() for each in FILES)), None)


class Multilingual(OnnxEmbedder):
    """A model of that family in *folder*; see `OnnxEmbedder`."""

    def __init__(self, name: str, folder: Path, kept: Path) -> None:
        model = EmbeddingModel(name, DIMENSIONS[name], semantic=True)
        # The model reads 512 tokens; one text at a time takes the least memory, and costs no time.
        super().__init__(
            Recipe(model, 512, ("<pad>", 1), batch=1, before=_BEFORE, centred=_ANYTHING), folder, kept
        )
