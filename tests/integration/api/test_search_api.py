"""Search over REST."""

from tests.factories import actor_of
from tests.integration.services.test_search import kept
from tests.parts.api_server import api_of, sign_in
from tests.parts.stack import Stack


async def test_search_over_rest(stack: Stack) -> None:
    """What is found, as programs see it; without a session nothing; limits are kept."""
    async with api_of(stack) as client:
        assert (await client.get("/api/v1/search", params={"q": "kayak"})).status_code == 401
        await sign_in(stack, client, "ben@example.org")
        async with stack.database.read() as tx:
            account = await tx.accounts.find_by_email("ben@example.org")
        assert account is not None
        ben = actor_of(account)
        [message] = await kept(stack, "The green kayak.", who=ben, title="Boats")
        found = await client.get("/api/v1/search", params={"q": "kay", "role": "user", "limit": 5})
        [hit] = found.json()["hits"]
        assert hit["message_id"] == str(message)
        assert hit["title"] == [{"text": "Boats", "marked": False}]
        assert {"text": "kayak", "marked": True} in hit["snippet"]
        for refused in (
            {"q": "x" * 201},
            {"q": "a", "limit": 51},
            {"q": "a", "role": "root"},
            {"q": "a", "after": "0001-01-01T00:00:00Z"},
        ):
            assert (await client.get("/api/v1/search", params=refused)).status_code == 422, refused
        later = {"q": "kayak", "after": "2027-01-01T00:00:00Z"}
        assert (await client.get("/api/v1/search", params=later)).json() == {"hits": []}
