import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { attemptApi } from "../../src/api/attempt";
import { Http } from "../../src/api/http";
import { errorOf } from "../../src/api/result";
import { Session, type Renewal } from "../../src/api/session";
import { FakeClock, settle } from "./builders";

const RENEWAL: Renewal = { token: "new", expires_at: "2026-11-23T12:10:00Z" };

/** Our client in front of a real server on a port. */
async function withServer<T>(
  listener: RequestListener,
  renewal: Renewal | null,
  use: (http: Http, session: Session) => Promise<T>,
): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const session = new Session("old", async () => renewal, new FakeClock(), () => undefined);
  const send: typeof fetch = (path, init) => fetch(origin + String(path), init);
  try {
    return await use(new Http(session, send), session);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("a refused token is renewed once and the request sent again", async () => {
  const tokens: string[] = [];
  await withServer(
    (request, response) => {
      tokens.push(request.headers.authorization ?? "");
      response.writeHead(request.headers.authorization === "Bearer new" ? 200 : 401);
      response.end("{}");
    },
    RENEWAL,
    async (http) => assert.equal((await http.call("/x")).ok, true),
  );
  assert.deepEqual(tokens, ["Bearer old", "Bearer new"]);
});

test("a session that is over is a value, not a loop", async () => {
  let requests = 0;
  const answer = await withServer(
    (_request, response) => {
      requests += 1;
      response.writeHead(401).end("{}");
    },
    null,
    (http) => http.call("/x"),
  );
  assert.deepEqual(answer, { ok: false, error: { kind: "session" } });
  assert.equal(requests, 1);
});

test("a server that says nothing in time is a timeout, a dead one is offline", async () => {
  await withServer(() => undefined, RENEWAL, async (http) => {
    const answer = await http.call("/x", { timeoutMs: 50 });
    assert.deepEqual(answer, { ok: false, error: { kind: "timeout" } });
  });
  await withServer((request) => request.socket.destroy(), RENEWAL, async (http) => {
    assert.deepEqual(await http.call("/x"), { ok: false, error: { kind: "offline" } });
  });
});

test("a save sends its revision and sources, and a conflict brings the document", async () => {
  let sent = "";
  const document = { revision: 9, saved_at: "", cells: [] };
  const answer = await withServer(
    (request, response) => {
      request.on("data", (chunk: Buffer) => (sent += chunk.toString()));
      request.on("end", () => response.writeHead(409).end(JSON.stringify({ error: "no", document })));
    },
    RENEWAL,
    (http) => attemptApi(http, "/api/attempts/a1", () => 0).save(4, { c1: "x" }),
  );
  assert.deepEqual(JSON.parse(sent), { revision: 4, sources: { c1: "x" } });
  assert.deepEqual(answer, { ok: false, error: { kind: "conflict", message: "no", document } });
});

test("every failing status has its meaning", () => {
  assert.deepEqual(errorOf(503, null, "2"), { kind: "busy", message: "", retryAfterSeconds: 2 });
  assert.deepEqual(errorOf(429, { error: "Slow." }, null), {
    kind: "busy", message: "Slow.", retryAfterSeconds: null,
  });
  assert.deepEqual(errorOf(422, { error: "Bad." }, null), { kind: "refused", status: 422, message: "Bad." });
  assert.deepEqual(errorOf(500, "<html>", null), { kind: "server", status: 500, message: "" });
});

test("a token is renewed halfway to its end, and askers share one renewal", async () => {
  const clock = new FakeClock();
  let renewals = 0;
  const session = new Session("old", async () => ({ ...RENEWAL, token: `t${(renewals += 1)}` }), clock, () => undefined);
  session.start("2026-11-23T12:10:00Z");
  await clock.pass(299_000);
  assert.equal(renewals, 0);
  await clock.pass(2_000);
  assert.equal(session.token, "t1");
  await Promise.all([session.renew("t1"), session.renew("t1"), session.renew("old")]);
  assert.equal(renewals, 2);
});

test("a fault while renewing is no end of the session", async () => {
  const clock = new FakeClock();
  const answers: (Renewal | "try again")[] = ["try again", RENEWAL];
  let expired = false;
  const session = new Session("old", async () => answers.shift() ?? null, clock, () => (expired = true));
  session.start(null);
  await clock.pass(80_000);
  await settle();
  assert.equal(session.token, "new");
  assert.equal(expired, false);
});
