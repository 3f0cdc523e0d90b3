/** What the page's shell tells the program. */
export interface Boot {
  token: string;
  /** End of the token's life, ISO 8601, where the shell says it. */
  expires_at?: string;
  attempt_id: string;
  /** Base path of the attempt's JSON API. */
  api: string;
  locale: string;
  title: string;
  role: string;
  /** The kernels' Python, as `py311`. */
  python: string;
  /** Origin of the page around ours that makes our frame as tall as we ask. */
  resized_by?: string | null;
}

/** Reads the boot record and takes it out of the page, so that the token stands in no markup. */
export function readBoot(document: Document): Boot {
  const script = document.getElementById("casebook-boot");
  if (!script) throw new Error("The page has no #casebook-boot; its template must print one.");
  const boot = JSON.parse(script.textContent ?? "") as Boot;
  script.remove();
  return boot;
}

/** The nonce that lets the editor add its style sheet under the page's policy. */
export function readNonce(document: Document): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');
  return meta?.content || meta?.nonce || "";
}

/** A random UUID; `crypto.randomUUID` exists only in secure contexts. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Takes the spent one-time ticket out of the address, so that a reload goes by the cookie. */
export function dropTicket(window: Window): void {
  const { pathname, search, hash } = window.location;
  if (!new URLSearchParams(search).has("ticket")) return;
  window.history.replaceState(window.history.state, "", pathname + hash);
}

/** Whether the student has asked the browser to load little; what is large then stays away. */
export function savesData(navigator: Navigator): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  return connection?.saveData === true;
}
