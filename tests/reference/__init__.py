"""The language described: schema and reference."""
