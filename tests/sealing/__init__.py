"""Secure values: key pairs and what is encrypted for them."""
