import assert from "node:assert/strict";
import { test } from "node:test";
import type { DocumentRecord } from "../../src/api/records";
import { type ApiError, fail, ok } from "../../src/api/result";
import { Drafts, type DraftStorage } from "../../src/document/drafts";
import { Keeper } from "../../src/document/keeper";
import { merge } from "../../src/document/merge";
import type { SaveState } from "../../src/state/model";
import { FakeClock, NOW, settle, snapshot } from "./builders";

class MemoryStorage implements DraftStorage {
  readonly items = new Map<string, string>();
  get length() { return this.items.size; }
  key(at: number) { return [...this.items.keys()][at] ?? null; }
  getItem(key: string) { return this.items.get(key) ?? null; }
  setItem(key: string, value: string) { this.items.set(key, value); }
  removeItem(key: string) { this.items.delete(key); }
}

/** A server that keeps one document, with the keeper of one page in front of it. */
function desk({ storage = new MemoryStorage(), clock = new FakeClock() } = {}) {
  const server = { document: structuredClone(snapshot().document), fault: null as ApiError | null, saves: 0 };
  const states: SaveState[] = [];
  const shown: Record<string, string> = {};
  const save = async (revision: number, sources: Record<string, string>) => {
    server.saves += 1;
    if (server.fault) return fail(server.fault);
    if (revision !== server.document.revision) {
      return fail({ kind: "conflict", message: "", document: structuredClone(server.document) });
    }
    write(server.document, sources);
    return ok({ revision: server.document.revision, saved_at: NOW });
  };
  const load = async () =>
    ok({ snapshot: snapshot({ document: structuredClone(server.document) }), clockOffsetMs: 0 });
  const open = (tab = "tab") => {
    const keeper = new Keeper(
      {
        api: { save, snapshot: load },
        clock,
        random: () => 0,
        drafts: new Drafts(storage, "a1", tab, clock.now),
        onState: (state) => states.push(state),
        onReplaced: (cell, source) => { shown[cell] = source; },
        onSetAside: () => undefined,
      },
      structuredClone(server.document),
    );
    keeper.start();
    return keeper;
  };
  return { server, states, shown, storage, clock, open, last: () => states.at(-1)?.kind };
}

function write(document: DocumentRecord, sources: Record<string, string>) {
  document.revision += 1;
  for (const cell of document.cells) cell.source = sources[cell.id] ?? cell.source;
}

const text = (document: DocumentRecord, id: string) =>
  document.cells.find((cell) => cell.id === id)?.source;

test("typing is saved a second after the last key, and not before", async () => {
  const { server, clock, open, last } = desk();
  const keeper = open();
  keeper.edit("c1", "one more");
  await clock.pass(900);
  keeper.edit("c1", "one more word");
  await clock.pass(900);
  assert.equal(server.saves, 0);
  await clock.pass(200);
  assert.equal(text(server.document, "c1"), "one more word");
  assert.equal(last(), "saved");
});

test("someone who never pauses is saved all the same", async () => {
  const { server, clock, open } = desk();
  const keeper = open();
  for (let key = 0; key < 40; key += 1) {
    keeper.edit("c1", `text ${key}`);
    await clock.pass(500);
  }
  assert.ok(server.saves >= 2, String(server.saves));
});

test("what the server cannot take is kept, retried and told", async () => {
  const { server, clock, storage, open, last } = desk();
  const keeper = open();
  server.fault = { kind: "offline" };
  keeper.edit("c1", "kept");
  await clock.pass(1_500);
  assert.equal(last(), "waiting");
  assert.equal(storage.length, 1);
  server.fault = null;
  await clock.pass(3_000);
  assert.equal(text(server.document, "c1"), "kept");
  assert.equal(last(), "saved");
  assert.equal(storage.length, 0);
});

test("a draft outlives its page and goes to the server from the next one", async () => {
  const { server, clock, shown, open } = desk();
  server.fault = { kind: "session" };
  open("old").edit("c1", "typed before the crash");
  await clock.pass(300);
  server.fault = null;
  const keeper = open("new");
  assert.equal(keeper.source("c1"), "typed before the crash");
  await clock.pass(100);
  assert.equal(text(server.document, "c1"), "typed before the crash");
  assert.deepEqual(shown, {});
});

