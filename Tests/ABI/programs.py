# SPDX-License-Identifier: Apache-2.0
"""Compiles the C programs of this folder against the installed library, and runs them."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
#: Seconds after which a program counts as hung, even on a busy machine.
SECONDS = 900


def clang(driver: str = "clang") -> str:
    """The clang on the path, or the one that comes with Swift."""
    swift = shutil.which("swift")
    beside_swift = Path(swift).resolve().parent / driver if swift else Path(driver)
    found = shutil.which(driver) or (str(beside_swift) if beside_swift.exists() else None)
    assert found, f"{driver} is neither on the path nor beside swift; put Swift's bin directory on the path."
    return found


@dataclass
class Program:
    """A compiled program, run with the installed library on the loader's path."""

    path: Path
    environment: dict[str, str]

    def start(
        self,
        *arguments: object,
        under: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        directory: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end, whatever its exit status; `under` is a wrapper such as valgrind."""
        return subprocess.run(
            [
                *under,
                os.fspath(self.path),
                *[os.fsdecode(os.fspath(a)) if isinstance(a, Path) else a for a in arguments],
            ],
            env=self.environment | (environment or {}),
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def run(self, *arguments: object, **options) -> str:
        """The program's output. Fails with the program's messages unless it exits with 0."""
        finished = self.start(*arguments, **options)
        assert finished.returncode == 0, f"{self.path.name} ended with {finished.returncode}:\n{finished.stderr}"
        return finished.stdout


class Toolchain:
    """A C programmer's tools; pkg-config tells them where the library is."""

    def __init__(self, prefix: Path, directory: Path) -> None:
        self.prefix = prefix
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))},
            "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig"),
            "LD_LIBRARY_PATH": str(prefix / "lib"),
        }
        self._directory = directory
        self._made: dict[str, Program] = {}
        self._count = 0

    @property
    def library(self) -> Path:
        return self.prefix / "lib" / "libvaluation.so"

    def package_flags(self, *wanted: str) -> list[str]:
        """pkg-config's answer, for example to "--cflags" and "--libs"."""
        command = ["pkg-config", *wanted, "valuation"]
        finished = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=SECONDS
        )
        return finished.stdout.split()

    def compile_source(
        self,
        source: Path,
        *,
        compiler: str = "gcc",
        standard: str = "c11",
        options: tuple[str, ...] = (),
        libraries: tuple[str, ...] | None = None,
    ) -> Program:
        """Compiles a source with warnings as errors, and links it with `libraries` or else the installed library."""
        output = self._directory / f"{source.stem}-{Path(compiler).name}-{standard}-{self._count}"
        self._count += 1
        command = [
            compiler,
            f"-std={standard}",
            *WARNINGS,
            "-O1",
            "-g",
            f"-I{HERE}",
            *self.package_flags("--cflags"),
            *options,
        ]
        command += ["-o", str(output), str(source)]
        command += self.package_flags("--libs") if libraries is None else libraries
        finished = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        assert finished.returncode == 0, f"{' '.join(command)}\n{finished.stderr}"
        return Program(output, self.environment)

    def program(self, name: str, libraries: tuple[str, ...] | None = None) -> Program:
        """A program of this folder, compiled once, as C11 with the POSIX and GNU extensions."""
        if name not in self._made:
            options = ("-D_GNU_SOURCE", "-pthread")
            self._made[name] = self.compile_source(HERE / f"{name}.c", options=options, libraries=libraries)
        return self._made[name]
