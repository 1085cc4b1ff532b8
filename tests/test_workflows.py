"""The workflows: every action pinned, no more rights than a job needs, none for what runs foreign code."""

import re
from pathlib import Path

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).resolve().parents[1] / ".github" / "workflows").glob("*.yml"))
PIN = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+( |$)")
# A job that may write one of these runs no code of the project, and so installs none.
PROJECT_CODE = re.compile(r"\bmake\b|\bpip\b|\.venv|python")


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request):
    return request.param


@pytest.fixture
def jobs(workflow):
    return yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]


def test_every_action_is_pinned_by_its_commit_and_names_its_version(workflow):
    lines = workflow.read_text(encoding="utf-8").splitlines()
    actions = [line.split("uses:", 1)[1].strip() for line in lines if re.match(r"\s*(- )?uses:", line)]
    assert actions
    assert [action for action in actions if not PIN.match(action)] == []


def test_one_commit_stands_for_one_version_in_all_workflows():
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = set(re.findall(r"uses: (\S+)@([0-9a-f]{40}) # (v[\d.]+)", text))
    assert len(pins) == len({action for action, _, _ in pins})


def test_a_workflow_grants_nothing_and_each_job_says_what_it_may_and_how_long(workflow, jobs):
    top = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert top["permissions"] == {}
    assert top["concurrency"]["group"]
    for name, job in jobs.items():
        assert isinstance(job["permissions"], dict), name
        assert 0 < job["timeout-minutes"] <= 180, name


def test_a_job_that_may_write_runs_no_code_of_the_project(jobs):
    for name, job in jobs.items():
        if "write" in job["permissions"].values():
            commands = "\n".join(step.get("run", "") for step in job["steps"])
            assert PROJECT_CODE.findall(commands) == [], name
            assert "container" not in job, name


def test_a_job_without_the_right_to_write_leaves_no_token_behind_its_checkout(jobs):
    for name, job in jobs.items():
        for step in job["steps"]:
            if "checkout" in step.get("uses", "") and "write" not in job["permissions"].values():
                assert step["with"]["persist-credentials"] is False, name


def test_no_command_holds_a_value_that_somebody_else_may_choose(jobs):
    """An expression in a command is text of the shell: values come through the environment."""
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [command for command in commands if "${{" in command] == []


def test_pull_requests_run_with_a_token_that_only_reads():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        triggers = workflow[True]  # YAML 1.1 reads `on` as a truth value
        assert "pull_request_target" not in triggers
        if "pull_request" in triggers:
            rights = {right for job in workflow["jobs"].values() for right in job["permissions"].values()}
            assert rights == {"read"}
