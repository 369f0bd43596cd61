"""The floor: the least that a relay on the same server and client can do. No keys, no routing, no counting."""

from __future__ import annotations

import sys

import aiohttp
from sanic import HTTPResponse, Request, Sanic


def make_app(upstream: str) -> Sanic:
    """Build an application that hands every request on and every answer back, chunk by chunk."""
    app = Sanic("relay", configure_logging=False)
    app.config.ACCESS_LOG = False

    @app.before_server_start
    async def open_client(app: Sanic) -> None:
        app.ctx.client = aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0))

    @app.after_server_stop
    async def close_client(app: Sanic) -> None:
        await app.ctx.client.close()

    @app.post("/<path:path>")
    async def relay(request: Request, path: str) -> HTTPResponse | None:
        headers = {"content-type": "application/json"}
        async with app.ctx.client.post(f"{upstream}/{path}", data=request.body, headers=headers) as answer:
            media_type = answer.headers["content-type"]
            if media_type == "application/json":
                return HTTPResponse(await answer.read(), status=answer.status, content_type=media_type)
            response = await request.respond(status=answer.status, content_type=media_type)
            async for chunk in answer.content.iter_any():
                await response.send(chunk)
            await response.eof()
            return None

    return app


if __name__ == "__main__":
    make_app(sys.argv[2]).run(
        host="127.0.0.1", port=int(sys.argv[1]), single_process=True, motd=False, access_log=False, debug=False
    )
