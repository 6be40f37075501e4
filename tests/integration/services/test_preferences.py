"""What a person prefers, on both databases."""

import io
import json
import zipfile

import pytest

from gantry.domain.errors import Invalid
from gantry.domain.exporting import ExportForm
from gantry.domain.preferences import Wishes
from tests.parts.stack import Stack


async def test_preferences_change_one_by_one(stack: Stack) -> None:
    """What is not given stays; the words for styles name all that is not usual."""
    preferences = stack.services.preferences
    assert (await stack.services.accounts.profile(stack.who)).look == ""
    await preferences.change(stack.who, Wishes(density="compact", show_time=False))
    await preferences.change(stack.who, Wishes(text_size="larger"))
    kept = await stack.services.accounts.profile(stack.who)
    assert kept.look == "compact larger no-time"
    assert (kept.show_model, kept.show_usage) == (True, True)


@pytest.mark.parametrize(
    "wrong", [Wishes(density="huge"), Wishes(text_size=""), Wishes(time_zone="../etc/passwd")]
)
async def test_what_is_not_offered_is_refused(stack: Stack, wrong: Wishes) -> None:
    """A wish that cannot be fulfilled changes nothing."""
    before = await stack.services.accounts.profile(stack.who)
    with pytest.raises(Invalid):
        await stack.services.preferences.change(stack.who, wrong)
    assert await stack.services.accounts.profile(stack.who) == before


async def test_a_chosen_zone_stays_whatever_a_browser_says(stack: Stack) -> None:
    """Travelling changes nothing until the person goes back to "As in the browser"."""
    preferences = stack.services.preferences
    await preferences.browser_is_in(stack.who, "Europe/Oslo")
    assert (await preferences.change(stack.who, Wishes(time_zone="Asia/Tokyo"))).zone_chosen
    assert (await preferences.browser_is_in(stack.who, "Europe/Oslo")).time_zone == "Asia/Tokyo"
    assert not (await preferences.change(stack.who, Wishes(time_zone=""))).zone_chosen
    assert (await preferences.browser_is_in(stack.who, "Europe/Oslo")).time_zone == "Europe/Oslo"


async def test_preferences_are_part_of_everything(stack: Stack) -> None:
    """The account's file in an export of everything names each of them."""
    await stack.services.preferences.change(
        stack.who, Wishes(density="compact", text_size="small", show_usage=False, time_zone="Asia/Tokyo")
    )
    export = await stack.services.exports.several(stack.who, ExportForm.JSON, everything=True)
    packed = b"".join([piece async for piece in export.content])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        told = json.loads(archive.read("account.json"))["account"]
    assert (told["density"], told["text_size"], told["show_usage"]) == ("compact", "small", False)
    assert (told["time_zone"], told["time_zone_chosen"]) == ("Asia/Tokyo", True)
