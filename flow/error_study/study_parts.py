"""The finished parts of a study, kept so that an interrupted one goes on."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow.common.atomic_file import write_whole
from flow.record.source_digest import sources_sha256

# What a figure of the study depends on.
SOURCES = ("hdl", "flow/error_study", "flow/attention_data")


def study_key(*settings: object) -> str:
    """Return a hash of the study's sources and of `settings`: equal keys, equal figures."""
    return hashlib.sha256(f"{settings!r}{sources_sha256(*SOURCES)}".encode()).hexdigest()


@dataclass(frozen=True)
class FinishedParts:
    """Parts in `folder`, one JSON file each; those of another `key` are measured again."""

    folder: Path
    key: str

    def has(self, name: str) -> bool:
        """Whether the part called `name` is there."""
        return self._stored(name) is not None

    def _stored(self, name: str) -> dict[str, Any] | None:
        try:
            stored: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            return stored if stored["key"] == self.key and "figures" in stored else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # no part, or one cut off as it was written

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return the part called `name`, from its file or else from `measure`."""
        path = self.folder / f"{name}.json"
        stored = self._stored(name)
        if stored is not None:
            return stored["figures"]
        figures = measure()
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"key": self.key, "figures": figures}))
        return figures
