"""What only a browser can tell of somebody who means no good: what runs, what is sent along, what is shown where."""

import http.server
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.console.conftest import HOSTILE, Wing
from tests.console.test_in_a_browser import PAGES, Served, served

from cellwarden.console.rights import RIGHTS
from cellwarden.model import Role
from cellwarden.store import audit, people
from cellwarden.store.engine import reading
from cellwarden.watch import queries

__all__ = ["served"]  # a fixture

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
    context = _signed_in(browser, served, "investigator")
    page = context.new_page()
    page.goto(served.address)
    yield page
    context.close()


TYPED = """(form, text) => {
  for (const field of form.querySelectorAll('input, textarea'))
    if (!['hidden', 'file', 'checkbox', 'radio'].includes(field.type)) { field.type = 'text'; field.value = text; }
  const button = form.querySelector('button[name]');
  if (button) form.append(Object.assign(document.createElement('input'), {name: button.name, value: button.value}));
  HTMLFormElement.prototype.submit.call(form);
}"""
"""As no browser's checks would let it be typed and sent."""
READ: dict[Role, tuple[str, ...]] = {
    "officer": ("/", "/alerts/{name}", "/unlock", "/handover", "/lane", "/finds"),
    "investigator": ("/unknown",),
    "administrator": ("/people", "/rules"),
    "auditor": ("/audit",),
}
"""Where what was typed is read again."""
RAN = """() => document.title.includes('hostile')
  || document.querySelectorAll('main script, main img[onerror], main [onmouseover], main [onclick]').length > 0"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("roles", "most"),
    [pytest.param(("officer",), 5, id="officer"), pytest.param(tuple(PAGES), 12, id="all", marks=pytest.mark.long)],
)
def test_what_is_typed_into_any_field_of_any_page_never_runs(
    browser: Any, served: Served, wing: Wing, roles: tuple[Role, ...], most: int
) -> None:
    """Into every form of every page, and seen again by all who read it. The site's plan is kept by a script of ours."""
    name = wing.alert()
    wing.strays()
    wing.passed()
    file = {"name": "<img src=x onerror=alert(1)>.csv", "mimeType": "text/csv", "buffer": RUNS.encode()}
    ran, sent, dialogs = [], set[str](), list[str]()
    for role in roles:
        context, where = _signed_in(browser, served, role), [path.format(name=name) for path in PAGES[role]]
        page, client = context.new_page(), wing.client(role)
        page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
        for path in where:
            for action in re.findall(r'<form[^>]* action="(/[^"]*)"', client.get(path).text):
                if (kind := re.sub(r"\d+", "1", action)) in sent or action == "/sign-out":
                    continue
                page.goto(served.address + path, wait_until="domcontentloaded")
                form = page.locator(f'main form[action="{action}"]').first
                if form.count() == 0:  # what was sent before it took it away
                    continue
                sent.add(kind)
                for field in form.locator("input[type=file]").all():
                    field.set_input_files([file])
                with page.expect_navigation():
                    form.evaluate(TYPED, RUNS)
                ran += [(path, action)] if page.evaluate(RAN) else []
        context.close()
    assert len(sent) > most, sent
    for role in READ.keys() & set(roles):
        context = _signed_in(browser, served, role)
        page = context.new_page()
        for path in READ[role]:
            page.goto(served.address + path.format(name=name))
            ran += [(role, path)] if page.evaluate(RAN) else []
        context.close()
    assert (ran, dialogs) == ([], [])
    with reading(wing.engine) as c:
        assert any("hostile" in made.why for made in queries.decisions(c, name))


def _signed_in(browser: Any, served: Served, role: Role) -> Any:
    """A browser of somebody of that role."""
    context = browser.new_context(locale="en-GB")
    with served.wing.engine.begin() as c:
        token = people.new_session(c, role, time.time_ns())
    context.add_cookies([{"name": "session", "value": token, "url": served.address, "sameSite": "Strict"}])
    return context


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


def test_what_another_site_sends_to_any_route_is_not_done_in_an_officers_name(
    browser: Any, served: Served, wing: Wing, elsewhere: Any
) -> None:
    page_of, address = elsewhere
    page_of.text = "<!doctype html><title>elsewhere</title>"
    name, context = wing.alert(), _signed_in(browser, served, "investigator")
    with reading(wing.engine) as c:
        before = [*audit.lines(c)], queries.newest_change(c), people.persons(c)
    routes = [path for method, path in RIGHTS if method == "POST"]
    page = context.new_page()
    page.goto(address)
    page.evaluate(
        """async ([console, routes]) => {
          const body = new URLSearchParams({state: 'false', seen: 'new', why: 'hostile', text: 'hostile'});
          await Promise.all(routes.map((route) =>
            fetch(console + route, {method: 'POST', mode: 'no-cors', credentials: 'include', body}).catch(() => null)));
        }""",
        [served.address, [route.format(name=name, number=1, token="none") for route in routes]],
    )
    context.close()
    assert len(routes) > 20
    with reading(wing.engine) as c:
        assert ([*audit.lines(c)], queries.newest_change(c), people.persons(c)) == before


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
