import type { ComponentProps } from "preact";
import type * as Rich from "./rich";
import { lazily } from "./lazily";

/**
 * Course text and outputs. Their code cleans HTML and knows terminals; it is a file of its own, so
 * that editors need not wait for it.
 */
const rich = () => import("./rich");

export const Html = lazily<ComponentProps<typeof Rich.Html>>(async () => (await rich()).Html);
export const OutputView = lazily<ComponentProps<typeof Rich.OutputView>>(
  async () => (await rich()).OutputView,
);

/** Resolves when course text and outputs can be drawn, or cannot be fetched now. */
export async function contentReady(): Promise<void> {
  await Promise.allSettled([Html.fetch(), OutputView.fetch()]);
}
