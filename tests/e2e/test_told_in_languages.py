"""What went wrong is told in the language of whoever reads it; and Arabic pages run from right to left."""

from playwright.async_api import expect

from tests.e2e.scripts import Cues
from tests.e2e.test_documents import HARBOUR, file, ready, upload
from tests.e2e.test_importing import tides
from tests.parts.app import Person
from tests.parts.browser import PHONE, Visits, becomes
from tests.parts.llm_server import Script

# Of every piece of code: what it is, where a letter stands to the right of the next one in its line.
TURNED = """selector => [...document.querySelectorAll(selector)].filter(each => {
    const text = each.firstChild, range = document.createRange();
    const boxes = [...text.data].map((_, at) => (range.setStart(text, at), range.setEnd(text, at + 1), range.getBoundingClientRect()));
    return boxes.some((box, at) => at && box.width && box.top === boxes[at - 1].top && box.left < boxes[at - 1].left);
}).map(each => each.textContent)"""


async def test_an_answer_that_failed_is_read_in_each_readers_language(
    visits: Visits, person: Person, cue: Cues
) -> None:
    """While it is waited for and when it is stored: a German asks, and the same page is open in Arabic and English."""
    german = await visits.tab(person, "/", locale="de")
    refusal = Script(status=429, first_byte_delay=2.5, body={"error": {"message": "slow down"}})
    await german.ask(f"Wie spät ist es? {cue(refusal)}")
    arabic = await visits.tab(person, f"/c/{await german.conversation()}", locale="ar")
    await expect(german.answer).to_contain_text("Warten auf scripted")
    await expect(arabic.answer).to_contain_text("في انتظار scripted")
    for tab in (german, arabic):
        await tab.ends("failed")
    english = await visits.tab(person, german.path, locale="en")
    for tab, sentence, advice in (
        (german, "begrenzt die Anfragen.", "Warten Sie eine Minute und versuchen Sie es dann erneut."),
        (arabic, "يحدّ خادم النماذج", "انتظر دقيقة ثم حاول مرة أخرى."),
        (english, "is limiting requests.", "Wait a minute, then try again."),
    ):
        await expect(tab.failure).to_contain_text(sentence)
        await expect(tab.failure).to_contain_text(advice)
    await german.reload()
    await expect(german.failure).to_contain_text("begrenzt die Anfragen.")


async def test_a_german_page_tells_of_a_server_in_german(visits: Visits, admin: Person) -> None:
    """A server that does not answer: what is wrong, and the next step."""
    tab = await visits.tab(admin, "/admin/models", locale="de")
    await tab.page.get_by_test_id("add-server").click()
    dialog = tab.page.get_by_test_id("server-dialog")
    await dialog.locator("#server-name").fill("Werkstatt")
    await dialog.locator("#server-base_url").fill("http://127.0.0.1:9/v1")
    await dialog.get_by_role("button", name="Testen", exact=True).click()
    await expect(dialog).to_contain_text("Der Modellserver Werkstatt ist offline.")
    await expect(dialog).to_contain_text(
        "Starten Sie ihn unter 127.0.0.1:9, oder berichtigen Sie seine Adresse unter Verwaltung → Modellserver."
    )


async def test_files_are_refused_in_the_readers_language(visits: Visits, person: Person) -> None:
    """An upload in German; a document that cannot be read and what an import leaves out, stored by then, in Arabic."""
    visits.faults.allow_status(422)
    german = await visits.tab(person, "/vault", locale="de")
    await upload(german, file("leer.txt", b"", "text/plain"))
    await expect(german.page.get_by_test_id("uploading")).to_contain_text("Diese Datei ist leer.")
    await upload(german, file("kaputt.pdf", b"%PDF-1.4 nothing"))
    row = german.page.get_by_test_id("document")
    await expect(row).to_contain_text("Diese Datei ist beschädigt und kann nicht gelesen werden.")
    await german.open("/settings")
    await german.page.get_by_test_id("import-file").set_input_files(
        file("chats.json", tides(), "application/json")
    )
    left_out = german.page.get_by_test_id("import").locator("details")
    await left_out.locator("summary").click()
    await expect(left_out).to_contain_text("Eintrag 2 „Shell“")
    await expect(left_out).to_contain_text("es enthält keine Nachrichten")
    arabic = await visits.tab(person, "/vault", locale="ar")
    await expect(arabic.page.get_by_test_id("document")).to_contain_text("هذا الملف تالف")
    await arabic.open("/settings")
    left_out = arabic.page.get_by_test_id("import").locator("details")
    await left_out.locator("summary").click()
    await expect(left_out).to_contain_text("العنصر 2 «Shell»")


