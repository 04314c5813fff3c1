"""Ask whether any locked package has a known hole, by pip-audit and the advisories that PyPI serves.

Ends with 0 when every package was asked about and none has one, with 1 when some have, and with 3 when not every
package could be asked about: no answer is not a good answer.

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

# Run from an environment of its own: its packages are not ours.
PIP_AUDIT = "pip-audit==2.10.1"
REPORT = PROJECT / "build" / "audit.json"
NONE_KNOWN, SOME_KNOWN, NOT_ASKED = 0, 1, 3


def main() -> int:
    """Run pip-audit over the file that is named, by default requirements.txt, and say what it found."""
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
        print("Nothing was audited:", (done.stderr.strip().splitlines() or ["pip-audit told no reason"])[-1])
        return NOT_ASKED
    status, lines = judge(json.loads(REPORT.read_text()))
    print("\n".join(lines))
    return status


def judge(report: Mapping[str, Any]) -> tuple[int, list[str]]:
    """The status and the lines that a report of pip-audit comes to."""
    packages = report["dependencies"]
    skipped = [package for package in packages if "skip_reason" in package]
    holed = [package for package in packages if package.get("vulns")]
    lines = [
        f"{package['name']} {package['version']}: {hole['id']}, "
        f"mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for package in holed
        for hole in package["vulns"]
    ]
    asked = len(packages) - len(skipped)
    if skipped:
        lines.append(
            f"{len(skipped)} of {len(packages)} packages could not be asked about ({skipped[0]['skip_reason']}): "
            "is https://pypi.org/pypi reached from here, and by the same name?"
        )
    lines.append(f"{asked} packages asked about, {len(holed)} with known holes.")
    return (SOME_KNOWN if holed else NOT_ASKED if skipped or not packages else NONE_KNOWN), lines


if __name__ == "__main__":
    sys.exit(main())
