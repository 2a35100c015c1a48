"""What is built holds our packages and nothing else, and runs where no checkout is."""

import subprocess
import tomllib
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="module")
def wheels() -> Path:
    """The wheelhouse that the image is made of, with our own wheel made anew."""
    subprocess.run([ROOT / "tools" / "wheelhouse.sh"], check=True, timeout=300)
    return ROOT / "build" / "wheels"


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment, filled from the wheelhouse as the image's is."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    pip = [f"{folder}/bin/python", "-m", "pip", "--quiet", "install", "--no-index", "--no-deps"]
    locked = ["--require-hashes", "--requirement", f"{ROOT}/requirements.lock"]
    subprocess.run([*pip, "--find-links", wheels, *locked], check=True, timeout=300)
    subprocess.run([*pip, *wheels.glob("swarmscope-*.whl")], check=True, timeout=60)
    return folder / "bin"


def run(*command: str | Path, folder: Path) -> str:
    """Run a command outside the checkout and return what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_our_packages_and_nothing_else(wheels: Path) -> None:
    """Tests and deployment stay out, and no package is forgotten."""
    (wheel,) = wheels.glob("swarmscope-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {name.partition("/")[0] for name in names}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert {f"{folder.relative_to(ROOT)}/__init__.py" for folder in folders} <= set(names)


def test_nobody_else_owns_our_names() -> None:
    """Our package names are common words: whoever shares the environment must not have them."""
    owners = packages_distributions()

    ours = {PROJECT["project"]["name"]}
    assert {owner for package in PACKAGES for owner in owners.get(package, ())} <= ours


def test_the_lock_files_are_those_of_the_project() -> None:
    """Every direct dependency is locked, for running and for checking."""
    running = (ROOT / "requirements.lock").read_text()
    checking = (ROOT / "requirements-dev.lock").read_text()

    wanted = [_name(item) for item in PROJECT["project"]["dependencies"]]
    assert [name for name in wanted if f"\n{name}==" not in running] == []
    wanted += [_name(item) for item in PROJECT["dependency-groups"]["dev"]]
    assert [name for name in wanted if f"\n{name}==" not in checking] == []
    assert "://" not in running + checking


def _name(requirement: str) -> str:
    """Give a package's name as indexes normalise it."""
    name = requirement.partition(">")[0].partition("=")[0].lower()
    return name.replace(".", "-").replace("_", "-")


def test_the_commands_run_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    """What the image installs is all that the two commands need."""
    config = tmp_path / "agent.yml"
    config.write_text("probes: {interval: 5s}\n")

    assert "Usage" in run(installed / "probe", "--help", folder=tmp_path)
    run(installed / "swarmscope-agent", "--check-config", "--config", config, folder=tmp_path)


def test_a_bad_configuration_is_refused_outside_the_checkout(
    installed: Path,
    tmp_path: Path,
) -> None:
    """Exit status 2 and one line that names file, line and key."""
    config = tmp_path / "agent.yml"
    config.write_text("probes: {intervall: 5s}\n")

    done = subprocess.run(
        [installed / "swarmscope-agent", "--check-config", "--config", config],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert f"{config}:1: probes.intervall: no such key; did you mean interval?" in done.stderr
