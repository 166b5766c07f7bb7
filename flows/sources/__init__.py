"""Bytes from outside."""
