"""Attacks, damage and kills against a real Turntable, and a count of what got through; one module a figure."""
