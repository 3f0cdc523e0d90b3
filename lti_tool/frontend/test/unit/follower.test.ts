import assert from "node:assert/strict";
import { test } from "node:test";
import type { JournalEvent } from "../../src/api/records";
import { type ApiError, fail, ok } from "../../src/api/result";
import { Session } from "../../src/api/session";
import { type Connection, Follower } from "../../src/events/follower";
import { event, FakeClock, settle } from "./builders";

type Turn = { events?: number[]; error?: ApiError; lastsMs?: number; hangs?: boolean };

/** A follower in front of a server that plays `turns`, one per stream, then hangs. */
function follow(turns: Turn[], polls: number[][] = [], renewed = true) {
  const clock = new FakeClock();
  const taken: number[] = [];
  const connections: Connection[] = [];
  const asked: number[] = [];
  const session = new Session(
    "old",
    async () => (renewed ? { token: "new", expires_at: "2026-11-23T13:00:00Z" } : null),
    clock,
    () => undefined,
  );
  const follower = new Follower(
    {
      async read(after, onEvent, onOpen, signal) {
        asked.push(after);
        const turn = turns.shift() ?? { hangs: true };
        if (turn.hangs) {
          onOpen();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return fail({ kind: "aborted" });
        }
        if (turn.events) {
          onOpen();
          turn.events.forEach((seq) => onEvent(event(seq)));
        }
        clock.time += turn.lastsMs ?? 0;
        return turn.error ? fail(turn.error) : ok(undefined);
      },
      api: {
        async eventsAfter(): Promise<{ ok: true; value: JournalEvent[] }> {
          return { ok: true, value: (polls.shift() ?? []).map((seq) => event(seq)) };
        },
      },
      session,
      clock,
      random: () => 0.5,
      onEvent: ({ seq }) => taken.push(seq),
      onConnection: (connection) => connections.push(connection),
    },
    10,
  );
  follower.start();
  return { clock, taken, connections, asked, follower, session };
}

test("a stream that the server ends is opened again after the last event", async () => {
  const page = follow([{ events: [11, 12], lastsMs: 55_000 }]);
  await page.clock.pass(10);
  assert.deepEqual(page.asked, [10, 12]);
  page.follower.stop();
});

test("repeated events are taken once", async () => {
  const page = follow([{ events: [10, 11], error: { kind: "offline" } }, { events: [11, 12], lastsMs: 9_000 }]);
  await page.clock.pass(3_000);
  assert.deepEqual(page.taken, [11, 12]);
  page.follower.stop();
});

test("one fault goes unnoticed, two are told, and success is told too", async () => {
  const offline: Turn = { error: { kind: "offline" } };
  const page = follow([offline]);
  await page.clock.pass(5_000);
  assert.deepEqual(page.connections, ["live"]);
  page.follower.stop();
  const longer = follow([offline, offline]);
  await longer.clock.pass(5_000);
  assert.deepEqual(longer.connections, ["lost", "live"]);
  longer.follower.stop();
});

test("a nudge ends a wait", async () => {
  const page = follow([{ error: { kind: "offline" } }]);
  await settle();
  assert.equal(page.asked.length, 1);
  page.follower.nudge();
  await settle();
  assert.equal(page.asked.length, 2);
  page.follower.stop();
});

test("where there is no stream to be had, it polls", async () => {
  const busy: ApiError = { kind: "busy", message: "", retryAfterSeconds: 2 };
  const page = follow([{ error: busy }], [[11], [12, 13]]);
  await page.clock.pass(5_000);
  assert.deepEqual(page.taken, [11, 12, 13]);
  assert.equal(page.connections.at(-1), "live");
  page.follower.stop();
});

test("a refused token is renewed once and the stream goes on", async () => {
  const page = follow([{ error: { kind: "session" } }, { events: [11], lastsMs: 9_000 }]);
  await page.clock.pass(10);
  assert.deepEqual(page.taken, [11]);
  assert.equal(page.session.token, "new");
  page.follower.stop();
});

test("with the session over it stops asking", async () => {
  const page = follow([{ error: { kind: "session" } }], [], false);
  await page.clock.pass(60_000);
  assert.equal(page.asked.length, 1);
  assert.equal(page.session.expired, true);
});

test("a server that ends streams at once is not asked in a tight loop", async () => {
  const page = follow(Array.from({ length: 50 }, () => ({ events: [] })));
  await page.clock.pass(2_000);
  assert.ok(page.asked.length < 12, String(page.asked.length));
  page.follower.stop();
});
