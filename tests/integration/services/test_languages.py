"""Search by words in every language, on both databases, with no model of meaning."""

from collections.abc import Mapping
from uuid import UUID

from gantry.domain.chat import MessageRole
from gantry.domain.clock import utc_now
from gantry.domain.knowledge import DocumentScope, ScopeKind
from gantry.domain.memory import MemoryKind
from gantry.domain.vault import DocumentState
from gantry.domain.words import asked
from gantry.models import Chunk, Collection, Conversation, Document, MemoryItem, Message, new_id
from tests.parts.stack import Stack

# What is kept, and questions that only this text answers. The word that is asked for stands in another form where the
# language has forms.
KEPT = {
    "zh-1": ("护照放在书房的蓝色盒子里。", ["护照在哪里？", "蓝色的盒子里有什么？"]),
    "zh-2": ("车位租金每月三百元，每月五号之前付给物业。", ["车位的租金是多少？", "什么时候付给物业？"]),
    "zh-3": ("家裡的無線網路密碼寫在冰箱旁邊的便條紙上。", ["無線網路的密碼寫在哪裡？"]),
    "zh-4": ("那只猫怕打雷，一打雷就躲到床底下。", ["猫怕什么？"]),
    "ja-1": (
        "自転車の鍵は玄関の棚の二段目にあります。",
        ["自転車の鍵はどこにありますか？", "玄関の棚には何がある？"],
    ),
    "ja-2": (
        "プリンターのインクは駅前の電器店で買えます。",
        ["プリンターのインクはどこで買えますか", "インクを買う店を教えてください"],
    ),
    "ja-3": ("歯医者の予約は木曜日の午後三時です。", ["歯医者の予約はいつですか？"]),
    "ko-1": (
        "여권은 서재의 파란 상자에 넣어 두었습니다.",
        ["여권이 어디에 있나요?", "파란 상자에는 무엇이 있나요?"],
    ),
    "ko-2": (
        "주차장을 쓰려면 관리실에 신청서를 내야 합니다.",
        ["주차장은 어떻게 신청하나요?", "신청서는 어디에 내나요?"],
    ),
    "ko-3": ("책은 도서관에서 두 주 동안 빌릴 수 있습니다.", ["도서관의 책을 얼마나 빌릴 수 있나요?"]),
    "th-1": ("หนังสือเดินทางเก็บไว้ในลิ้นชักโต๊ะทำงาน", ["หนังสือเดินทางอยู่ที่ไหน", "ในลิ้นชักมีอะไร"]),
    "th-2": ("ค่าเช่าที่จอดรถเดือนละแปดร้อยบาท", ["ค่าเช่าที่จอดรถเท่าไร"]),
    "lo": ("ກະແຈລົດຢູ່ເທິງຕູ້ເຢັນ", ["ກະແຈລົດຢູ່ໃສ"]),
    "km": ("សោរឡានស្ថិតនៅលើទូទឹកកក", ["សោរឡាននៅឯណា"]),
    "my": ("ကားသော့ကို ရေခဲသေတ္တာပေါ်မှာ ထားတယ်", ["ကားသော့ ဘယ်မှာလဲ"]),
    "ru-1": (
        "Страховой полис лежит в верхнем ящике комода.",
        ["Где лежат страховые полисы?", "Что в ящиках комода?"],
    ),
    "ru-2": ("Соседка поливает цветы, пока мы в отпуске.", ["Кто поливал цветок соседки?"]),
    "uk": ("Ключі від гаража висять біля вхідних дверей.", ["Де висять ключі від гаража?"]),
    "de-1": (
        "Der Mietvertrag liegt im Ordner neben den Zeugnissen.",
        ["In welchen Ordnern sind die Mietverträge?"],
    ),
    "de-2": (
        "Herr Müller hat den Schlüssel für den Keller.",
        ["Wer hat die Schluessel der Keller?", "Mueller"],
    ),
    "fr-1": (
        "La chaudière a été réparée par le plombier du village.",
        ["Quels plombiers ont réparé les chaudières ?"],
    ),
    "fr-2": (
        "L'assurance couvre les vélos volés à la gare.",
        ["Est-ce que le vélo volé est couvert par l'assurance ?"],
    ),
    "es-1": (
        "Las vacunas de los perros se renuevan cada año.",
        ["¿Cuándo se renueva la vacuna del perro?", "vacunacion"],
    ),
    "es-2": ("El fontanero arregló las tuberías de la cocina.", ["¿Quién arregla la tubería?"]),
    "pt": ("As chaves da garagem estão na gaveta da cozinha.", ["Onde está a chave da garagem?"]),
    "it": (
        "Il contratto del telefono scade alla fine di giugno.",
        ["Quando scadono i contratti dei telefoni?"],
    ),
    "nl": ("De fietsen staan in de schuur achter het huis.", ["Waar staat mijn fiets?"]),
    "sv": ("Båtarna ligger vid bryggan och är inte låsta.", ["Var ligger båten?"]),
    "fi": ("Polkupyörät ovat varastossa ja ne on lukittu.", ["Missä polkupyörä on?"]),
    "pl": ("Umowa najmu jest w szufladzie przy oknie.", ["Gdzie są umowy najmu?"]),
    "tr-1": ("Pasaportlar yatak odasındaki çekmecede duruyor.", ["Pasaport nerede duruyor?"]),
    "tr-2": ("IŞIK sigortası bodrumda ve çok eski.", ["ışık sigortası nerede?"]),
    "ar-1": ("جواز السفر في الدرج العلوي من المكتب.", ["أين جواز السفر؟"]),
    "ar-2": ("موعد الطبيب يوم الخميس الساعة الثالثة.", ["متى موعد الطبيب؟"]),
    "he": ("חוזה השכירות נמצא בתיקייה הירוקה.", ["איפה חוזה השכירות?"]),
    "hi": ("पासपोर्ट अलमारी की दराज में रखा है।", ["पासपोर्ट कहाँ रखा है?"]),
    "el": ("Τα κλειδιά του αυτοκινήτου είναι στο συρτάρι.", ["Πού είναι το κλειδί του αυτοκινήτου;"]),
    "en-1": ("The spare batteries are stored in the cellar.", ["Where is the spare battery stored?"]),
    "en-2": ("It's my sister's canoe, not the neighbours'.", ["Whose is the canoe, my sister's?"]),
    "mixed": (
        "Meeting mit Frau Tanaka 田中さん: the prototype ships on 3月, Rechnung folgt.",
        ["When does the prototype ship?", "田中さんの meeting はいつ", "Rechnungen von Frau Tanaka"],
    ),
}


