"""Rewrites older syntax into the new one."""
