"""What a run delivers does not depend on the date or on the folder."""

import pytest

from flow.pipeline import deliver as delivering
from flow.pipeline.deliver import DATE_LINES, copy_without_date
from flow.record.provenance import sha256
from flow.record.run_folder import step_folder
from flow.record.settings import make_settings

HEADS = {
    "sdc": "####\n# Created by write_sdc\n# {}\n####\ncurrent_design top\n",
    "spef": '*SPEF "ieee 1481-1999"\n*DESIGN "top"\n*DATE "{}"\n*VENDOR "The OpenROAD Project"\n',
    "sdf": '(DELAYFILE\n (SDFVERSION "3.0")\n (DESIGN "top")\n (DATE "{}")\n (VENDOR "Parallax")\n',
}
DATES = {
    "sdc": ("Fri Nov  7 05:50:58 2026", "Mon Dec 21 23:01:02 2037"),
    "spef": ("05:50:53 Friday November 27, 2026", "23:01:02 Monday December 21, 2037"),
    "sdf": ("Fri Nov  7 05:50:56 2026", "Mon Dec 21 23:01:02 2037"),
}
REST = "create_clock -name clk -period 5.0000 [get_ports {clk}]\n" + "(IOPATH A Y (0.1) (0.2))\n" * 50


@pytest.mark.parametrize("kind", DATE_LINES)
def test_two_runs_at_two_dates_in_two_folders_deliver_the_same_bytes(kind, tmp_path):
    hashes = set()
    for number, date in enumerate(DATES[kind]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "made").write_text(HEADS[kind].format(date) + REST, encoding="utf-8")
        copy_without_date(folder / "made", folder / "kept", DATE_LINES[kind])
        hashes.add(sha256(folder / "kept"))
        kept = (folder / "kept").read_text(encoding="utf-8")
        assert kept == HEADS[kind].format("Thu Jan  1 00:00:00 1970") + REST
    assert len(hashes) == 1


@pytest.mark.parametrize("kind", DATE_LINES)
def test_another_layout_is_still_another_hash_and_a_file_without_a_date_is_kept(kind, tmp_path):
    text = HEADS[kind].replace("{}", "")
    for name, content in (("a", text + REST), ("b", text + REST.replace("5.0000", "6.0000"))):
        (tmp_path / name).write_text(content, encoding="utf-8")
        copy_without_date(tmp_path / name, tmp_path / f"{name}.kept", DATE_LINES[kind])
    assert sha256(tmp_path / "a.kept") != sha256(tmp_path / "b.kept")
    (tmp_path / "short").write_text("no date", encoding="utf-8")
    copy_without_date(tmp_path / "short", tmp_path / "short.kept", DATE_LINES[kind])
    assert (tmp_path / "short.kept").read_text(encoding="utf-8") == "no date"


def test_the_delivery_takes_the_date_out(tmp_path, monkeypatch):
    monkeypatch.setattr(delivering, "FILES", (("sdc", "write.views", "sdc", "sdc"),))
    hashes = set()
    for number, date in enumerate(DATES["sdc"]):
        settings = make_settings("expmul", {}, depth="route", build_dir=tmp_path / str(number))
        source = step_folder(settings.folder, "write.views") / "outputs" / "expmul.sdc"
        source.parent.mkdir(parents=True)
        source.write_text(HEADS["sdc"].format(date) + REST, encoding="utf-8")
        hashes.add(sha256(delivering.deliver(settings)["sdc"]))
    assert len(hashes) == 1
