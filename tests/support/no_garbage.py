"""Imported first where much is imported that stays: to look for garbage in it takes a fifth of the time."""

import gc

gc.disable()
