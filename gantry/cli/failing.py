"""How a command says that it cannot go on."""


class CommandError(Exception):
    """The command cannot go on; the message says why, and what to do."""
