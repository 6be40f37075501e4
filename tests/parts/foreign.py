"""One sound export of each product, with most of what its format can hold."""

import base64
from typing import Any

_DATA = f"data:image/png;base64,{base64.b64encode(b'picture').decode()}"
_UUID = "0a1b2c3d-0000-4000-8000-000000000001"

_OPENWEBUI = {
    "id": "o1", "title": "Sails", "created_at": 1_750_000_000, "updated_at": 1_750_000_100, "pinned": True, "archived": False,
    "meta": {"tags": ["sea"]}, "folder_id": "f",
    "chat": {
        "title": "Sails", "models": ["oak"], "system": "Be brief.", "timestamp": 1_750_000_000_000,
        "history": {
            "currentId": "2",
            "messages": {
                "1": {"id": "1", "parentId": None, "childrenIds": ["2"], "role": "user", "timestamp": 1_750_000_000,
                      "content": [{"type": "text", "text": "How?"}, {"type": "image_url", "image_url": {"url": _DATA}}],
                      "files": [{"type": "file", "name": "a.pdf"}]},
                "2": {"id": "2", "parentId": "1", "role": "assistant", "model": "oak", "timestamp": 1_750_000_001,
                      "content": '<details type="reasoning"><summary>s</summary>x</details>Like this.',
                      "annotation": {"rating": 1}, "sources": [{"source": {"name": "n", "url": "https://n.example"}, "metadata": [{"source": "s"}]}],
                      "output": [{"type": "reasoning", "content": [{"type": "output_text", "text": "x"}]},
                                 {"type": "function_call", "call_id": "c", "name": "wind", "arguments": "{}"},
                                 {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "12"}]},
                                 {"type": "message", "content": [{"type": "output_text", "text": "Like this."}]}]},
                "3": {"id": "3", "parentId": "1", "role": "assistant", "content": '<details type="tool_calls" name="t" arguments="1">y</details>'},
            },
        },
    },
}  # fmt: skip
_LIBRECHAT = {
    "conversationId": "l1", "endpoint": "agents", "title": "Bees", "branches": True, "recursive": True, "options": {"model": "hive", "promptPrefix": "Bees."},
    "messages": [{
        "messageId": "1", "parentMessageId": None, "isCreatedByUser": True, "sender": "User", "text": "Sleep?", "createdAt": "2025-01-01T00:00:00Z",
        "children": [
            {"messageId": "2", "parentMessageId": "1", "isCreatedByUser": False, "text": "", "feedback": {"rating": "thumbsUp"}, "files": [{"filename": "b.txt"}],
             "content": [{"type": "think", "think": "Hm."}, {"type": "text", "text": {"value": "Yes."}},
                         {"type": "tool_call", "tool_call": {"name": "t", "args": "{}", "output": "o"}},
                         {"type": "image_file", "image_file": {"file_id": "f", "filepath": "/x/y.png"}}], "children": []},
            {"messageId": "3", "isCreatedByUser": False, "text": "No.", "error": True, "unfinished": True, "children": []},
        ],
    }],
}  # fmt: skip
_NEBULUS = {
    "conversation": {"id": 7, "title": "Rivers", "pinned": True, "created_at": "2026-01-01T00:00:00", "updated_at": "2026-01-01T00:00:01.5"},
    "messages": [{"id": 1, "role": "user", "content": "One", "created_at": "2026-01-01T00:00:00"},
                 {"id": 2, "role": "assistant", "content": "Two", "created_at": "2026-01-01T00:00:01"}],
    "exported_at": "2026-01-02T00:00:00+00:00",
}  # fmt: skip
_TAKEOUT = [
    {"header": "Gemini Apps", "title": "Prompted B", "time": "2026-01-01T10:01:00Z", "products": ["Gemini Apps"],
     "safeHtmlItem": [{"html": "<p>b <b>c</b></p>"}], "attachedFiles": ["x.png"]},
    {"header": "Search", "title": "Searched", "time": "2026-01-01T10:00:30Z", "products": ["Search"]},
    {"header": "Gemini Apps", "title": "Prompted A", "time": "2026-01-01T10:00:00Z", "products": ["Gemini Apps"]},
]  # fmt: skip
_AISTUDIO = {
    "runSettings": {"model": "models/star"}, "systemInstruction": {"parts": [{"text": "Kind."}]}, "id": "a1", "createTime": "2026-01-01T00:00:00Z",
    "chunkedPrompt": {"chunks": [
        {"role": "user", "text": "Q", "driveDocument": {"id": "d"}, "inlineImage": {"mimeType": "image/png", "data": "aGk="}, "youtubeVideo": {"id": "y"}},
        {"role": "model", "isThought": True, "text": "Hm.", "parts": [{"text": "Hm.", "thought": True}]},
        {"role": "model", "executableCode": {"language": "PYTHON", "code": "1"}},
        {"role": "model", "codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"role": "model", "text": "A", "grounding": {"groundingChunks": [{"web": {"title": "t", "uri": "https://t.example"}}]}},
    ], "pendingInputs": [{"text": "draft"}]},
}  # fmt: skip
_GROK = {
    "conversations": [{
        "conversation": {"conversation_id": "g1", "title": "Comets", "create_time": "2026-01-01T00:00:00Z", "leaf_response_id": None},
        "responses": [
            {"response": {"response_id": "1", "parent_response_id": None, "sender": "human", "message": "Q",
                          "create_time": {"$date": {"$numberLong": "1760000000000"}}, "metadata": {"requestModelDetails": {"modelId": "m"}},
                          "image_attachments": [{"url": "https://i.example/a.png"}], "file_attachments": ["f"]}},
            {"response": {"response_id": "2", "parent_response_id": "1", "sender": "ASSISTANT", "message": "A", "thinking_trace": "Hm.",
                          "steps": [{"text": ["s"]}], "cited_web_search_results": [{"title": "t", "url": "https://t.example"}], "error": None}},
        ],
    }],
}  # fmt: skip
_DEEPSEEK = {
    "id": "d1", "title": "Tea", "inserted_at": "2026-01-01T10:00:00+08:00", "updated_at": "2026-01-01T10:00:00+08:00",
    "mapping": {
        "root": {"id": "root", "parent": None, "children": ["1"], "message": None},
        "1": {"id": "1", "parent": "root", "message": {"files": [{"file_name": "f"}], "inserted_at": "2026-01-01T10:00:00+08:00",
              "fragments": [{"type": "REQUEST", "content": "Q"}]}},
        "2": {"id": "2", "parent": "1", "message": {"model": "deep", "inserted_at": "2026-01-01T10:00:01+08:00",
              "fragments": [{"type": "THINK", "content": "t"}, {"type": "SEARCH", "results": [{"url": "https://u.example", "title": "u"}]},
                            {"type": "RESPONSE", "content": "A"}]}},
    },
}  # fmt: skip
_CHATBOT_UI = {
    "version": 4, "folders": [{"id": "f", "name": "F", "type": "chat"}], "prompts": [{"id": "p"}],
    "history": [{"id": "c-1", "name": "N", "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}],
                 "model": {"id": "m"}, "prompt": "P", "folderId": "f"}],
}  # fmt: skip
_LOBECHAT = {
    "exportType": "all", "version": 7,
    "state": {
        "messages": [
            {"id": "1", "role": "user", "content": "Q", "createdAt": 1_700_000_000_000, "sessionId": "inbox", "topicId": "t", "files": ["f"]},
            {"id": "2", "role": "assistant", "content": "...", "createdAt": 1_700_000_000_001, "parentId": "1", "topicId": "t", "extra": {"fromModel": "m"},
             "error": {"message": "e", "body": {"error": {"message": "b"}}}, "tools": [{"apiName": "x", "arguments": "{}"}], "reasoning": {"content": "r"}},
            {"id": "3", "role": "tool", "content": "o", "createdAt": 1_700_000_000_002, "topicId": "t", "plugin": {"apiName": "x"}},
        ],
        "topics": [{"id": "t", "title": "T", "createdAt": 1_700_000_000_000}], "files": [{"id": "f", "name": "n", "fileType": "text/plain"}],
        "sessions": [{"id": "s", "meta": {"title": "S"}, "config": {"systemRole": "R"}, "group": "g"}], "sessionGroups": [{"id": "g", "name": "G"}],
    },
}  # fmt: skip
_JAN = [
    {"id": "j1", "object": "thread", "title": "Weather", "assistants": [{"model": {"id": "m"}, "instructions": "i"}], "created": 1_720_000_000_000},
    {"id": "1", "thread_id": "j1", "role": "user", "created_at": 1_720_000_000, "content": [{"type": "text", "text": {"value": "Q"}}]},
    {"id": "2", "thread_id": "j1", "role": "assistant", "created_at": 1_720_000_001, "content": [{"type": "text", "text": {"value": "A"}}],
     "metadata": {"tool_calls": [{"tool": {"function": {"name": "f", "arguments": "{}"}}, "response": "r"}]}},
]  # fmt: skip
_LMSTUDIO = {
    "name": "Trees", "createdAt": 1_730_000_000_000, "systemPrompt": "S", "lastUsedModel": {"identifier": "elm"},
    "perChatPredictionConfig": {"fields": [{"key": "llm.prediction.systemPrompt", "value": "v"}]},
    "messages": [
        {"versions": [{"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "Q"}, {"type": "file", "fileIdentifier": "x"}]}],
         "currentlySelected": 0},
        {"versions": [{"type": "multiStep", "role": "assistant", "senderInfo": {"senderName": "oak"}, "steps": [
            {"type": "contentBlock", "content": [{"type": "text", "text": "t"}], "style": {"type": "thinking"}},
            {"type": "contentBlock", "content": [{"type": "toolCallRequest", "name": "n", "arguments": {}}, {"type": "toolCallResult", "content": "c"}]},
            {"type": "contentBlock", "content": [{"type": "text", "text": "A"}]}]},
            {"type": "singleStep", "role": "assistant", "content": "B"}], "currentlySelected": 1},
    ],
}  # fmt: skip
_SILLYTAVERN = [
    {"user_name": "Kim", "character_name": "Fern", "create_date": "2024-3-9 @7h 05m 01s 250ms", "chat_metadata": {}},
    {"name": "Fern", "is_user": False, "mes": "Hi", "send_date": "March 9, 2024 7:06am", "swipes": ["Go", "Hi"], "swipe_id": 1,
     "swipe_info": [{"send_date": 1, "extra": {}}, {"extra": {}}], "extra": {"reasoning": "r", "model": "m", "image": "/i.png"}},
    {"name": "Kim", "is_user": True, "mes": "Ho", "send_date": "2024-03-09T07:07:00Z", "extra": {"file": {"name": "f", "url": "/f"}}},
]  # fmt: skip
_TYPINGMIND = {
    "data": {"chats": [{"chatID": "t1", "chatTitle": "Soup", "createdAt": "2026-01-01T00:00:00Z", "model": "m", "folderID": "f", "messages": [
        {"role": "system", "content": "S"}, {"role": "user", "content": [{"type": "text", "text": "Q"}, {"type": "image_url", "image_url": {"url": _DATA}}]},
        {"role": "assistant", "content": "A", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "name": "f", "content": "r"}]}],
        "folders": [{"id": "f", "title": "F"}], "userPrompts": [{}]},
}  # fmt: skip
_BIG_AGI = {
    "conversations": [{"id": "b1", "systemPurposeId": "x", "autoTitle": "Pond", "created": 1_750_000_000_000, "messages": [
        {"role": "user", "text": "Q", "created": 1_750_000_000_000},
        {"role": "assistant", "generator": {"name": "g"}, "fragments": [
            {"ft": "content", "part": {"pt": "text", "text": "A"}}, {"ft": "attachment", "title": "t", "part": {"pt": "doc", "data": {"text": "d"}}},
            {"ft": "content", "part": {"pt": "image_ref", "dataRef": {"url": "https://i.example/x"}}},
            {"ft": "content", "part": {"pt": "tool_response", "response": {"name": "n", "result": "r"}}}]}]}],
    "folders": {"folders": [{"title": "F", "conversationIds": ["b1"]}]},
}  # fmt: skip
_ANYTHINGLLM = [
    {"id": 1, "prompt": "Q", "response": "A", "sent_at": "2026-01-01T00:00:00Z", "workspace": "w", "username": "u", "rating": "GOOD",
     "attachments": [{"type": "image", "image": _DATA}]},
    {"id": 2, "prompt": "R", "sent_at": "2026-01-01T00:00:01Z", "workspace": "w", "username": "u", "rating": "--"},
]  # fmt: skip
_CHATGPT = {
    "conversation_id": _UUID, "title": "Cats", "create_time": 1_750_000_000.5, "current_node": "3", "default_model_slug": "m",
    "mapping": {
        "1": {"id": "1", "parent": None, "children": ["2"], "message": None},
        "2": {"id": "2", "parent": "1", "children": ["3"], "message": {"id": "2", "author": {"role": "user"}, "create_time": 1_750_000_000,
              "content": {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-1"}, "Q"]},
              "metadata": {"attachments": [{"id": "file-1", "name": "cat.png"}]}}},
        "3": {"id": "3", "parent": "2", "children": [], "message": {"id": "3", "author": {"role": "assistant"}, "recipient": "all",
              "content": {"content_type": "text", "parts": ["A"]}, "metadata": {"model_slug": "m"}}},
    },
}  # fmt: skip
_CLAUDE = {
    "uuid": _UUID, "name": "Hats", "created_at": "2026-01-01T00:00:00Z", "chat_messages": [
        {"uuid": "1", "sender": "human", "text": "Q", "content": [{"type": "text", "text": "Q"}], "attachments": [{"file_name": "f", "extracted_content": "e"}], "files": []},
        {"uuid": "2", "sender": "assistant", "text": "A", "content": [{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "A"},
         {"type": "tool_use", "name": "artifacts", "input": {"id": "i", "command": "create", "content": "c"}}, {"type": "tool_result", "content": [{"type": "text", "text": "r"}]}]}],
}  # fmt: skip

# Exports whose file is a list: what is in it stands beside others.
LISTS: dict[str, list[Any]] = {
    "openwebui": [_OPENWEBUI], "deepseek": [_DEEPSEEK], "gemini-takeout": _TAKEOUT, "jan": _JAN, "sillytavern": _SILLYTAVERN,
    "anythingllm": _ANYTHINGLLM, "chatgpt": [_CHATGPT], "claude": [_CLAUDE], "librechat": [_LIBRECHAT], "nebulus-gantry": [_NEBULUS],
    "gemini-aistudio": [_AISTUDIO], "grok": _GROK["conversations"], "chatbot-ui": _CHATBOT_UI["history"],
    "lmstudio": [_LMSTUDIO], "typingmind": _TYPINGMIND["data"]["chats"], "big-agi": _BIG_AGI["conversations"], "lobechat": [_LOBECHAT],
}  # fmt: skip
# Exports whose file is one object.
WHOLE: dict[str, dict[str, Any]] = {
    "grok": _GROK, "chatbot-ui": _CHATBOT_UI, "typingmind": _TYPINGMIND, "big-agi": _BIG_AGI, "lobechat": _LOBECHAT,
    "librechat": _LIBRECHAT, "lmstudio": _LMSTUDIO, "gemini-aistudio": _AISTUDIO, "nebulus-gantry": _NEBULUS,
}  # fmt: skip
