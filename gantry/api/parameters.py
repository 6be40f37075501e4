"""What the OpenAPI document says of parameters: those that are called the same mean the same, but where a route says otherwise."""

from typing import Any

_IDS = {
    "collection_id": "a collection",
    "connection_id": "a model server",
    "conversation_id": "a conversation",
    "document_id": "a document",
    "fact_id": "a fact",
    "folder_id": "a folder",
    "generation_id": "an answer while it is written",
    "import_id": "an import",
    "message_id": "a message",
    "persona_id": "a persona",
    "prompt_id": "a prompt",
    "session_id": "a session",
    "share_id": "a link",
    "token_id": "an API token",
    "user_id": "an account",
}
_OTHERS = {
    "archived": "List archived ones, and no others.",
    "end": "Where the passage ends in the document's text.",
    "everything": "Add account, memory and documents.",
    "first": "Number of the first one, from 0.",
    "folder": "Id of a folder: only those in it.",
    "format": "Form of the files.",
    "id": "Ids of those that are wanted; all without it.",
    "ids": "Ids of conversations; all without it.",
    "last-event-id": "Id of the last event that was read: what came after it follows. Browsers send it by themselves.",
    "last_event_id": "The same where a client cannot send the header.",
    "limit": "How many at most.",
    "model": "Id of a model.",
    "origin": "Origin of the page that asks.",
    "persona": "Id of a persona: only conversations that have it.",
    "role": "Only messages of this role.",
    "search": "Words in names and addresses.",
    "start": "Where the passage begins in the document's text.",
    "tag": "Only those with this tag.",
    "token": "The secret part of a link's address.",
}
_OF_ROUTES = {
    ("list_conversations", "before"): "List those that changed before; `next` of the page before.",
    ("list_documents", "after"): "Id after which the list goes on; `next` of the page before.",
    ("list_documents", "collection_id"): "Id of a collection: only documents in it.",
    ("list_documents", "q"): "Words in names.",
    ("list_memory", "after"): "Id after which the list goes on; `next` of the page before.",
    ("list_memory", "q"): "Words in facts.",
    ("search", "after"): "Only messages from then on.",
    ("search", "before"): "Only messages before then.",
    ("search", "folder"): "Id of a folder: only conversations in it, and in those inside.",
    ("search", "model"): "Only answers of this model.",
    ("search", "q"): "What to search for; the last word may be the beginning of one.",
}
_RANGE = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "One part of the file, as `bytes=1000-`: a client goes on from where it was. Anything else is answered with the whole.",
    "schema": {"type": "string"},
}


def tell_parameters(operation: dict[str, Any]) -> None:
    """Describe every parameter of *operation*, and that it takes ``Range`` where it sends parts of files."""
    parameters = operation.get("parameters", [])
    for each in parameters:
        name = each["name"]
        told = _OF_ROUTES.get((operation["operationId"], name)) or _OTHERS.get(name) or _id_of(name)
        if told:
            each.setdefault("description", told)
    if "206" in operation["responses"]:
        operation["parameters"] = [*parameters, dict(_RANGE)]


def _id_of(name: str) -> str:
    return f"Id of {_IDS[name]}." if name in _IDS else ""
