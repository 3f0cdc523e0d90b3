// A stand-in for the web process, at the HTTP boundary only: it serves the built page with the
// real content security policy and answers the JSON API from an attempt in memory.
//
//   node test/fake-server.mjs [PORT]   then open http://127.0.0.1:PORT/workspace/demo
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FakeAttempt } from "./fake-attempt.mjs";

const STATIC = fileURLToPath(new URL("../../static/", import.meta.url));
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm" };
const NONCE = "Zm9yLXRlc3Rz";
const POLICY = [
  "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", `style-src 'self' 'nonce-${NONCE}'`,
  "img-src 'self' data:", "connect-src 'self'", "worker-src 'self'", "font-src 'self'",
  "frame-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'",
].join("; ");

/** A running server; `faults` bends it: tests set its fields. */
export async function startFakeServer({ port = 0, locale = "en", role = "learner" } = {}) {
  const attempt = new FakeAttempt(locale, role);
  const faults = { down: false, runner: true, streams: "open", token: "token-1", renewals: true, dates: true, delayMs: 0, resizedBy: null };
  const streams = new Set();
  const seen = { renewals: 0, polls: 0, streams: 0, violations: [] };
  const context = { attempt, faults, streams, seen, locale };
  const server = createServer((request, response) => void answer(context, request, response));
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    ...context,
    url: `${origin}/workspace/demo?ticket=once`,
    dropStreams() {
      for (const stream of streams) stream.destroy();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(context, request, response) {
  const { faults } = context;
  const { pathname } = new URL(request.url, "http://fake");
  if (faults.down) return response.destroy();
  if (pathname.startsWith("/static/")) return file(pathname, response);
  if (pathname.startsWith("/workspace/")) return page(context, response);
  const body = await bodyOf(request);
  if (faults.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.delayMs));
  if (pathname === "/api/session/renew") return renew(context, response);
  if (request.headers.authorization !== `Bearer ${faults.token}`) {
    return json(response, 401, { error: "Your session has ended.", code: "session_expired" });
  }
  const route = `${request.method} ${pathname.replace(/^\/api\/attempts\/[^/]+/, "")}`;
  const handler = ROUTES[route];
  if (!handler) return json(response, 404, { error: `no ${route}` });
  return handler(context, { body, request, response });
}

const ROUTES = {
  "GET ": ({ attempt }, { response }) => json(response, 200, attempt.snapshot()),
  "PUT /document": ({ attempt }, { body, response }) => {
    const saved = attempt.save(body.revision, body.sources);
    if (saved) return json(response, 200, saved);
    const { document } = attempt.state;
    return json(response, 409, { error: "Saved elsewhere.", code: "conflict", document });
  },
  "PUT /dates": ({ attempt, faults }, { body, response }) => {
    if (!faults.dates) return json(response, 422, { error: "That is no date.", code: "bad_request" });
    attempt.state.dates = { ...attempt.state.dates, due_at: body.due_at, asked: false };
    return json(response, 200, body);
  },
  "GET /variables": (_context, { response }) => json(response, 200, { variables: [{ name: "cellar" }] }),
  "POST /runs": ({ attempt }, { body, response }) => json(response, 202, attempt.run(body)),
  "POST /stop": ({ attempt, faults }, { response }) =>
    faults.runner
      ? json(response, 202, attempt.stop() ?? {})
      : json(response, 503, { error: "The kernel cannot be reached.", code: "kernel_unreachable" }),
  "POST /kernel/restart": ({ attempt, faults }, { response }) =>
    faults.runner
      ? json(response, 202, attempt.restart() ?? {})
      : json(response, 503, { error: "The kernel cannot be reached.", code: "kernel_unreachable" }),
  "POST /validations": ({ attempt }, { body, response }) =>
    body.revision === attempt.state.document.revision
      ? json(response, 202, attempt.validate(body))
      : json(response, 409, { error: "The document is newer.", code: "conflict" }),
  "GET /events": stream,
  "GET /events.json": ({ attempt, seen }, { request, response }) => {
    seen.polls += 1;
    const after = Number(new URL(request.url, "http://fake").searchParams.get("after"));
    json(response, 200, { events: attempt.events.filter(({ seq }) => seq > after) });
  },
};

function stream({ attempt, faults, streams, seen }, { request, response }) {
  if (faults.streams === "full") {
    response.setHeader("Retry-After", "2");
    return json(response, 503, { error: "Too many streams.", code: "busy" });
  }
  seen.streams += 1;
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write("retry: 1000\n\n");
  const send = ({ seq, kind, payload }) =>
    response.write(`id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify(payload)}\n\n`);
  const after = Number(request.headers["last-event-id"] ?? 0);
  // One event twice, as a server that was restarted may: a reader must not mind.
  attempt.events.filter(({ seq }) => seq >= after && seq > 0).forEach(send);
  attempt.listeners.add(send);
  streams.add(response);
  response.on("close", () => {
    attempt.listeners.delete(send);
    streams.delete(response);
  });
}

function renew({ faults, seen }, response) {
  if (!faults.renewals) return json(response, 401, { error: "Gone.", code: "session_expired" });
  seen.renewals += 1;
  faults.token = `token-${seen.renewals + 1}`;
  const expires_at = new Date(Date.now() + 600_000).toISOString();
  json(response, 200, { token: faults.token, expires_at });
}

function page({ attempt, faults, locale }, response) {
  const manifest = JSON.parse(readFileSync(join(STATIC, "dist/.vite/manifest.json"), "utf8"));
  const entry = manifest["src/main.tsx"];
  const id = attempt.state.attempt_id;
  const boot = {
    token: faults.token, attempt_id: id, api: `/api/attempts/${id}`, locale,
    title: attempt.state.case.title, role: attempt.state.role, python: "py311",
    resized_by: faults.resizedBy,
  };
  response.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
  });
  // The shell's own sheet is part of what the page must live with.
  const shell = '<link rel="stylesheet" href="/static/css/pages.css">';
  const sheets = entry.css.map((name) => `<link rel="stylesheet" href="/static/dist/${name}">`);
  response.end(`<!doctype html><html lang="${locale}"><head><meta charset="utf-8">
<title>${boot.title}</title><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csp-nonce" content="${NONCE}">${shell}${sheets.join("")}
<script type="application/json" id="casebook-boot">${JSON.stringify(boot)}</script>
<script type="module" src="/static/dist/${entry.file}"></script></head>
<body><div id="workspace"></div></body></html>`);
}

function file(pathname, response) {
  try {
    const bytes = readFileSync(join(STATIC, pathname.slice("/static/".length)));
    // A worker obeys the policy of its own program, not the page's.
    const type = TYPES[extname(pathname)] ?? "text/plain";
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": POLICY });
    response.end(bytes);
  } catch {
    json(response, 404, { error: "no such file" });
  }
}

function json(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(body));
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? null : JSON.parse(text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startFakeServer({ port: Number(process.argv[2] ?? 8009) });
  console.log(server.url);
}
