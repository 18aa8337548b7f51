"""Secure values: key pairs, what is encrypted for them, and decrypting it. Only `box` loads cryptography."""
