"""Models that turn text into vectors or judge passages, in this process or on a server."""
