"""Take the pictures of docs/PAGES.md: pages of a real Airflow, on the nights that the demo has run.

Each of Contender's pages is also checked with axe-core, in light and dark colours and at three widths: a violation, or
a page that scrolls sideways, is an error.

make demo EXIT=1 NIGHTS=6 && make screenshots

Needs Chromium (`apt install chromium`), at /usr/bin/chromium or at the path in CHROMIUM, and Playwright, which
`make screenshots` installs into build/docs-env.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from contender.embedded_airflow import USER
from contender.installation import Installation, open_installation
from contender.settings import PROJECT
from contender.specs import dag_id
from demo.running import embedded

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from contender.records import Book, GateResult

MODEL, DATASET = "flight_delay", "departures"
PICTURES = PROJECT / "docs" / "images"
MAX_BYTES = 150_000
WIDTH, PHONE = 1280, 390
WIDTHS = (PHONE, WIDTH, 2560)
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


class Picture(NamedTuple):
    """A picture of a page: its top, or from a heading on."""

    name: str
    path: str
    height: int
    heading: str = ""
    dark: bool = False
    width: int = WIDTH


def list_pictures(installation: Installation) -> list[Picture]:
    """Return the pictures to take, of the newest decision and of the delivery that failed its gate."""
    book = installation.book
    failed = find_failed_gate(book)
    decisions = book.ledger.decisions([MODEL], limit=10)
    newest, before = list(dict.fromkeys(decision.challenger for decision in decisions))[:2]
    versions = f"/contender/models/{MODEL}/versions?first={before}&second={newest}"
    grid = f"/dags/{dag_id('retrain', MODEL)}"
    return [
        Picture("decision", f"/contender/decisions/{MODEL}/{decisions[0].id}", 820),
        Picture("gate", f"/contender/gates/{failed.id}", 700, heading="Delivered files"),
        Picture("card", f"/contender/cards/{MODEL}", 900, heading="Calibration"),
        Picture("tonight", "/contender/", 640),
        Picture("tonight-dark", "/contender/", 640, dark=True),
        Picture("tonight-phone", "/contender/", 780, width=PHONE),
        Picture("model", f"/contender/models/{MODEL}", 1000),
        Picture("versions", versions, 640),
        Picture("promotions", "/contender/promotions", 640),
        Picture("catalogue", f"/contender/catalog/features.{MODEL}", 800),
        Picture("catalogue-search", "/contender/catalog?q=origin", 640),
        Picture("quality", f"/contender/catalog/datasets.{DATASET}", 900, heading="Quality"),
        Picture("costs", "/contender/costs", 380),
        Picture("scorecards", "/contender/scorecards", 640),
        Picture("night-light", grid, 800),
        Picture("night-dark", grid, 800, dark=True),
    ]


def find_failed_gate(book: Book) -> GateResult:
    """Return the newest gate that a delivery failed. Raises SystemExit if the demo has not run."""
    for gate in book.gates.newest([f"datasets.{DATASET}"], limit=100):
        if gate.verdict == "fail":
            return gate
    raise SystemExit("There are no nights to show. Run `make demo EXIT=1 NIGHTS=6` first")


def log_in(url: str, password: str) -> str:
    """Return a token of Airflow's user."""
    answer = httpx.post(f"{url}/auth/token", json={"username": USER, "password": password}, trust_env=False)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


@contextmanager
def browsing(url: str, token: str) -> Iterator[Callable[[bool], BrowserContext]]:
    """Run Chromium, and give a function that opens a session in light or dark colours."""
    sys.path += [str(path) for path in PROJECT.glob("build/docs-env/lib/python*/site-packages")]
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS.split())

        def open_session(dark: bool) -> BrowserContext:
            session = browser.new_context(
                viewport={"width": WIDTH, "height": 800},
                color_scheme="dark" if dark else "light",
                bypass_csp=True,  # axe-core is a script, which the pages forbid
            )
            session.add_cookies([{"name": "_token", "value": token, "url": url}])
            return session

        yield open_session
        browser.close()


def take(picture: Picture, url: str, session: Any) -> None:
    """Take a picture. Raises SystemExit if the page has an error or the file is too large."""
    page = session.new_page()
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    answer = page.goto(f"{url}{picture.path}", wait_until="networkidle")
    if answer.status != 200:
        raise SystemExit(f"{picture.path}: status {answer.status}")
    page.wait_for_timeout(3000)  # Airflow draws its grid and charts after the last answer
    if picture.heading:
        page.get_by_role("heading", name=picture.heading).first.evaluate(
            "heading => heading.scrollIntoView()"
        )
    file = PICTURES / f"{picture.name}.png"
    page.screenshot(path=file)
    page.close()
    shrink(file)
    size = file.stat().st_size
    print(f"{file.relative_to(PROJECT)}: {size:,} bytes")
    if size > MAX_BYTES:
        raise SystemExit(f"{file.name} is larger than {MAX_BYTES:,} bytes: lower its height")


def find_violations(path: str, url: str, session: Any) -> list[str]:
    """Return the violations of axe-core's rules on a page with everything opened, and whether it scrolls sideways."""
    from axe_playwright_python.sync_playwright import Axe

    page, found = session.new_page(), []
    page.goto(f"{url}{path}")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{path}: scrolls sideways at a width of {width}")
        found += [
            f"{path}, width {width}: {violation['help']}: {violation['nodes'][0]['html']}"
            for violation in Axe().run(page).response["violations"]
        ]
    page.close()
    return found


def shrink(file: Any) -> None:
    """Store a picture with 256 colours, which are enough for text and charts."""
    from PIL import Image

    with Image.open(file) as image:
        image.convert("RGB").quantize(256).save(file, optimize=True)


def main() -> None:
    """Start Airflow on the home of the demo, and take every picture."""
    PICTURES.mkdir(exist_ok=True)
    installation = open_installation()
    pictures = list_pictures(installation)
    with (
        embedded(installation.settings, print) as running,
        browsing(running.page, log_in(running.page, running.password)) as open_session,
    ):
        for picture in pictures:
            take(picture, running.page, open_session(picture.dark))
        paths = sorted({picture.path for picture in pictures if picture.path.startswith("/contender/")})
        found = [
            violation
            for path in [*paths, "/contender/catalog", "/contender/incidents", "/contender/audit"]
            for dark in (False, True)
            for violation in find_violations(path, running.page, open_session(dark))
        ]
    if found:
        raise SystemExit("\n".join(found))
    print(f"axe-core found no violation on {len(paths) + 3} pages, in light and dark colours")


if __name__ == "__main__":
    main()
