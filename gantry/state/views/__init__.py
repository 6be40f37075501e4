"""What a browser may see: frozen dataclasses made from rows."""
