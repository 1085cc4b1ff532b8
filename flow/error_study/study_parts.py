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

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """Return the part called `name`, from its file or else from `measure`."""
        path = self.folder / f"{name}.json"
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["key"] == self.key:
                return stored["figures"]
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no part, or one cut off as it was written
        figures = measure()
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"key": self.key, "figures": figures}))
        return figures
