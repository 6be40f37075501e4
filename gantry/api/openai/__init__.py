"""What OpenAI's clients call."""
