"""Archives as tar files."""
