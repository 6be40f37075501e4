"""Reading what servers say when they refuse."""

from collections.abc import Iterator

import httpx
import orjson
import pytest

from gantry.adapters.openai.errors import ServerFaults, server_message
from gantry.domain.catalog import ConnectionKind, ConnectionOrigin, ConnectionSpec
from gantry.domain.errors import ContextTooLong, ModelFault, ModelUnavailable
from gantry.languages.stored import recalled


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"No such key","type":"x"}}', "No such key"),
        (b'{"error":"model not found"}', "model not found"),
        (b'{"detail":"Not found"}', "Not found"),
        (b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "field required"),
        (b'{"object":"error","message":"Too many","code":40301}', "Too many"),
        (b'{"detail":[{"loc":["body","top_p"],"msg":"Not permitted"}]}', "top_p: Not permitted"),
        (b'{"message":{"detail":[{"msg":"One"},{"msg":"Two"}]}}', "One; Two"),
        (
            b'{"error":{"message":"Provider error","metadata":{"raw":"{\\"error\\":\\"card on fire\\"}"}}}',
            "Provider error (card on fire)",
        ),
        (b'{"error_description":"No scope"}', "No scope"),
        (b'{"fault":{"faultstring":"No scope"}}', "No scope"),
        (b'{"Error":{"Code":"X","Message":"No scope"}}', "No scope"),
        (b"<!doctype html><html><head><title>502 Bad\n Gateway</title></head>x</html>", "502 Bad Gateway"),
        (b"<p>Really &lt;bad&gt;</p><script>alert(1)</script>", "Really <bad>"),
        (b"upstream connect error", "upstream connect error"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[]", ""),
        (b"", ""),
    ],
)
def test_messages_in_all_shapes(body: bytes, message: str) -> None:
    """The server's sentence is found in JSON of any usual shape, in HTML and in plain text."""
    assert server_message(body) == message


def faults(key: str | None = None) -> ServerFaults:
    url = "https://user:pass@example.org:8443/deep/v1"
    return ServerFaults(
        ConnectionSpec("rig", "Our rig", ConnectionKind.OPENAI, url, ConnectionOrigin.STORED, key)
    )


def test_no_key_in_any_message() -> None:
    """Neither the key, nor what looks like one, nor a password in the address is shown."""
    body = b'{"error":{"message":"Bad key my.own+key, not sk-proj-abcdef123456"}}'
    refused = faults("my.own+key").answered(401, {}, body)
    assert refused.details == "Bad key …, not …"
    assert "pass" not in faults().unreachable().advice
    assert "example.org:8443" in faults().unreachable().advice


def test_length_counts_only_where_it_can_be_meant() -> None:
    """A wrong key stays a wrong key, whatever else the message mentions."""
    body = b'{"error":"the maximum context length is 100"}'
    assert faults().answered(401, {}, body).fault is ModelFault.NOT_AUTHORISED
    assert isinstance(faults().answered(400, {}, body), ContextTooLong)


def test_details_are_cut() -> None:
    """However much a server says, 2,000 characters of it are kept."""
    assert len(faults().answered(500, {}, b"x " * 5000).details) <= 2000


def test_short_key_is_a_word_like_any_other() -> None:
    """A dummy key of a few letters is not searched for in what the server says."""
    assert faults("x").answered(400, {}, b'{"error":"maximum exceeded"}').details == "maximum exceeded"


