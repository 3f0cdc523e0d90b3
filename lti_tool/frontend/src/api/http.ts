import { type Result, errorOf, fail, ok } from "./result";
import type { Session } from "./session";

const TIMEOUT_MS = 10_000;
/** Browsers allow 64 KiB for requests that outlive their page; a character takes up to 3 bytes. */
const MAX_KEEPALIVE_CHARS = 20_000;

export interface Call {
  method?: "GET" | "PUT" | "POST";
  body?: unknown;
  /** Lets the request outlive the page, where its body is small enough for the browser. */
  keepalive?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface Answer {
  body: unknown;
  /** The server's clock when it answered, in ms since the epoch; null where it did not say. */
  serverTime: number | null;
}

/** Sends JSON with the session's token; a refused token is renewed once and tried again. */
export class Http {
  constructor(
    private readonly session: Session,
    private readonly send: typeof fetch,
  ) {}

  async call(path: string, call: Call = {}): Promise<Result<Answer>> {
    const used = this.session.token;
    const first = await this.once(path, call, used);
    if (first.ok || first.error.kind !== "session") return first;
    return (await this.session.renew(used)) ? this.once(path, call, this.session.token) : first;
  }

  private async once(path: string, call: Call, token: string): Promise<Result<Answer>> {
    const deadline = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
    const signal = call.signal ? AbortSignal.any([call.signal, deadline]) : deadline;
    const text = call.body === undefined ? "" : JSON.stringify(call.body);
    try {
      const response = await this.send(path, {
        method: call.method ?? "GET",
        headers: headersFor(token, call.body !== undefined),
        credentials: "same-origin",
        cache: "no-store",
        keepalive: (call.keepalive ?? false) && text.length <= MAX_KEEPALIVE_CHARS,
        signal,
        ...(call.body === undefined ? {} : { body: text }),
      });
      const body: unknown = await response.json().catch(() => null);
      const date = Date.parse(response.headers.get("Date") ?? "");
      if (response.ok) return ok({ body, serverTime: Number.isNaN(date) ? null : date });
      return fail(errorOf(response.status, body, response.headers.get("Retry-After")));
    } catch {
      if (call.signal?.aborted) return fail({ kind: "aborted" });
      return fail({ kind: deadline.aborted ? "timeout" : "offline" });
    }
  }
}

function headersFor(token: string, hasBody: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    Accept: "application/json",
    Authorization: `Bearer ${token}`,
  };
  if (hasBody) headers["Content-Type"] = "application/json";
  return headers;
}

/** Asks for a new token; a network fault is no verdict on the session. */
export async function renewToken(send: typeof fetch, token: string) {
  try {
    const response = await send("/api/session/renew", {
      method: "POST",
      headers: headersFor(token, false),
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return (await response.json()) as { token: string; expires_at: string };
    return response.status === 401 || response.status === 403 ? null : "try again";
  } catch {
    return "try again";
  }
}
