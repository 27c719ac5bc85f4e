"""Autobahn's cases of the WebSocket protocol, as a program of their own, by kosoku.

`server CASES` serves them to a client and says its port first; `client URL CASES` runs them against a server. CASES are
patterns with commas between. Prints what became of each case as one line of JSON.
"""

import asyncio
import json
import sys

from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver


async def _serve(cases):
    async with run_fuzzingserver(cases, port=0) as server:
        print(server.port, flush=True)
        return await server.get_result()


async def main(mode, *arguments):
    cases = arguments[-1].split(",")
    try:
        results = await (_serve(cases) if mode == "server" else run_fuzzingclient(arguments[0], cases, concurrency=1))
    except FailureError as error:
        results = error.results
    print(json.dumps({one.case_id: [one.behavior.value, one.behavior_close.value] for one in results}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
