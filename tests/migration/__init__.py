"""Rewriting older syntax."""
