# SPDX-License-Identifier: Apache-2.0
"""What the page of platforms says can be measured."""

import re

from .building import REPOSITORY, output_of

PAGE = (REPOSITORY / "Documentation/platforms.md").read_text()


def newest_glibc(library: str) -> tuple[int, ...]:
    """The newest version of a symbol of glibc that a library in build/ needs."""
    symbols = output_of("objdump", "--dynamic-syms", REPOSITORY / "build/lib" / library)
    return max(tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", symbols))


def test_the_page_names_the_oldest_glibc_that_the_libraries_load_with():
    needed = max(newest_glibc("libvaluation.so"), newest_glibc("libvaluation_solver.so"))
    assert f"the newest symbols that they need are `GLIBC_{needed[0]}.{needed[1]}`" in PAGE
    supported = re.search(r"glibc, for the libraries \| (\d+)\.(\d+) or newer", PAGE)
    assert supported and needed <= (int(supported[1]), int(supported[2]))