VERDICTS: list[tuple[int, object, ModelFault, str]] = [
    (429, {"error": {"message": "x", "type": "insufficient_quota"}}, ModelFault.QUOTA, "credit"),
    (429, {"error": {"message": "You exceeded your current quota, please check your plan"}}, ModelFault.QUOTA, "credit"),
    (402, {"error": {"message": "Insufficient credits"}}, ModelFault.QUOTA, "credit"),
    (400, {"error": {"message": "Your credit balance is too low"}}, ModelFault.QUOTA, "credit"),
    (403, {"error": "Your team has used all available credits or reached its monthly spending limit"}, ModelFault.QUOTA, "credit"),
    (429, {"error": {"message": "Quota exceeded for requests per minute"}}, ModelFault.RATE_LIMITED, "limiting"),
    (429, {"error": {"message": "You exceeded your current quota. Please retry in 30s."}}, ModelFault.RATE_LIMITED, "limiting"),
    (400, {"error": {"message": "No connected db.", "type": "no_db_connection"}}, ModelFault.NOT_AUTHORISED, "rejected the API key"),
    (400, {"error": {"message": "API key not valid. Please pass a valid API key."}}, ModelFault.NOT_AUTHORISED, "rejected the API key"),
    (403, {"error": {"message": "Country not supported"}}, ModelFault.NOT_AUTHORISED, "does not allow"),
    (404, {"error": {"message": "No endpoints found matching your data policy"}}, ModelFault.REJECTED, "privacy settings"),
    (404, {"error": {"message": "The model `x` does not exist"}}, ModelFault.NOT_FOUND, "does not have this model"),
    (400, {"error": {"code": "content_filter", "message": "x"}}, ModelFault.FILTERED, "content filter"),
    (400, "The plain HTTP request was sent to HTTPS port", ModelFault.REJECTED, "expects HTTPS"),
    (400, {"error": {"message": "Budget has been exceeded! Current cost: 9", "type": "budget_exceeded"}}, ModelFault.QUOTA, "credit"),
    (403, {"error": {"message": "Key limit exceeded (total limit)"}}, ModelFault.QUOTA, "credit"),
    (429, {"error": {"message": "All free credits exhausted"}}, ModelFault.QUOTA, "credit"),
    (429, {"error": {"message": "You have reached your weekly usage limit"}}, ModelFault.QUOTA, "credit"),
    (403, {"error": {"message": "Your input was flagged. No credits were charged."}}, ModelFault.FILTERED, "content filter"),
    (400, {"error": {"message": "Content Exists Risk"}}, ModelFault.FILTERED, "content filter"),
    (403, {"error": {"message": "The text violates our usage guidelines"}}, ModelFault.FILTERED, "content filter"),
    (400, {"error": {"message": "Input blocked by guardrail"}}, ModelFault.FILTERED, "content filter"),
    (400, {"error": {"message": "Model Not Exist"}}, ModelFault.NOT_FOUND, "does not have this model"),
    (400, {"error": {"message": "a/b is not a valid model ID"}}, ModelFault.NOT_FOUND, "does not have this model"),
    (400, {"message": "Invalid model: foo", "type": "invalid_model"}, ModelFault.NOT_FOUND, "does not have this model"),
    (403, {"error": {"message": "No access", "code": "model_not_found"}}, ModelFault.NOT_FOUND, "does not have this model"),
    (429, {"message": "Monthly budget reached"}, ModelFault.QUOTA, "credit"),
    (403, {"message": "This key has hit its spending cap"}, ModelFault.QUOTA, "credit"),
    (403, {"message": "Your trial period has ended"}, ModelFault.QUOTA, "credit"),
    (429, {"message": "Only 5 requests per minute are free"}, ModelFault.RATE_LIMITED, "limiting"),
    (400, {"error": {"message": "The prompt was blocked due to safety"}}, ModelFault.FILTERED, "content filter"),
    (451, "", ModelFault.FILTERED, "content filter"),
    (422, {"message": "There is no model named x"}, ModelFault.NOT_FOUND, "does not have this model"),
    (500, {"error": "kaput"}, ModelFault.SERVER_ERROR, "returned an error"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "fault", "sentence"), VERDICTS)
def test_faults_by_code_and_words(status: int, body: object, fault: ModelFault, sentence: str) -> None:
    """Status, codes and words together tell which fault it is; the server's words are the details."""
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    error = faults().answered(status, {}, raw)
    assert error.fault is fault
    assert sentence in error.public
    assert error.details
    assert error.advice


