"""The screens of a finished run in a real browser: what a person does with them."""

import os
import time
from contextlib import closing

import pytest
from chromium import Browser

from forescale.catalog import entry_names

AT = "runs%2Ftiny"
SCREENS = {
    "home": "/",
    "run": f"/run?at={AT}",
    "results": f"/results?at={AT}",
    "plan": f"/plan?at={AT}",
    "predict": f"/predict?at={AT}",
    "compare": f"/compare?at={AT}&at=runs%2Fdearer",
    "data": "/data",
}


@pytest.fixture(scope="module")
def browser(shown):
    with closing(Browser()) as found:
        found.enter(shown)
        found.look()
        yield found


@pytest.fixture(autouse=True)
def _as_found(browser):
    browser.look()
    yield
    assert browser.complaints() == []


def test_the_pickers_drive_verdict_figures_and_downloads(browser):
    browser.open(SCREENS["results"])
    assert browser.text("#verdict") in {
        "Compute more", "Measure more", "Stop", "Cannot tell yet",
    }  # fmt: skip
    browser.drawn(4)
    before = browser.run("return document.querySelector('[data-figure]').chart.data.length")
    assert before > 3
    browser.choose(".pickers [name=m]", "5")
    browser.until(lambda: "m = 5" in browser.text(".verdict-box .kicker"))
    assert "at m = 5" in browser.see("[data-figure]").get_attribute("aria-label")
    browser.drawn(4)
    links = [one.get_attribute("href") for one in browser.all(".files a")]
    assert len(links) == 16
    assert all("m=5" in link for link in links)
    size = browser.driver.execute_async_script(
        "fetch(arguments[0]).then(r => r.blob()).then(b => arguments[1](b.size))",
        next(link for link in links if "kind=pdf" in link),
    )
    assert size > 2000


def test_a_slider_is_moved_with_the_keyboard_and_answered(browser):
    browser.open(SCREENS["plan"])
    browser.drawn()
    before, box = browser.text("#split-answer"), browser.see("#box-budget")
    value = float(box.get_attribute("value"))
    browser.press("#range-budget", *[browser_keys().ARROW_RIGHT] * 4)
    browser.until(lambda: browser.text("#split-answer") != before)
    assert float(box.get_attribute("value")) > value
    target = browser.text("#target-answer")
    browser.press("#range-target", *[browser_keys().ARROW_LEFT] * 4)
    browser.until(lambda: browser.text("#target-answer") != target)
    browser.drawn()


def test_structures_are_written_and_a_table_is_dropped(browser, tmp_path):
    browser.open(SCREENS["predict"])
    browser.press("#text", "CCCCCCCO\nCC(\n*CC*")
    browser.click("form .primary")
    browser.see(".prediction")
    image = browser.see(".prediction img")
    browser.until(lambda: browser.run("return arguments[0].naturalWidth", image) > 0)
    assert browser.run("return document.querySelector('.reach').style.width") != ""
    told = browser.text("#predictions .warning")
    assert "not valid SMILES" in told
    assert "Nearest materials" in browser.text(".prediction")
    table = tmp_path / "candidates.csv"
    table.write_text("smiles\n" + "\n".join("C" * k + "O" for k in range(2, 15)) + "\nC(\n")
    browser.see("#table").send_keys(os.fspath(table))
    browser.click("#table-form .primary")
    browser.until(lambda: "13 of 14 rows" in browser.body())
    assert "Rejected rows" in browser.body()
    browser.press("#batch [name=low]", "250", browser_keys().TAB)
    browser.until(lambda: "Download 13 " not in browser.body())


def test_runs_are_ticked_and_compared(browser):
    browser.open("/")
    for box in browser.all("input[name=at]"):
        box.click()
    browser.click("button[form=compare]")
    browser.drawn()
    costs = browser.all("[name=cost]")
    costs[1].clear()
    costs[1].send_keys("5", browser_keys().TAB)
    browser.until(lambda: "against the cost" in browser.body())
    browser.drawn()


def test_the_catalog_is_searched(browser):
    browser.open("/data")
    browser.press("[name=q]", "band gap")
    browser.until(lambda: f"3 of {len(entry_names())} datasets" in browser.body())
    time.sleep(1)  # an answer to an earlier letter may still be put in its place
    browser.still()
    browser.click("article summary")
    assert browser.text("article pre").startswith("% band-gap")
    assert "@article{" in browser.text("article pre")


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_off_and_axe_finds_nothing_serious(browser, screen):
    for width, dark in ((1280, False), (400, True)):
        browser.look(width=width, dark=dark)
        browser.open(SCREENS[screen])
        browser.still()
        browser.fits(width)
        assert browser.findings() == []


def test_the_first_tab_leads_to_the_content(browser):
    browser.open("/data")
    browser.driver.find_element("tag name", "body").send_keys(browser_keys().TAB)
    assert browser.run("return document.activeElement.getAttribute('href')") == "#main"


def browser_keys():
    """Names of keys."""
    from selenium.webdriver.common.keys import Keys

    return Keys
