"""A real browser for the tests of pages: Chromium without a screen."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser; skip where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None or find_spec("playwright") is None:
        pytest.skip("no Chromium: pages are not looked at (`apt-get install chromium`, and `pip install .[test]`)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # a container has no sandbox to offer; the pages are ours
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def until(page: Any, script: str, seconds: float = 10) -> None:
    """Wait until something is so on a page; Playwright's own waiting needs `eval`, which the pages forbid."""
    end = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < end, f"not so after {seconds} s: {script}"
        page.wait_for_timeout(30)


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong on a page: rule and element."""
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("no axe-core: `pip install .[test]`")
    # evaluated beside the page's own policy, which lets no script of others in
    page.evaluate((Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]
