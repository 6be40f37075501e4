"""Documents in production: the embedding model in the image, ChromaDB as a server, files on the shared volume."""

from playwright.async_api import expect

from tests.deploy.conftest import Figures
from tests.e2e.scripts import Cues
from tests.e2e.test_documents import HARBOUR, file, ready, recalled_then_forgotten, upload
from tests.parts import documents
from tests.parts.app import Person
from tests.parts.browser import Tab, Visits
from tests.parts.compose import Stack
from tests.parts.llm_server import Script, ScriptedServer
from tests.parts.samples import picture


async def cites(tab: Tab, words: str) -> None:
    """Ask about the lighthouse in other words, in so many that the script's mark says little, and open the source."""
    await tab.open("/")
    await tab.ask(
        f"Who was the guardian of the beacon for ships at the coast, and what was her name? {words}"
    )
    await tab.ends()
    await tab.answer.get_by_test_id("citation").first.click()
    panel = tab.page.get_by_test_id("sources-panel")
    await expect(panel.get_by_test_id("passage")).to_contain_text("Amalia Brandt")
    await expect(panel).to_contain_text("Page 2")


async def test_an_uploaded_document_is_cited(
    stack: Stack, admin: Person, visits: Visits, deploy_llm: ScriptedServer, figures: Figures
) -> None:
    """Found by its meaning through any replica."""
    tab = await visits.tab(admin, "/vault", ignore_https_errors=True)
    scan = file("roses.png", picture("Roses need sun."), "image/png")
    await upload(tab, file("harbour.pdf", HARBOUR), file("long.pdf", documents.long_pdf(60)), scan)
    await ready(tab, "harbour.pdf")
    await ready(tab, "roses.png")  # the image has text recognition
    await expect(tab.page.get_by_test_id("index-note")).to_have_count(0)  # the image has MiniLM
    await cites(tab, str(Cues(deploy_llm)(Script("Amalia Brandt did [1]."))))
    figures.add(
        "chroma counts in doctor", stack.gantry("doctor").partition("search:")[2].partition("\n")[0].strip()
    )


async def test_what_is_too_large_is_refused_in_words(stack: Stack, admin: Person, visits: Visits) -> None:
    """Uploads may be larger than other requests, and what cannot be read is refused where it was dropped."""
    visits.faults.allow_status(422)
    tab = await visits.tab(admin, "/vault", ignore_https_errors=True)
    await upload(tab, file("noise.bin", bytes(range(256)) * 20_000, "application/octet-stream"))
    await expect(tab.page.get_by_test_id("uploading")).to_contain_text(
        "Unsupported file type", timeout=30_000
    )


async def test_what_was_told_is_recalled_then_forgotten(
    admin: Person, visits: Visits, deploy_llm: ScriptedServer
) -> None:
    """Whichever replica learns it, and whichever is asked."""
    tab = await visits.tab(admin, ignore_https_errors=True)
    await recalled_then_forgotten(tab, Cues(deploy_llm))
