import type { JournalEvent } from "../api/records";
import { errorOf, fail, ok, type Result } from "../api/result";
import type { Session } from "../api/session";
import type { Clock } from "../app/clock";
import { SseDecoder } from "./decoder";

/** A stream that has been silent for so long is dead: the server sends a sign every 15 s. */
const SILENCE_MS = 35_000;

/** Reads one event stream to its end; ok means that the server ended it in good order. */
export type ReadStream = (
  after: number,
  onEvent: (event: JournalEvent) => void,
  onOpen: () => void,
  signal: AbortSignal,
) => Promise<Result<void>>;

/** A stream reader over fetch, since EventSource cannot carry the bearer token. */
export function streamReader(
  url: string,
  session: Session,
  send: typeof fetch,
  clock: Clock,
): ReadStream {
  return async (after, onEvent, onOpen, signal) => {
    const silence = new AbortController();
    let cancel = clock.later(SILENCE_MS, () => silence.abort());
    const alive = () => {
      cancel();
      cancel = clock.later(SILENCE_MS, () => silence.abort());
    };
    try {
      const response = await send(url, {
        headers: {
          Accept: "text/event-stream",
          Authorization: `Bearer ${session.token}`,
          "Last-Event-ID": String(after),
        },
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (!response.ok || !response.body) {
        return fail(errorOf(response.status, null, response.headers.get("Retry-After")));
      }
      onOpen();
      await readAll(response.body, onEvent, alive);
      return ok(undefined);
    } catch {
      return fail({ kind: signal.aborted ? "aborted" : "offline" });
    } finally {
      cancel();
    }
  };
}

async function readAll(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: JournalEvent) => void,
  alive: () => void,
): Promise<void> {
  const decoder = new SseDecoder();
  const utf8 = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    for (const event of decoder.push(utf8.decode(value, { stream: true }))) {
      const journal = journalEventOf(event.id, event.event, event.data);
      if (journal) onEvent(journal);
    }
  }
}

/** The journal event in a frame; null for a frame that is none. */
export function journalEventOf(id: string, kind: string, data: string): JournalEvent | null {
  const seq = Number(id);
  if (id === "" || !Number.isSafeInteger(seq)) return null;
  try {
    return { seq, kind, payload: JSON.parse(data) as unknown };
  } catch {
    return null;
  }
}
