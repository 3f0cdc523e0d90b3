/** The checker's own thread: loads ruff, then answers the newest question it has. */
import init from "@astral-sh/ruff-wasm-web";
import wasm from "@astral-sh/ruff-wasm-web/ruff_wasm_bg.wasm?url";
import { ruleOf, wordsOf } from "./catalogue";
import { HardErrors } from "./check";
import type { FromChecker, ToChecker } from "./protocol";
import { ruffFor } from "./ruff";

const MAX_KNOWN_NAMES = 5_000;

const known = new Set<string>();
let locale = "en";
let checker: HardErrors | null = null;
/** Asked while ruff was loading. */
let waiting: Extract<ToChecker, { type: "check" }> | null = null;
const ran: string[] = [];

self.addEventListener("message", (event: MessageEvent<ToChecker>) => {
  void take(event.data).catch((error: unknown) => tell({ type: "failed", message: String(error) }));
});

async function take(asked: ToChecker): Promise<void> {
  switch (asked.type) {
    case "start":
      locale = asked.locale;
      await init({ module_or_path: wasm });
      checker = new HardErrors(ruffFor(asked.python));
      for (const source of ran.splice(0)) remember(checker, source);
      if (waiting) answer(checker, waiting);
      return;
    case "check":
      if (checker) answer(checker, asked);
      else waiting = asked;
      return;
    case "ran":
      if (checker) remember(checker, asked.source);
      else ran.push(asked.source);
      return;
    case "known":
      know(asked.names);
      return;
    case "restarted":
      known.clear();
      ran.length = 0;
  }
}

function answer(checker: HardErrors, { number, sources }: Extract<ToChecker, { type: "check" }>): void {
  const marks = checker.check(sources, known).map((mark) => ({
    ...mark,
    words: wordsOf(ruleOf(mark.code), locale, mark.text, mark.detail),
  }));
  tell({ type: "marks", number, marks });
}

function remember(checker: HardErrors, source: string): void {
  know(checker.bound(source));
}

function know(names: Iterable<string>): void {
  for (const name of names) {
    if (known.size < MAX_KNOWN_NAMES) known.add(name);
  }
}

function tell(message: FromChecker): void {
  self.postMessage(message);
}
