"""Pictures of layouts beside the dashboard, and pages to look inside: their names, and which there are."""

from pathlib import Path

FOLDER = "layouts"
HASH_LENGTH = 16


def file_stem(gds_sha256: str) -> str:
    """Return the name, without its end, of the files of a layout."""
    return gds_sha256[:HASH_LENGTH]


def layouts_beside(pages: Path, hashes: set[str]) -> dict[str, dict[str, str | None]]:
    """Return the picture and the page of each layout of which there is a picture, as paths from `pages`."""
    beside: dict[str, dict[str, str | None]] = {}
    for gds in sorted(hashes):
        picture, page = (pages / FOLDER / f"{file_stem(gds)}{end}" for end in (".png", ".html"))
        if picture.is_file():
            beside[gds] = {
                "picture": f"{FOLDER}/{picture.name}",
                "page": f"{FOLDER}/{page.name}" if page.is_file() else None,
            }
    return beside
