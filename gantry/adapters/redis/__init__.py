"""What replicas share through Redis."""
