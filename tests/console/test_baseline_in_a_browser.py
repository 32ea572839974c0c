"""What only a browser can tell of somebody who means no good: what runs, what is sent along, what is shown where."""

import http.server
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.console.conftest import HOSTILE, Wing
from tests.console.test_in_a_browser import Served, served, visit

from cellwarden.store import people
from cellwarden.store.engine import reading
from cellwarden.watch import queries

__all__ = ["served", "visit"]  # fixtures

RUNS = "<img src=x onerror=\"document.title='hostile'\"><script>document.title='hostile'</script>" + HOSTILE
SNARE = """<!doctype html><title>elsewhere</title><iframe src="{console}/"></iframe>
<form method="post" action="{console}/alerts/{name}/decide">
<input name="state" value="false"><input name="seen" value="new"><input name="why" value="hostile">
<button>go</button></form>
"""


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """Another site of another address, which serves one page."""

    class Page(http.server.BaseHTTPRequestHandler):
        text = ""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(Page.text.encode())

        def log_message(self, *_any: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield Page, f"http://localhost:{one.server_port}"  # the console is at 127.0.0.1: another site
        one.shutdown()
        thread.join()


@pytest.fixture
def officer(browser: Any, served: Served) -> Iterator[Any]:
    """A page of an investigator, whose browser may say on its console what it refused."""
    context = browser.new_context(locale="en-GB")
    with served.wing.engine.begin() as c:
        token = people.new_session(c, "investigator", time.time_ns())
    context.add_cookies([{"name": "session", "value": token, "url": served.address, "sameSite": "Strict"}])
    page = context.new_page()
    page.goto(served.address)
    yield page
    context.close()


def test_what_is_typed_into_a_page_never_runs(visit: Any, served: Served, wing: Wing) -> None:
    """Into all fields of the pages on which an officer writes, and seen again by all who read it."""
    name = wing.alert()
    dialogs: list[str] = []
    page = visit(f"/alerts/{name}", role="investigator", width=1024)
    page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
    page.locator("#why").fill(RUNS)
    page.get_by_role("button", name="Order a search").click()
    page.locator(".verdict .state", has_text="search ordered").wait_for()
    page.goto(f"{served.address}/handover")
    page.locator("textarea").fill(RUNS)
    page.get_by_role("button", name="Keep the note").click()
    page.locator("[aria-labelledby=h-notes] q", has_text="hostile").wait_for()
    page.goto(f"{served.address}/alerts/{name}/found")
    for field in page.locator("main input[type=text], main input:not([type])").all():
        field.fill(RUNS[:90])
    page.get_by_role("button", name="Keep the find").click()
    page.locator(".verdict .state", has_text="phone found").wait_for()
    for path in ("/", "/alerts?state=all", f"/alerts/{name}", "/handover", "/finds", "/unlock"):
        page.goto(served.address + path)
        assert "hostile" not in page.title()
        assert page.locator("main script, main img[onerror], main [onmouseover]").count() == 0
    assert dialogs == []


def test_even_a_script_that_got_into_a_page_would_not_run_nor_reach_elsewhere(officer: Any, elsewhere: Any) -> None:
    _page, address = elsewhere
    told = officer.evaluate(
        """async (address) => {
          const broken = [];
          document.addEventListener('securitypolicyviolation', (e) => broken.push(e.effectiveDirective));
          const script = document.createElement('script');
          script.textContent = "document.title = 'hostile'";
          document.body.append(script);
          const button = document.createElement('button');
          button.setAttribute('onclick', "document.title = 'hostile'");
          document.body.append(button);
          button.click();
          const reached = await fetch(address).then(() => 'reached', () => 'kept');
          await new Promise((done) => setTimeout(done, 200));
          return [document.title, reached, broken.sort()];
        }""",
        address,
    )
    assert "hostile" not in told[0] and told[1] == "kept"
    assert told[2] == ["connect-src", "script-src-attr", "script-src-elem"]


def test_another_site_can_neither_show_the_console_nor_decide_in_an_officers_name(
    officer: Any, served: Served, wing: Wing, elsewhere: Any
) -> None:
    page_of, address = elsewhere
    name = wing.alert()
    page_of.text = SNARE.format(console=served.address, name=name)
    officer.goto(served.address)
    assert officer.locator(".alerts a").count() == 1  # signed in
    officer.goto(address)
    until_s = time.monotonic() + 30
    while not officer.frames[1].url.startswith("chrome-error:"):  # not even the page that asks who one is
        assert time.monotonic() < until_s, officer.frames[1].url
        officer.wait_for_timeout(50)
    officer.get_by_role("button", name="go").click()
    officer.wait_for_url(f"{served.address}/**")
    assert "A-104" not in officer.locator("body").inner_text()
    with reading(wing.engine) as c:
        assert queries.decisions(c, name) == []


def test_addresses_as_a_browser_writes_them_lead_to_no_file_of_the_machine(officer: Any, wing: Wing) -> None:
    name = wing.alert()
    told = officer.evaluate(
        """async (name) => {
          const dots = ['../../../../etc/passwd', '..%2f..%2f..%2fetc%2fpasswd', '..\\\\..\\\\etc\\\\passwd',
                        '%2e%2e/%2e%2e/etc/passwd', '....//....//etc/passwd', '/etc/passwd%00.png'];
          const roots = ['/photographs/', `/alerts/${name}/evidence/`, '/static/', '/set-up/'];
          const texts = [];
          for (const root of roots) for (const end of dots) {
            const answer = await fetch(root + end);
            texts.push([answer.status, (await answer.text()).includes('root:')]);
          }
          return texts;
        }""",
        name,
    )
    assert len(told) == 24 and not any(passwd for _status, passwd in told)
    assert {status for status, _passwd in told} <= {404, 422}
