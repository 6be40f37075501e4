"""Vectors in ChromaDB."""
