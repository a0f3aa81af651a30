"""Libraries are loaded once, whoever asks first."""

import subprocess
import sys

FIRST = """
import threading
from forescale.app import loading

errors = []
def ask(work):
    try:
        work()
    except BaseException as error:
        errors.append(error)

threads = [threading.Thread(target=ask, args=(loading.load,)) for _ in range(4)]
for one in threads:
    one.start()
assert not loading.loaded()
for one in threads:
    one.join()
assert loading.loaded() and not errors, errors
from forescale.app.views import plan, results
assert results.view_of and plan.desk
"""


def test_several_that_ask_at_once_all_get_whole_libraries():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