test("a draft over newer text of another page is a conflict, not an overwrite", async () => {
  const { server, clock, open, last } = desk();
  server.fault = { kind: "offline" };
  open("old").edit("c1", "mine");
  await clock.pass(300);
  server.fault = null;
  write(server.document, { c1: "theirs" });
  const keeper = open("new");
  await clock.pass(5_000);
  assert.equal(last(), "conflict");
  assert.equal(text(server.document, "c1"), "theirs");
  assert.equal(keeper.source("c1"), "mine");
});

test("edits of different cells merge without a question", async () => {
  const { server, clock, shown, open, last } = desk();
  const keeper = open();
  write(server.document, { c2: "theirs" });
  keeper.edit("c1", "mine");
  await clock.pass(1_100);
  assert.equal(text(server.document, "c1"), "mine");
  assert.equal(text(server.document, "c2"), "theirs");
  assert.deepEqual(shown, { c2: "theirs" });
  assert.equal(last(), "saved");
});

test("edits of the same cell wait for the student; nothing is lost by a reload meanwhile", async () => {
  const { server, clock, open, last } = desk();
  const keeper = open("tab");
  write(server.document, { c1: "theirs" });
  keeper.edit("c1", "mine");
  await clock.pass(1_100);
  assert.equal(last(), "conflict");
  keeper.edit("c1", "mine, and on");
  await clock.pass(20_000);
  assert.equal(text(server.document, "c1"), "theirs");
  const again = open("tab");
  assert.equal(last(), "conflict");
  assert.equal(again.source("c1"), "mine, and on");
  await again.keepMine();
  assert.equal(text(server.document, "c1"), "mine, and on");
  assert.equal(last(), "saved");
});

test("taking theirs sets mine aside, and it can be had back", async () => {
  const { server, clock, shown, open, last } = desk();
  const keeper = open();
  write(server.document, { c1: "theirs" });
  keeper.edit("c1", "mine");
  await clock.pass(1_100);
  await keeper.takeTheirs();
  assert.equal(shown["c1"], "theirs");
  assert.equal(last(), "saved");
  await keeper.bringBack();
  assert.equal(shown["c1"], "mine");
  assert.equal(text(server.document, "c1"), "mine");
});

test("a save whose answer was lost is no conflict", async () => {
  const { server, clock, open, last } = desk();
  const keeper = open();
  write(server.document, { c1: "mine" });
  keeper.edit("c1", "mine");
  await clock.pass(1_100);
  assert.equal(last(), "saved");
});

test("another page's save is shown here when nothing is being typed", async () => {
  const { server, shown, open } = desk();
  const keeper = open();
  write(server.document, { c2: "theirs" });
  await keeper.heardOf(server.document.revision);
  assert.deepEqual(shown, { c2: "theirs" });
});

test("the journal's word of our own save fetches nothing", async () => {
  const { server, shown, open } = desk();
  const keeper = open();
  keeper.edit("c1", "mine");
  const flushed = keeper.flush();
  await keeper.heardOf(server.document.revision);
  assert.equal(await flushed, true);
  await settle();
  assert.deepEqual(shown, {});
});

test("a browser that forbids storage is done without", async () => {
  const forbidden = new Proxy({} as DraftStorage, { get() { throw new Error("denied"); } });
  const warn = console.warn;
  console.warn = () => undefined;
  const drafts = new Drafts(forbidden, "a1", "tab", () => 0);
  drafts.write({}, { c1: "x" });
  assert.equal(drafts.take(), null);
  console.warn = warn;
});

test("a merge keeps every change of either side", () => {
  const base = { a: "1", b: "1", c: "1", d: "1" };
  const mine = { a: "2", b: "1", c: "2", d: "2" };
  const theirs = { a: "1", b: "3", c: "3", d: "2" };
  assert.deepEqual(merge(base, mine, theirs), {
    sources: { a: "2", b: "3", c: "2", d: "2" }, conflicts: ["c"],
  });
});
