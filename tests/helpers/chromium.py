"""A real browser without a window: Debian's Chromium and its driver, through Selenium."""

import shutil
import time
from pathlib import Path

import pytest

AXE = Path(__file__).parents[1] / "app" / "vendor" / "axe.min.js"
_PROGRAMS = ("chromium", "google-chrome", "chromium-browser")
_KNOWN = ("style-src", "favicon.ico")
"""What plotly.js sets as a style attribute once; the policy refuses it and nothing is missing."""


class Browser:
    """One window, let in by the app's link.

    Attributes
    ----------
    driver
        Selenium's.
    """

    def __init__(self):
        selenium = pytest.importorskip("selenium", reason="Selenium is not installed")
        del selenium
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
        driver = shutil.which("chromedriver")
        if program is None or driver is None:
            pytest.skip("Chromium and its driver are not here (Debian: chromium, chromium-driver)")
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu",
                     "force-device-scale-factor=1", "no-first-run"):  # fmt: skip
            options.add_argument(f"--{word}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))
        self.driver.set_script_timeout(60)
        self.address = ""

    def enter(self, server):
        """Follow the first link of an app."""
        self.driver.get(server.link)
        self.address = server.address
        self.until(lambda: "token=" not in self.driver.current_url)

    def open(self, path):
        """Open a page of the app."""
        self.driver.get(self.address + path)

    def look(self, *, width=1280, dark=False):
        """Set the width of the window, and whether the person likes it dark."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def all(self, selector):
        """Every element of a selector."""
        return self.driver.find_elements("css selector", selector)

    def see(self, selector, seconds=120):
        """The element of a selector, as soon as it is there and shown."""
        return self.until(
            lambda: next((one for one in self.all(selector) if one.is_displayed()), None), seconds
        )

    def text(self, selector, seconds=120):
        """The words of an element, with single spaces."""
        return " ".join(self.see(selector, seconds).text.split())

    def until(self, condition, seconds=120):
        """What a condition gives once it is true; elements that are replaced meanwhile are no
        trouble."""
        from selenium.common.exceptions import StaleElementReferenceException

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if found := condition():
                    return found
            except StaleElementReferenceException:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s; the page says:\n{self.body()}")

    def body(self):
        """All words of the page."""
        return self.driver.find_element("tag name", "body").text[:3000]

    def choose(self, selector, value):
        """Choose an entry of a list."""
        from selenium.webdriver.support.ui import Select

        Select(self.see(selector)).select_by_value(value)

    def press(self, selector, *keys):
        """Type into an element, or press keys on it."""
        self.see(selector).send_keys(*keys)

    def click(self, selector):
        """Click an element, wherever it stands on the page."""

        def clicked():
            found = self.see(selector)
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
            found.click()
            return True

        self.until(clicked)

    def run(self, script, *arguments):
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def drawn(self, count=1):
        """Wait until so many figures are drawn."""
        self.until(lambda: len(self.all(".js-plotly-plot .main-svg .cartesianlayer")) >= count)

    def still(self, seconds=120):
        """Wait until nothing is loaded any more."""
        script = (
            "return document.readyState === 'complete' && !document.querySelector("
            "'.htmx-request, [aria-busy=true], .loading')"
        )
        self.until(lambda: self.run(script), seconds)

    def fits(self, width, seconds=10):
        """Wait until nothing runs over the width: charts follow the window a moment later."""
        script = "return document.documentElement.scrollWidth"
        self.until(lambda: self.run(script) <= width, seconds)

    def findings(self):
        """What axe-core finds serious or critical: rule and elements."""
        if not self.run("return 'axe' in window"):
            self.run(AXE.read_text(encoding="utf-8"))
        script = (
            "const done = arguments[0];"
            "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations))"
        )
        found = self.driver.execute_async_script(script)
        return [
            (one["id"], one["help"], [node["html"][:200] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]

    def complaints(self):
        """Errors on the console since this was last asked."""
        told = [
            one["message"] for one in self.driver.get_log("browser") if one["level"] == "SEVERE"
        ]
        return [message for message in told if not any(word in message for word in _KNOWN)]

    def close(self):
        """End it."""
        self.driver.quit()
