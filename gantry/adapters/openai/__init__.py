"""Model servers that speak OpenAI's dialect, in all the ways they speak it."""
