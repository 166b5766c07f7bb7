"""Turntable and others hear the same episodes, side by side: how fast, how right, with how much memory."""
