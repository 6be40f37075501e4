"""What programs call: sessions, REST, event streams."""
