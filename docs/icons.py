"""Draw the icons that are not SVG from assets/favicon.svg: `PYTHONPATH=. .venv/bin/python docs/icons.py`."""

import asyncio
import struct
from pathlib import Path

from playwright.async_api import Page

from tests.parts.browser import running_chromium

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PAPER = "#faf9f5"  # --bg of the light theme in assets/gantry.css
MASKABLE = 0.62  # how much of it the drawing may fill: systems cut such an icon to a circle
WHOLE = 0.86  # where nothing is cut
ICO_PIXELS = (16, 32, 48)


async def draw(page: Page, pixels: int, *, fill: float = 1.0, paper: str = "transparent") -> bytes:
    """Return a PNG of *pixels* by *pixels* on *paper*; *fill* is the share of the edge that the drawing takes."""
    drawing = (ASSETS / "favicon.svg").read_text(encoding="utf-8")
    await page.set_viewport_size({"width": pixels, "height": pixels})
    await page.set_content(
        f"<style>body {{ margin: 0; height: 100vh; display: grid; place-items: center; background: {paper} }}"
        f"svg {{ width: {pixels * fill}px }}</style>{drawing}"
    )
    return await page.screenshot(omit_background=True)


def ico(images: dict[int, bytes]) -> bytes:
    """Return PNGs, by their size in pixels, as one .ico."""
    offset = 6 + 16 * len(images)
    entries = b""
    for pixels, image in images.items():
        entries += struct.pack("<BBBBHHII", pixels, pixels, 0, 0, 1, 32, len(image), offset)
        offset += len(image)
    return struct.pack("<HHH", 0, 1, len(images)) + entries + b"".join(images.values())


async def main() -> None:
    """Write them all."""
    async with running_chromium() as browser:
        page = await browser.new_page()
        small = {pixels: await draw(page, pixels) for pixels in ICO_PIXELS}
        (ASSETS / "favicon.ico").write_bytes(ico(small))
        cut = (("apple-touch-icon", 180), ("icon-maskable-192", 192), ("icon-maskable-512", 512))
        for name, pixels, fill in (
            *((*each, MASKABLE) for each in cut),
            ("icon-192", 192, WHOLE),
            ("icon-512", 512, WHOLE),
        ):
            image = await draw(page, pixels, fill=fill, paper=PAPER)
            (ASSETS / f"{name}.png").write_bytes(image)


if __name__ == "__main__":
    asyncio.run(main())
