"""From two files that are dropped to a plan and a prediction, in a real browser."""

import json
from contextlib import closing

import pytest
from app_server import AppServer, alive, kill_session
from chromium import Browser

DROP = """
const [zone, name, text] = arguments;
const held = new DataTransfer();
held.items.add(new File([text], name, {type: "text/csv"}));
for (const kind of ["dragenter", "dragover", "drop"])
  zone.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: held}));
"""


@pytest.fixture(scope="module")
def browser():
    with closing(Browser()) as found:
        yield found


@pytest.fixture(scope="module")
def tables(tmp_path_factory, write_study):
    place = tmp_path_factory.mktemp("tables")
    write_study(place)
    return place / "computed.csv", place / "measured.csv"


@pytest.fixture
def folder(tmp_path):
    """An empty folder; what the app starts in it is ended with the test."""
    yield tmp_path
    for place in tmp_path.glob("runs/*/.job.json"):
        kill_session(json.loads(place.read_text())["process"])


def drop(browser, side, path):
    zone = browser.see(f"label.drop:has([name={side}])")
    browser.run(DROP, zone, path.name, path.read_text())
    browser.until(
        lambda: browser.run("return arguments[0].querySelector('input').files.length", zone)
    )


def looked_at(browser):
    """Nothing is cut off and nothing serious is found, wide and narrow, light and dark."""
    for width, dark in ((1280, False), (400, True)):
        browser.look(width=width, dark=dark)
        browser.still()
        browser.fits(width)
        assert browser.findings() == []
    browser.look()


def test_two_dropped_files_become_a_law_a_plan_and_a_prediction(browser, folder, tables):
    with AppServer(folder) as first:
        browser.enter(first)
        browser.look()
        browser.open("/")
        assert "Nothing" in browser.body()
        looked_at(browser)
        browser.click("a[href='/new']")
        looked_at(browser)
        drop(browser, "computed", tables[0])
        drop(browser, "measured", tables[1])
        browser.click("form .primary")
        browser.drawn()
        assert "About " in browser.text("#draft .info")
        browser.until(lambda: "just now" in browser.text("#draft .info"))
        looked_at(browser)
        browser.run("document.getElementById('replicates').value = ''")
        browser.press("#replicates", "6", "\t")
        browser.until(lambda: "replicates = 6" in browser.text("#toml"))
        browser.click("button.primary")
        at = "/run?at=runs%2Fmeasured"
        browser.until(lambda: at in browser.driver.current_url)
        browser.until(lambda: "of 6 replicates" in browser.body())
        job = json.loads((folder / "runs/measured/.job.json").read_text())["process"]
        first.kill()
        assert alive(job)
    with AppServer(folder) as second:
        browser.enter(second)
        browser.complaints()  # of the watched page, while nobody answered
        browser.open(at)
        browser.until(lambda: "See the results" in browser.body(), 300)
        browser.drawn()
        browser.click(".actions .primary")
        assert browser.text("#verdict")
        browser.drawn(4)
        for name in ("Plan", "Predict"):
            browser.until(lambda name=name: name in browser.text(".tabs"))
            browser.driver.find_element("link text", name).click()
            browser.still()
            if name == "Plan":
                assert browser.text("#target-answer")
                browser.drawn()
        browser.press("#text", "CCCCCCCO")
        browser.click("form .primary")
        assert "°C" in browser.text(".prediction")
        assert browser.complaints() == []


def test_a_structure_is_drawn(browser, shown):
    """As with the mouse: a bond from the middle of the editor, then its SMILES is taken."""
    from selenium.webdriver import ActionChains

    browser.enter(shown)
    browser.look()
    browser.open("/predict?at=runs%2Ftiny")
    browser.click("#draw summary")
    canvas = browser.see("#draw .canvas")
    browser.until(lambda: browser.run("return arguments[0].childElementCount", canvas))
    ActionChains(browser.driver).move_to_element(canvas).click().perform()
    browser.until(lambda: "C" in browser.text("#drawn"))
    drawn = browser.text("#drawn")
    browser.click("[data-take]")
    assert browser.see("#text").get_attribute("value") == drawn
    browser.click("form .primary")
    assert "°C" in browser.text(".prediction")
    assert browser.complaints() == []
