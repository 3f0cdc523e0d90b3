import assert from "node:assert/strict";
import { test } from "node:test";
import { SseDecoder } from "../../src/events/decoder";
import { journalEventOf } from "../../src/events/stream";
import { backoffMs } from "../../src/events/backoff";

const STREAM = 'retry: 1000\n\nid: 7\nevent: run.output\ndata: {"a":1}\n\n: heartbeat\n\nid: 8\ndata: x\ndata: y\n\n';
const EVENTS = [
  { id: "7", event: "run.output", data: '{"a":1}' },
  { id: "8", event: "message", data: "x\ny" },
];

test("events come out whole, comments and retry do not", () => {
  const decoder = new SseDecoder();
  assert.deepEqual(decoder.push(STREAM), EVENTS);
  assert.equal(decoder.retryMs, 1000);
});

test("it does not matter where the chunks are cut, nor how lines end", () => {
  for (const text of [STREAM, STREAM.replaceAll("\n", "\r\n"), STREAM.replaceAll("\n", "\r") + "\n"]) {
    for (let size = 1; size <= 7; size += 1) {
      const decoder = new SseDecoder();
      const chunks = text.match(new RegExp(`[\\s\\S]{1,${size}}`, "g")) ?? [];
      assert.deepEqual(chunks.flatMap((chunk) => decoder.push(chunk)), EVENTS);
    }
  }
});

test("an event that the stream breaks off is not delivered", () => {
  assert.deepEqual(new SseDecoder().push('id: 7\ndata: {"a":'), []);
});

test("a frame without a number or with broken JSON is no journal event", () => {
  assert.equal(journalEventOf("", "x", "{}"), null);
  assert.equal(journalEventOf("seven", "x", "{}"), null);
  assert.equal(journalEventOf("7", "x", "{"), null);
  assert.deepEqual(journalEventOf("7", "x", "{}"), { seq: 7, kind: "x", payload: {} });
});

test("the first four waits are at most 2 s, later ones at most 10 s", () => {
  for (const random of [() => 0, () => 0.999]) {
    for (let failures = 1; failures <= 12; failures += 1) {
      const wait = backoffMs(failures, random);
      assert.ok(wait >= 250 && wait <= (failures <= 4 ? 2_000 : 10_000), `${failures}: ${wait}`);
    }
  }
});