@pytest.mark.parametrize(
    ("header", "said", "advice"),
    [
        ("1", "", "Try again in 1 second."),
        ("17.2", "", "Try again in 17 seconds."),
        ("600", "", "Try again in 10 minutes."),
        ("", "Please try again in 20s.", "Try again in 20 seconds."),
        ("", "Please try again in 1.5 min", "Try again in 90 seconds."),
        ("", "Please try again in 1m30.5s.", "Try again in 90 seconds."),
        ("", "The limit resets in 1 hour 12 minutes", "Try again in 72 minutes."),
        ("", "Retry after 5 hours", "Try again in 5 hours."),
        ("", "Please retry in 320ms", "Try again in 1 second."),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "", "Wait a minute, then try again."),
        ("soon", "", "Wait a minute, then try again."),
    ],
)
def test_when_to_come_back(header: str, said: str, advice: str) -> None:
    """A rate limit's advice tells when, from the header or from the words."""
    body = orjson.dumps({"error": said or "Slow down"})
    assert faults().answered(429, {"retry-after": header}, body).advice == advice


@pytest.mark.parametrize("status", [401, 402, 403, 404, 500])
def test_who_cannot_change_servers_is_not_told_to(status: int) -> None:
    """An administrator is sent to the settings, anybody else to an administrator or another model."""
    error = faults("sk-12345678").answered(status, {}, b'{"error":"no"}')
    person = error.advice_for(administrator=False)
    assert "Administration" not in person
    assert "log" not in person
    assert "nother model" in person
    assert error.advice_for(administrator=True) == error.advice != person


@pytest.mark.parametrize(
    ("reason", "sentence", "advice"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate", "not trusted", "SSL_CERT_FILE"),
        ("certificate verify failed: unable to get local issuer certificate", "not trusted", "SSL_CERT_FILE"),
        ("certificate verify failed: certificate has expired", "expired", "Renew"),
        ("Hostname mismatch, certificate is not valid for 'x'", "another host", "host name"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "does not speak HTTPS", "http://"),
        ("[Errno -2] Name or service not known", "host name", "DNS"),
        ("Connection timed out", "does not respond", "firewall"),
        ("[Errno 113] No route to host", "network", "network"),
        ("All connection attempts failed", "is offline", "Start it at"),
    ],
)  # fmt: skip
def test_why_no_connection_came_about(reason: str, sentence: str, advice: str) -> None:
    """Certificates, names, refusals and silence are told apart, by the cause where httpx keeps it there."""
    error = httpx.ConnectError("")
    error.__cause__ = OSError(reason)
    told = faults().transport(error)
    assert (told.fault, reason in told.details) == (ModelFault.UNREACHABLE, True)
    assert sentence in told.public
    assert advice in told.advice


def every_fault() -> Iterator[ModelUnavailable]:
    """Yield what a model server may do wrong, each thing once."""
    ours = faults()
    for said in (
        "certificate has expired",
        "certificate is not yet valid",
        "hostname mismatch",
        "self-signed certificate",
        "wrong version number",
        "TLS handshake failed",
        "Name or service not known",
        "timed out",
        "No route to host",
        "Connection refused",
    ):
        yield ours.transport(httpx.ConnectError(said))
    yield ours.transport(httpx.ReadTimeout(""))
    yield ours.transport(httpx.ReadError("reset"))
    yield from (ours.silent(), ours.broken("<html>"), ours.moved("http://elsewhere"), ours.unlisted(""))
    for status in (301, 400, 401, 402, 403, 404, 429, 500):
        yield ours.answered(status, {}, b"{}")
    yield ours.answered(429, {"retry-after": "1"}, b"{}")
    yield ours.answered(429, {"retry-after": "7200"}, b"{}")
    yield ours.answered(400, {}, b'{"error": {"message": "blocked", "code": "content_filter"}}')
    yield ours.answered(404, {}, b'{"error": {"message": "no allowed providers"}}')
    yield ours.answered(400, {}, b'{"error": "The plain HTTP request was sent to HTTPS port"}')
    yield ours.answered(400, {}, b'{"error": "the maximum context length is 100"}')


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_fault_is_told_in_the_readers_language(language: str) -> None:
    """From the English that is stored with an answer, whoever has asked for it; the server's name stays."""
    for fault in every_fault():
        for stored in (str(fault.public), str(fault.advice), str(fault.person_advice)):
            told = recalled(stored, language)
            assert told != stored or not stored, stored
            assert ("Our rig" in told) == ("Our rig" in stored)
            assert "{" not in told
            assert not {"the", "try", "server"} & set(told.split()), told
