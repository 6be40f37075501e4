"""The Model Context Protocol, so that other assistants can use what is kept here."""
