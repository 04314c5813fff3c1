"""Check the locked packages for known vulnerabilities, with pip-audit and PyPI's advisories.

Exit status: 0 if every package was checked and none is vulnerable, 1 if some are, 3 if some could not be checked.

    python -m scripts.audit_packages [requirements.txt]
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contender.settings import PROJECT

# Runs in an environment of its own, so that its dependencies are not locked here.
PIP_AUDIT = "pip-audit==2.10.1"
REPORT = PROJECT / "build" / "audit.json"
NONE_KNOWN, SOME_KNOWN, NOT_CHECKED = 0, 1, 3


def main() -> int:
    """Run pip-audit on the given file (default: requirements.txt) and print the result."""
    locked = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "requirements.txt"
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [
        "uv",
        "tool",
        "run",
        "--quiet",
        "--from",
        PIP_AUDIT,
        "pip-audit",
        "--disable-pip",
        "--require-hashes",
    ]
    command += ["--progress-spinner=off", "--format=json", f"--output={REPORT}", f"--requirement={locked}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if not REPORT.is_file():
        print("Nothing was checked:", (done.stderr.strip().splitlines() or ["pip-audit gave no reason"])[-1])
        return NOT_CHECKED
    status, lines = judge(json.loads(REPORT.read_text()))
    print("\n".join(lines))
    return status


def judge(report: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Return the exit status and the lines to print for a report of pip-audit."""
    packages = report["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    vulnerable = [package for package in packages if package.get("vulns")]
    lines = [
        f"{package['name']} {package['version']}: {found['id']}, "
        f"fixed in {', '.join(found['fix_versions']) or 'no version yet'}"
        for package in vulnerable
        for found in package["vulns"]
    ]
    checked = len(packages) - len(skipped)
    if skipped:
        lines.append(
            f"{len(skipped)} of {len(packages)} packages could not be checked ({skipped[0]['skip_reason']}): "
            "check that https://pypi.org/pypi can be reached from here."
        )
    lines.append(f"{checked} packages checked, {len(vulnerable)} with known vulnerabilities.")
    return (SOME_KNOWN if vulnerable else NOT_CHECKED if skipped or not packages else NONE_KNOWN), lines


if __name__ == "__main__":
    sys.exit(main())
