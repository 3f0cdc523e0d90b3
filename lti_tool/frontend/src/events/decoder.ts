/** One server-sent event, as the HTML standard frames it. */
export interface ServerSentEvent {
  id: string;
  event: string;
  data: string;
}

/**
 * Turns chunks of text into server-sent events; knows no socket.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class SseDecoder {
  private rest = "";
  private id = "";
  private event = "";
  private data: string[] = [];
  /** The server's `retry:` wish in milliseconds, once it has voiced one. */
  retryMs: number | null = null;

  /** The events that `chunk` completes. */
  push(chunk: string): ServerSentEvent[] {
    this.rest += chunk;
    const events: ServerSentEvent[] = [];
    for (;;) {
      const end = this.rest.search(/\r\n|\n|\r/);
      // A lone CR at the very end may be the first half of a CRLF: wait for the rest.
      if (end < 0 || (this.rest[end] === "\r" && end === this.rest.length - 1)) return events;
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + (this.rest.startsWith("\r\n", end) ? 2 : 1));
      const event = this.line(line);
      if (event) events.push(event);
    }
  }

  private line(line: string): ServerSentEvent | null {
    if (line === "") return this.dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.event = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  private dispatch(): ServerSentEvent | null {
    const event = { id: this.id, event: this.event || "message", data: this.data.join("\n") };
    const empty = this.data.length === 0;
    this.data = [];
    this.event = "";
    return empty ? null : event;
  }
}
