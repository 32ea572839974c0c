"""The page of `cellwarden near`: a bar for the last metres, on the tablet that carries the receiver.

It has no people and no store: who has its address, which holds a key made anew at each start, sees it, and nothing
personal is on it. It makes no sound, and what is old is not shown.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from cellwarden.console.guard import Around, keep_language
from cellwarden.console.page import HERE, environment
from cellwarden.language import LANGUAGES, language

EACH_S = 0.25
PATIENCE_MS = 2_000
"""After so long without news a page shows nothing more."""


def application(told: Callable[[], dict[str, object]], key: str) -> FastAPI:
    """The page below `/KEY/`, and nothing elsewhere. `told` says how things stand, in the language in use."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    def known(given: str) -> None:
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise HTTPException(404)

    @app.get("/near/{given}")
    def page(request: Request, given: str, speak: str = "") -> Response:
        known(given)
        if speak in LANGUAGES:
            response: Response = RedirectResponse(f"/near/{key}", 303)
            keep_language(request, response, speak)
            return response
        made = environment().get_template("near.html")
        return HTMLResponse(made.render(lang=language(), key=key, patience_ms=PATIENCE_MS))

    @app.get("/near/{given}/live")
    async def live(given: str) -> Response:
        known(given)

        async def news() -> AsyncIterator[str]:
            while True:
                yield f"data: {json.dumps(told())}\n\n"
                await asyncio.sleep(EACH_S)

        return StreamingResponse(news(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(Around)
    return app
