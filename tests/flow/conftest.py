"""What tests of several files share."""

import pytest
from finished_layout import lay_out


@pytest.fixture(scope="session")
def layout_of(tmp_path_factory):
    """A function that returns the result of a PDK's layout and its folder; it is laid out once a process."""
    build = tmp_path_factory.mktemp("layouts")
    made = {}

    def layout(pdk):
        # One that failed goes on where it ended.
        if pdk not in made:
            made[pdk] = lay_out(pdk, build)
        return made[pdk]

    return layout
