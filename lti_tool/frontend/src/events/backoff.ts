const FIRST_MS = 250;
const EARLY_TRIES = 4;
const EARLY_CAP_MS = 2_000;
const CAP_MS = 10_000;

/**
 * How long to wait before try number `failures` (1, 2, 3 …) after a fault, in ms.
 *
 * Doubles from 250 ms; at most 2 s in the first four tries, then at most 10 s. The upper half
 * is drawn by `random` (0 … 1), so that two hundred pages do not come back in one instant.
 */
export function backoffMs(failures: number, random: () => number): number {
  const cap = failures <= EARLY_TRIES ? EARLY_CAP_MS : CAP_MS;
  const full = Math.min(FIRST_MS * 2 ** failures, cap);
  return full / 2 + (full / 2) * random();
}
