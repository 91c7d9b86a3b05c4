"""The yardstick: a bare FastAPI + asyncpg route that runs the same SQL on the same database. Runs in an environment of its own.

usage: python fastapi_app.py PORT HOST_DIR DATABASE USER SQL_FILE ACCOUNT
"""

import datetime
import sys
from decimal import Decimal
from pathlib import Path

import asyncpg
import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

port, host, database, user, sql_file, account = sys.argv[1:]
statement = Path(sql_file).read_text(encoding="utf-8").replace(":account", "$1")
app = FastAPI()
pool: asyncpg.Pool | None = None


@app.on_event("startup")
async def connect() -> None:
    global pool
    pool = await asyncpg.create_pool(host=host, database=database, user=user, min_size=8, max_size=8)


@app.get("/api/portfolio/")
async def portfolio() -> JSONResponse:
    assert pool is not None
    row = await pool.fetchrow(statement, account)
    return JSONResponse(
        {
            key: value.isoformat()
            if isinstance(value, datetime.date)
            else float(value)
            if isinstance(value, Decimal)
            else value
            for key, value in row.items()
        }
    )


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
