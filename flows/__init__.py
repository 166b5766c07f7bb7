"""The outside world and the order of steps; the only package that imports Prefect."""

import os

# Every Python that is started from here, by us or by Prefect, pip and uvicorn: `-m` would look for modules in the
# working folder first, which may be somebody else's.
os.environ["PYTHONSAFEPATH"] = "1"

os.umask(0o077)  # what we write is for our user alone, whichever process and library writes it

# Read by the libraries when they are imported, so they stand here: nothing phones home unless the user says so.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("YTDLP_NO_PLUGINS", "1")  # they are code that lies in folders
os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # what goes wrong there is said in our own line
