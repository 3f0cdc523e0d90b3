import type { DocumentRecord } from "./records";

/** Why a request had no good answer; expected outcomes, hence values and never thrown. */
export type ApiError =
  | { kind: "offline" }
  | { kind: "timeout" }
  | { kind: "aborted" }
  /** The session is over and could not be renewed. */
  | { kind: "session" }
  /** Someone else saved first; `document` is the current state where the server sent it. */
  | { kind: "conflict"; message: string; document: DocumentRecord | null }
  /** The server asks for patience; `retryAfterSeconds` where it said how much. */
  | { kind: "busy"; message: string; retryAfterSeconds: number | null }
  | { kind: "refused"; status: number; message: string }
  | { kind: "server"; status: number; message: string };

export type Result<T> = { ok: true; value: T } | { ok: false; error: ApiError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = (error: ApiError): Result<never> => ({ ok: false, error });

/** Whether the same request may go well if it is simply sent again later. */
export function isPassing(error: ApiError): boolean {
  return ["offline", "timeout", "busy", "server"].includes(error.kind);
}

/** The error that an answer with a failing status means. */
export function errorOf(status: number, body: unknown, retryAfter: string | null): ApiError {
  const said = (body ?? {}) as { error?: unknown; document?: unknown };
  const message = typeof said.error === "string" ? said.error : "";
  if (status === 401) return { kind: "session" };
  if (status === 409) {
    return {
      kind: "conflict",
      message,
      document: (said.document as DocumentRecord | undefined) ?? null,
    };
  }
  if (status === 429 || status === 503) {
    const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
    return {
      kind: "busy",
      message,
      retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
    };
  }
  return { kind: status >= 500 ? "server" : "refused", status, message };
}
