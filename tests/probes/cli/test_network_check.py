"""Is a stack's file checked from the command line, with the right words, place and status?"""

import json
from pathlib import Path

import pytest
import typer.testing

from probes.cli.main import app

ROOT = Path(__file__).parents[3]
SHOP = ROOT / "deploy/examples/shop.yml"
DECLARED = ROOT / "deploy/examples/declared"


def _check(*arguments: str) -> typer.testing.Result:
    return typer.testing.CliRunner().invoke(app, ["network", "check", *arguments])


def _declared() -> list[str]:
    networks, services = (
        str(DECLARED / name) for name in ("network-config.yml", "service-discovery.yml")
    )
    return ["--networks", networks, "--services", services]


def test_the_example_is_as_it_declares() -> None:
    """Nothing is printed, as of a linter."""
    done = _check(str(SHOP), *_declared())

    assert (done.exit_code, done.output) == (0, "")


def test_a_problem_is_printed_as_linters_do(tmp_path: Path) -> None:
    """With the file and the line, for an editor to jump to."""
    path = tmp_path / "shop-2.yml"
    text = SHOP.read_text()
    path.write_text(text.replace("networks: [edge, app]", "networks: [edge, app, data]"))
    line = text.split("networks: [edge, app]")[0].count("\n") + 1

    done = _check(f"shop={path}", *_declared())

    assert done.exit_code == 1
    assert [row for row in done.stdout.splitlines() if "shop_cache" in row] == [
        f"{path}:{line}: shop_web: reaches shop_cache over shop_data: policy.never: pages to data"
    ]


def test_programs_get_one_document(tmp_path: Path) -> None:
    """With the same rows."""
    path = tmp_path / "a.yml"
    path.write_text("services:\n  db:\n    ports:\n      - 5432:5432\n")

    done = _check(str(path), "--json")

    assert done.exit_code == 1
    assert json.loads(done.stdout)["problems"] == [
        {
            "file": str(path),
            "line": 4,
            "about": "a_db",
            "reason": "publishes PostgreSQL, port 5432, on every node",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.yml"], "no.yml: cannot be read: No such file or directory"),
        (
            [f"a={SHOP}", f"a={SHOP}"],
            "two files would be one stack: write STACK=FILE",
        ),
        (
            [str(SHOP), "--taken", "10.0.0.1/8"],
            "--taken: '10.0.0.1/8' is no subnet such as 10.20.0.0/24: 10.0.0.1/8 has host bits set",
        ),
        (
            [str(SHOP), "--networks", str(SHOP)],
            f"{SHOP}:12: version: should be 1, not '3.8'",
        ),
    ],
)
def test_what_cannot_be_checked_is_a_matter_of_usage(arguments: list[str], message: str) -> None:
    """Status 2, and why."""
    done = _check(*arguments)

    assert done.exit_code == 2
    assert message in done.stderr
