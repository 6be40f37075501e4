"""Uses the client that openapi-python-client makes: from sign-in to an answer, and into every kind of error.

Its folder is on the path as ``gantry_client``; addresses and tokens are in the environment.
"""

import os
import time
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from gantry_client import (
    AuthenticatedClient,
    Client,
)
from gantry_client.api.accounts import (
    create_user,
    get_profile,
    list_users,
    sign_in,
)
from gantry_client.api.answers import get_generation
from gantry_client.api.chat import (
    create_conversation,
    get_conversation,
    send_message,
)
from gantry_client.models import (
    NewAccount,
    NewConversation,
    NewMessage,
    Problem,
    SignInRequest,
)

ADDRESS = os.environ["GANTRY"]


def refused(answer: Any, status: int, kind: str) -> None:
    """Expect a problem with all that it tells."""
    assert answer.status_code == HTTPStatus(status), answer
    assert isinstance(answer.parsed, Problem)
    assert (answer.parsed.status, answer.parsed.type_) == (status, f"/problems/{kind}")
    assert answer.parsed.detail


def as_whom(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=ADDRESS, token=token)


anybody = Client(base_url=ADDRESS)
pair = SignInRequest(email=os.environ["EMAIL"], password=os.environ["PASSWORD"], token=True)
session = sign_in.sync(client=anybody, body=pair)
me = as_whom(session.token)
talk = create_conversation.sync(client=me, body=NewConversation(title="Tea", model="gantry/extractive"))
sent = send_message.sync(talk.id, client=me, body=NewMessage(content="What did I say about tea?"))
while get_generation.sync(sent.generation_id, client=me).finished_at is None:
    time.sleep(0.05)
print(get_conversation.sync(talk.id, client=me).messages[-1].content)

refused(get_profile.sync_detailed(client=as_whom("wrong")), 401, "not-signed-in")
reader = as_whom(os.environ["READER"])
refused(list_users.sync_detailed(client=reader), 403, "insufficient-scope")
refused(get_conversation.sync_detailed(uuid4(), client=me), 404, "not-found")
admin = as_whom(os.environ["ADMIN"])
taken = NewAccount(email=os.environ["EMAIL"])
refused(create_user.sync_detailed(client=admin, body=taken), 409, "conflict")
refused(create_user.sync_detailed(client=admin, body=NewAccount(email="nobody")), 422, "invalid")
wrong = SignInRequest(email="nobody@example.org", password="wrong")
for _ in range(30):
    answer = sign_in.sync_detailed(client=anybody, body=wrong)
    if answer.status_code != HTTPStatus.UNAUTHORIZED:
        break
refused(answer, 429, "too-many-attempts")
