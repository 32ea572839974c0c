"""Who may do what: one table from route to roles. A route that is not in it is open to nobody."""

from cellwarden.model import Role

OFFICER: Role = "officer"
ENGINEER: Role = "rf engineer"
EXAMINER: Role = "examiner"
INVESTIGATOR: Role = "investigator"
ADMINISTRATOR: Role = "administrator"
AUDITOR: Role = "auditor"
ROLES: tuple[Role, ...] = (OFFICER, ENGINEER, EXAMINER, INVESTIGATOR, ADMINISTRATOR, AUDITOR)

EVERYBODY = frozenset(ROLES)
"""Who has signed in, as whatever."""
PUBLIC: frozenset[Role | None] = frozenset((*ROLES, None))
"""Also who has not."""
WATCHING = frozenset((OFFICER, ENGINEER, INVESTIGATOR, ADMINISTRATOR))
"""Who may see where phones are."""
DECIDING = frozenset((OFFICER, INVESTIGATOR))
TRACING = frozenset((OFFICER, ENGINEER, INVESTIGATOR))
"""Who may see where a phone was over days."""
KNOWING = frozenset((ENGINEER, EXAMINER, INVESTIGATOR))
"""Who may see which transmitters were heard before: a fingerprint is personal data."""
TUNING = frozenset((ENGINEER, ADMINISTRATOR))
"""Who may try other rules on the past, look at the spectrum, and change the plan."""
ANALYSING = frozenset((ENGINEER, INVESTIGATOR))
"""Who may see what no air interface knows, and name it."""
PASSING = frozenset((OFFICER, ENGINEER, INVESTIGATOR))
"""Who may have a passage of the lane examined."""
KEEPING = frozenset((OFFICER, EXAMINER, INVESTIGATOR, AUDITOR))
"""Who may see what was found."""

RIGHTS: dict[tuple[str, str], frozenset[Role] | frozenset[Role | None]] = {
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("GET", "/sign-in/openid"): PUBLIC,
    ("GET", "/sign-in/openid/return"): PUBLIC,
    ("GET", "/set-up/{token}"): PUBLIC,
    ("POST", "/set-up/{token}"): PUBLIC,
    ("GET", "/language/{code}"): PUBLIC,
    ("GET", "/favicon.ico"): PUBLIC,
    ("POST", "/sign-out"): EVERYBODY,
    ("GET", "/account"): EVERYBODY,
    ("POST", "/account/code"): EVERYBODY,
    ("POST", "/account/password"): EVERYBODY,
    ("GET", "/help"): EVERYBODY,
    ("GET", "/"): EVERYBODY,  # who may not watch is led to what they may see
    ("GET", "/live"): EVERYBODY,  # beats for all; news for those who watch
    ("GET", "/alerts"): WATCHING,
    ("GET", "/alerts.csv"): WATCHING,
    ("GET", "/alerts/{name}"): WATCHING | {EXAMINER},
    ("GET", "/alerts/{name}/sheet.pdf"): DECIDING,
    ("GET", "/alerts/{name}/evidence/{digest}.png"): WATCHING | {EXAMINER},
    ("GET", "/alerts/{name}/evidence/{digest}.json"): WATCHING | {EXAMINER},
    ("GET", "/alerts/{name}/evidence/{digest}.sigmf"): frozenset((EXAMINER, INVESTIGATOR)),
    ("POST", "/alerts/{name}/decide"): DECIDING,
    ("GET", "/alerts/{name}/found"): DECIDING,
    ("POST", "/alerts/{name}/found"): DECIDING,
    ("GET", "/unlock"): WATCHING,
    ("POST", "/unlock/{name}"): DECIDING,
    ("GET", "/handover"): WATCHING,
    ("POST", "/handover/note"): TRACING,
    ("POST", "/handover/sign"): DECIDING,
    ("GET", "/timeline"): TRACING,
    ("GET", "/emitters"): KNOWING,
    ("GET", "/lane"): PASSING,
    ("POST", "/lane"): PASSING,
    ("POST", "/lane/{number}/check"): DECIDING,
    ("POST", "/lane/empty"): frozenset((ENGINEER,)),
    ("GET", "/lane.csv"): ANALYSING,
    ("GET", "/unknown"): ANALYSING,
    ("POST", "/unknown/name"): ANALYSING,
    ("GET", "/sensors"): WATCHING,
    ("GET", "/sensors/coverage"): WATCHING,
    ("GET", "/sensors/placement"): TUNING,
    ("POST", "/sensors/placement"): TUNING,
    ("GET", "/spectrum"): TUNING,
    ("GET", "/spectrum/live"): TUNING,
    ("GET", "/site"): TUNING,
    ("POST", "/site"): TUNING,
    ("POST", "/site/import"): TUNING,
    ("POST", "/site/propose"): TUNING,
    ("GET", "/survey"): TUNING,
    ("POST", "/survey"): TUNING,
    ("GET", "/survey/stays.csv"): TUNING,
    ("GET", "/notifications"): WATCHING | {AUDITOR},
    ("GET", "/finds"): KEEPING,
    ("GET", "/finds.csv"): KEEPING,
    ("GET", "/photographs/{digest}"): KEEPING,
    ("GET", "/rules"): WATCHING | {AUDITOR},
    ("POST", "/rules/try"): TUNING,
    ("POST", "/rules/save"): frozenset((ADMINISTRATOR,)),
    ("GET", "/people"): frozenset((ADMINISTRATOR, AUDITOR)),
    ("POST", "/people/invite"): frozenset((ADMINISTRATOR,)),
    ("POST", "/people/change"): frozenset((ADMINISTRATOR,)),
    ("GET", "/audit"): frozenset((AUDITOR,)),
    ("POST", "/account/token"): EVERYBODY,
    ("GET", "/api/v1/openapi.json"): EVERYBODY,
    ("GET", "/api/v1/live"): WATCHING,
    ("GET", "/api/v1/alerts"): WATCHING,
    ("GET", "/api/v1/alerts/{name}"): WATCHING | {EXAMINER},
    ("GET", "/api/v1/alerts/{name}/decisions"): WATCHING | {EXAMINER},
    ("POST", "/api/v1/alerts/{name}/decisions"): DECIDING,
    ("GET", "/api/v1/alerts/{name}/searches"): WATCHING | {EXAMINER},
    ("GET", "/api/v1/handovers"): WATCHING,
    ("GET", "/api/v1/notes"): WATCHING,
    ("GET", "/api/v1/presences"): TRACING,
    ("GET", "/api/v1/sensors"): WATCHING,
    ("GET", "/api/v1/unknown"): ANALYSING,
    ("GET", "/api/v1/lane"): PASSING,
    ("POST", "/api/v1/lane"): PASSING,
    ("GET", "/api/v1/plan"): WATCHING,
    ("GET", "/api/v1/notifications"): WATCHING | {AUDITOR},
    ("GET", "/api/v1/rules"): WATCHING | {AUDITOR},
    ("GET", "/api/v1/finds"): KEEPING,
}


def may(role: Role | None, method: str, route: str) -> bool:
    """Whether a role (None: nobody has signed in) may do that."""
    return role in RIGHTS.get((method, route), frozenset())
