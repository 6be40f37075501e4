"""The files of documents."""
