"""The decoded audio of a home, by the hash of its samples."""

from __future__ import annotations

from contextlib import suppress

from flows.artifacts import Artifact, Damaged, Manifest, Store, read_manifest
from flows.episode.stages import decode_keys
from flows.payloads import read_samples
from transforms.alignment.ends import until_quiet
from transforms.records import Word


class Decoded:
    """The decoded audio of a home, by the hash of its samples.

    What was fetched tells the keys of what is decoded of it today; the home is looked through, once, for audio
    that was decoded by other code.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, str] = {}

    def ended(self, words: list[Word], heard: Manifest) -> list[Word]:
        """Let words end where their sound does; as they are where the channels were heard apart, or are gone."""
        found = self.of(heard)
        return until_quiet(words, read_samples(found[0])) if len(found) == 1 else words

    def of(self, heard: Manifest) -> tuple[Artifact, ...]:
        """Find the audio that was heard, as one or as its channels; none where it is gone."""
        wanted = [sha256 for name, sha256 in sorted(heard.inputs.items()) if name.startswith("decode")]
        near = self._of_fetched(heard.inputs.get("fetch"))
        if not near.keys() >= set(wanted):
            self._keys = self._keys or {one.sha256: one.key for one in self._store.manifests("decode")}
        keys = [near.get(sha256) or self._keys.get(sha256) for sha256 in wanted]
        found = [self._store.find("decode", key) if key else None for key in keys]
        return tuple(one for one in found if one) if all(found) else ()

    def _of_fetched(self, sha256: str | None) -> dict[str, str]:
        """Return the keys of what was decoded of some audio by the code of today, by the hash of the samples."""
        found: dict[str, str] = {}
        for key in decode_keys(sha256) if sha256 else ():
            with suppress(Damaged):
                found[read_manifest(self._store.folder("decode", key)).sha256] = key
        return found
