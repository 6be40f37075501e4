"""Everything outside but SQL: model servers, Redis, files."""
