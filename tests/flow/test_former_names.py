"""Results of earlier revisions are read under today's names of their design and groups."""

import json
from pathlib import Path

from flow.record.result import read_result

COMMITTED = Path(__file__).parents[2] / "reports" / "results"


def test_a_group_that_is_called_otherwise_today_is_read_under_todays_name(tmp_path):
    path = next(COMMITTED.glob("fa2_baseline/*/result.json"))
    record = json.loads(path.read_text(encoding="utf-8"))
    assert "exp_mul" in record["groups"]
    result = read_result(path)
    assert list(result.groups) == ["weigh" if name == "exp_mul" else name for name in record["groups"]]
    assert result.groups["weigh"].cell_area_um2 == record["groups"]["exp_mul"]["cell_area_um2"]
    for activity, power in result.power.items():
        assert power.groups_w["weigh"] == record["power"][activity]["groups_w"]["exp_mul"]
    renamed = tmp_path / "result.json"
    renamed.write_text(json.dumps(record | {"design": "exp_mul"}), encoding="utf-8")
    assert read_result(renamed).design == "separate_exp_mul"