async def test_what_points_along_the_line_turns_with_it(visits: Visits, person: Person, cue: Cues) -> None:
    """Chevrons and the sidebar's sign are mirrored, open ones point down; the panel of sources is at the line's end."""
    folder = await person.rest.post("/api/v1/folders", json={"name": "Garden"})
    assert folder.status_code == 201
    tab = await visits.tab(person, "/vault", locale="ar")
    page = tab.page
    await upload(tab, file("harbour.pdf", HARBOUR))
    await ready(tab, "harbour.pdf")
    row = page.get_by_test_id("document")
    name, card = await page.get_by_test_id("document-name").bounding_box(), await row.bounding_box()
    assert name
    assert card
    assert card["x"] + card["width"] - (name["x"] + name["width"]) < 80  # beside its icon, where names begin
    mark = page.locator(".folder-mark")
    await expect(mark).to_have_css("scale", "-1 1")
    await expect(page.locator(".lucide-panel-left").first).to_have_css("scale", "-1 1")
    await expect(mark).to_have_css("rotate", "-90deg")
    await tab.open("/")
    await tab.ask(f"Who was the keeper? {cue(Script(text='Amalia Brandt [1].'))}")
    await tab.ends()
    await tab.answer.get_by_test_id("citation").click()
    panel = page.get_by_test_id("sources-panel")
    await expect(panel.get_by_test_id("passage")).to_have_css("unicode-bidi", "plaintext")
    box = await panel.bounding_box()
    assert box
    assert box["x"] == 0
    english = await visits.tab(person, "/", locale="en")
    await expect(english.page.locator(".folder-mark")).to_have_css("scale", "1")


async def test_the_sidebar_of_an_arabic_phone_comes_from_the_right(visits: Visits, person: Person) -> None:
    """Closed it is past the edge it comes from, and nothing reaches over the other."""
    tab = await visits.tab(person, "/", locale="ar", **PHONE)
    width = await tab.page.evaluate("innerWidth")
    closed = await tab.sidebar.evaluate("each => each.getBoundingClientRect().left")
    assert closed >= width
    await tab.page.get_by_role("button", name="الشريط الجانبي", exact=True).tap()
    await expect(tab.sidebar).to_be_visible()
    await becomes(lambda: tab.sidebar.evaluate("each => each.getBoundingClientRect().right"), width)


async def test_commands_and_addresses_are_read_from_left_to_right(visits: Visits, admin: Person) -> None:
    """On Arabic pages, where they break across lines too: steps of an installation, keys of a token, a server's address."""
    made = await admin.rest.post("/api/v1/me/tokens", json={"name": "مكتبة", "scopes": ["read"]})
    assert made.status_code == 201, made.text
    for options in ({}, PHONE):
        tab = await visits.tab(admin, "/admin/installation", locale="ar", **options)
        await expect(tab.page.locator(".steps code").last).to_be_visible()
        assert await tab.page.evaluate(TURNED, "code") == []
        await tab.open("/settings")
        await expect(tab.page.get_by_test_id("token").locator("code")).to_be_visible()
        assert await tab.page.evaluate(TURNED, "code") == []
        await tab.open("/admin/models")
        await expect(tab.page.locator(".mono").first).to_be_visible()
        assert await tab.page.evaluate(TURNED, ".mono") == []