async def test_a_question_finds_the_one_text_that_answers_it(stack: Stack) -> None:
    """Among texts in thirty languages; Chinese words of two characters, Korean with particles, Thai without spaces."""
    names = await kept_as_documents(stack, {name: text for name, (text, _) in KEPT.items()})

    async def first(question: str) -> str:
        found = await stack.services.retriever.documents(
            stack.who, question, scope=DocumentScope(ScopeKind.ALL)
        )
        return next((names[passage.source_id] for passage in found.passages), "")

    wanted = [(question, name) for name, (_text, questions) in KEPT.items() for question in questions]
    assert [(question, await first(question)) for question, _name in wanted] == wanted


async def test_what_was_said_is_found_in_its_language(stack: Stack) -> None:
    """By memory, and by the built-in answerer among all messages."""
    said = {name: text for name, (text, _) in KEPT.items()}
    names = await kept_as_messages(stack, said)
    elsewhere = new_id()
    wrong: list[tuple[str, str, list[str]]] = []
    for name, (_text, questions) in KEPT.items():
        for question in questions:
            turns = (await stack.services.retriever.memory(stack.who, question)).passages
            async with stack.database.read() as tx:
                found = await tx.search.messages(
                    asked(question), owner=stack.who.id, apart=elsewhere, unlike="extractive", limit=3
                )
            first = [names[turn.message_id] for turn in turns[:1]] + [
                names[each.message_id] for each in found[:1]
            ]
            if first != [name, name]:
                wrong.append((name, question, first))
    assert not wrong


async def test_any_characters_can_be_kept_and_searched(stack: Stack) -> None:
    """Single letters, marks that stand on none, half of a word: nothing of them is a term that a database refuses."""
    odd = [chr(code) for code in range(0x21, 0x3200)]
    texts = {
        str(n): " ".join(f"{one} x{one} {one}'s" for one in odd[n : n + 500]) for n in range(0, len(odd), 500)
    }
    names = await kept_as_messages(stack, texts | {"plain": "The kayak is green."})
    async with stack.database.read() as tx:
        for text in ("kayak", *texts.values()):
            found = await tx.search.messages(
                asked(text), owner=stack.who.id, apart=new_id(), unlike="extractive", limit=3
            )
            assert found, text[:80]
    assert len(names) == len(texts) + 1


async def kept_as_documents(stack: Stack, texts: Mapping[str, str]) -> dict[UUID, str]:
    """Store each text as a document that has been read; return what each document is."""
    names: dict[UUID, str] = {}
    now = utc_now()
    async with stack.database.begin() as tx:
        kind = Collection(account_id=stack.who.id, name="All", created_at=now, updated_at=now)
        await tx.vault.add(kind)
        for name, text in texts.items():
            document = Document(
                account_id=stack.who.id,
                collection_id=kind.id,
                name="note.txt",
                media_type="text/plain",
                size_bytes=len(text.encode()),
                sha256=name,
                state=DocumentState.READY,
                created_at=now,
                updated_at=now,
            )
            await tx.vault.add(document)
            chunk = Chunk(
                document_id=document.id,
                account_id=stack.who.id,
                collection_id=kind.id,
                ordinal=0,
                heading="",
                start_offset=0,
                end_offset=len(text),
                context="note.txt",
                content=text,
            )
            await tx.vault.add_chunks([chunk])
            names[document.id] = name
    return names


async def kept_as_messages(stack: Stack, texts: Mapping[str, str]) -> dict[UUID | None, str]:
    """Store each text as a message, and as a turn of memory; return what each message is."""
    names: dict[UUID | None, str] = {}
    now = utc_now()
    async with stack.database.begin() as tx:
        thread = Conversation(account_id=stack.who.id, title="Notes", created_at=now, updated_at=now)
        await tx.chat.add_conversation(thread)
        for name, text in texts.items():
            message = Message(
                conversation_id=thread.id,
                account_id=stack.who.id,
                role=MessageRole.USER,
                content=text,
                depth=0,
                created_at=now,
            )
            await tx.chat.add_messages([message])
            turn = MemoryItem(
                account_id=stack.who.id,
                kind=MemoryKind.TURN,
                conversation_id=thread.id,
                message_id=message.id,
                fingerprint=name,
                speaker="user",
                content=text,
                context="Ann, 3 May 2026",
                said_at=now,
                created_at=now,
                updated_at=now,
            )
            await tx.memory.add(turn)
            names[message.id] = name
    return names
