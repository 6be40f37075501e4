"""Why no connection came about, told apart: names, refusals, certificates, http where https is spoken."""

import re

from gantry.domain.messages import Message, _

_TRUST = _(
    "Its certificate is not trusted. Set SSL_CERT_FILE to a file with its certificate or that of its issuer,"
    " then restart Gantry."
)

# (what the system or the TLS library says, what is wrong with the server called NAME, the next step at ADDRESS)
_KINDS = [
    (re.compile(pattern, re.IGNORECASE), sentence, advice)
    for pattern, sentence, advice in (
        (
            "certificate has expired",
            _("The model server {name} has an expired certificate."),
            _("Renew the certificate of {address}."),
        ),
        (
            "certificate is not yet valid",
            _("The model server {name} has a certificate that is not valid yet."),
            _("Check the clocks of both machines, and the certificate of {address}."),
        ),
        (
            "hostname mismatch|ip address mismatch|doesn't match|not valid for",
            _("The model server {name} has a certificate for another host."),
            _(
                "Use a host name that the certificate of {address} holds, or give it one that holds this name."
            ),
        ),
        (
            "self[- ]signed|unable to get (?:local )?issuer|unable to verify|certificate_verify_failed|unknown ca",
            _("The model server {name} has a certificate that is not trusted."),
            _TRUST,
        ),
        (
            "wrong_version_number|wrong version number|record layer failure|unknown_protocol|http_request",
            _("The model server {name} does not speak HTTPS at this address."),
            _("Change https:// to http:// under Administration → Model servers, or correct the port."),
        ),
        (
            r"\bssl\b|\btls\b|handshake",
            _("The model server {name} cannot be reached over HTTPS."),
            _("Check the HTTPS settings of {address}; the details say what failed."),
        ),
        (
            "name or service not known|nodename nor|getaddrinfo|name resolution|no address assoc|not resolve",
            _("The model server {name} cannot be found: its host name is not known."),
            _(
                "Check the host name {address} under Administration → Model servers, and the DNS of this machine."
            ),
        ),
        (
            "timed? ?out",
            _("The model server {name} does not respond."),
            _("Check that {address} is running and that no firewall is in the way."),
        ),
        (
            "unreachable|no route to host",
            _("The model server {name} is on a network that cannot be reached."),
            _("Check the network between this machine and {address}."),
        ),
    )
]


def chain_of(error: BaseException) -> str:
    """Return what *error* and its causes say, each once: httpx often keeps the reason in the cause."""
    said: list[str] = []
    at: BaseException | None = error
    for _step in range(6):
        if at is None:
            break
        text = str(at).strip()
        if text and not any(text in other for other in said):
            said.append(text)
        at = at.__cause__ or at.__context__
    return "; ".join(said)


def explained(details: str, name: str, address: str) -> tuple[str, str]:
    """Return the sentence and the next step of whoever runs Gantry; the step is empty when there is no address."""
    if not address:
        return _("The model server {name} cannot be reached.", name=name), ""
    for pattern, sentence, advice in _KINDS:
        if pattern.search(details):
            return Message(sentence, {"name": name}), Message(advice, {"address": address})
    return (
        _("The model server {name} is offline.", name=name),
        _(
            "Start it at {address}, or correct its address under Administration → Model servers.",
            address=address,
        ),
    )
