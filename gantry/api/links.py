"""What the OpenAPI document says of how one request leads to the next: what one makes is named in the path of others."""

from collections.abc import Iterator
from typing import Any

# Which parts of an answer name what, by the operation that makes it: parameter of a path, and field of the answer.
_MADE = {
    "add_connection": {"connection_id": "id"},
    "add_memory": {"fact_id": "id"},
    "add_persona": {"persona_id": "id"},
    "add_prompt": {"prompt_id": "id"},
    "create_collection": {"collection_id": "id"},
    "create_conversation": {"conversation_id": "id"},
    "create_folder": {"folder_id": "id"},
    "create_token": {"token_id": "id"},
    "create_user": {"user_id": "user/id"},
    "send_message": {
        "conversation_id": "conversation_id",
        "generation_id": "generation_id",
        "message_id": "message_id",
    },
    "share_conversation": {"share_id": "id", "token": "token"},
    "upload_document": {"document_id": "id"},
    "upload_import": {"import_id": "id"},
}


def tell_links(operations: list[dict[str, Any]]) -> None:
    """Link each operation that makes something to those that take it."""
    takes = {each["operationId"]: set(_in_path(each)) for each in operations}
    for operation in operations:
        made = _MADE.get(operation["operationId"], {})
        links = {
            name: {
                "operationId": name,
                "parameters": {each: f"$response.body#/{made[each]}" for each in sorted(wanted)},
            }
            for name, wanted in takes.items()
            if wanted and wanted <= set(made)
        }
        for status in ("201", "202"):
            if links and status in operation["responses"]:
                operation["responses"][status]["links"] = links


def _in_path(operation: dict[str, Any]) -> Iterator[str]:
    return (each["name"] for each in operation.get("parameters", ()) if each["in"] == "path")
