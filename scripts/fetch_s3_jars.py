"""Download Spark's `s3a://` support: Hadoop's connector and the three parts of the AWS SDK that it uses.

Hadoop depends on the SDK's bundle of all services, which is 30 times as large. The other excluded packages are part of
Spark. Spark's own resolver downloads the pinned coordinates from Maven Central, and every file must have the digest in
s3_jars.sha256.

    python -m scripts.fetch_s3_jars FOLDER             # for example the `jars` folder of pyspark
    python -m scripts.fetch_s3_jars --pin FOLDER       # after a version change: update the digests
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

PINNED = Path(__file__).with_name("s3_jars.sha256")
COORDINATES = (
    "org.apache.hadoop:hadoop-aws:3.5.0",
    "software.amazon.awssdk:s3:2.35.4",
    "software.amazon.awssdk:s3-transfer-manager:2.35.4",
    "software.amazon.awssdk:sts:2.35.4",
)
LEFT_OUT = (
    "software.amazon.awssdk:bundle",
    "org.slf4j:slf4j-api",
    "commons-codec:commons-codec",
    "commons-logging:commons-logging",
    *(
        f"io.netty:netty-{part}"
        for part in (
            "buffer",
            "codec",
            "codec-http",
            "codec-http2",
            "common",
            "handler",
            "resolver",
            "transport",
            "transport-classes-epoll",
            "transport-native-unix-common",
        )
    ),
)


def main() -> None:
    """Download, verify and copy the files; copy nothing if any digest differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--pin", action="store_true", help="update the pinned digests instead of checking them"
    )
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        jars = resolve(Path(folder))
        found = {jar.name: sha256(jar.read_bytes()).hexdigest() for jar in jars}
        if given.pin:
            PINNED.write_text("".join(f"{digest}  {name}\n" for name, digest in found.items()))
        if trouble := find_difference(found, read_pins()):
            raise SystemExit(trouble)
        given.folder.mkdir(parents=True, exist_ok=True)
        for jar in jars:
            shutil.copyfile(jar, given.folder / jar.name)
    print(f"{len(found)} files in {given.folder}")


def resolve(folder: Path) -> list[Path]:
    """Download the coordinates and their dependencies into a folder, with Spark's resolver."""
    nothing = folder / "nothing.py"
    nothing.write_text("")
    command = ["spark-submit", "--conf", f"spark.jars.ivy={folder / 'ivy'}"]
    command += ["--packages", ",".join(COORDINATES), "--exclude-packages", ",".join(LEFT_OUT), str(nothing)]
    done = subprocess.run(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit("Spark could not download its S3 connector:\n" + done.stdout[-2000:])
    return sorted((folder / "ivy" / "jars").glob("*.jar"))


def read_pins() -> dict[str, str]:
    """Return the pinned digest of each file."""
    lines = (line.split() for line in PINNED.read_text().splitlines())
    return {name: digest for digest, name in lines}


def find_difference(found: dict[str, str], pinned: dict[str, str]) -> str | None:
    """Return a message that names the files whose digest differs, or None."""
    strange = sorted({*found, *pinned} - {name for name in found if found[name] == pinned.get(name)})
    if not strange:
        return None
    return f"digests differ from {PINNED.name}: {', '.join(strange)}. Nothing was copied."


if __name__ == "__main__":
    main()
