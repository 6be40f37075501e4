"""What a browser may see: frozen dataclasses made of what services give."""
