"""What a person asks the server of a home for, from a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.feeds.subscriptions import is_known_private
from flows.home.folder import named
from flows.locations import Location
from transforms.errors import SourceError, TransientError, one_line
from transforms.redaction import is_private, private_address


def request(home: Path, location: Location, asked: Mapping[str, Any]) -> str:
    """Ask for a run of `ingest-episode/on-demand`, and return its name.

    Raises:
        SourceError: the server has no such deployment, does not let us in, or cannot take what is asked; or the
            address holds a secret.
        TransientError: it does not answer.
    """
    from prefect.deployments import run_deployment
    from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

    name, url = named("ingest-episode/on-demand", home), location.address
    if is_private(url) or is_known_private(home, url):
        msg = (
            f"{private_address(url)} holds what looks like a secret, and all who see the server would see it: "
            "give it to `turntable add` or `turntable ingest`"
        )
        raise SourceError(msg)
    here = location.kind == "path" and location.path.exists()
    parameters = {**asked, "url": str(location.path.resolve()) if here else url}
    try:
        run: Any = run_deployment(name, parameters=parameters, timeout=0, as_subflow=False)
    except ObjectNotFound as error:
        msg = f"the server has no deployment {name}: is `turntable serve` ready, or `prefect deploy --all` done?"
        raise SourceError(msg) from error
    except PrefectHTTPStatusError as error:
        closed = error.response.status_code in (401, 403)
        way = "set PREFECT_API_AUTH_STRING to its password" if closed else "correct what you ask for"
        msg = f"{url}: the server refuses ({one_line(error)}): {way}"
        raise SourceError(msg) from error
    except Exception as error:  # whatever a server that is not there does to Prefect's client
        msg = f"the server does not answer ({one_line(error)}): start it, or correct PREFECT_API_URL"
        raise TransientError(msg) from error
    return str(run.name)
