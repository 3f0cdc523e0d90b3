/** The part of the screen that a frame may fill: the platform's own head needs some, too. */
const SHARE = 0.8;

export interface Framed {
  parent: { postMessage(message: unknown, targetOrigin: string): void };
  innerHeight: number;
  screen: { availHeight: number };
  document: { documentElement: { scrollHeight: number } };
}

/**
 * Returns what asks the platform's page for a taller frame, to be called whenever the content grows.
 *
 * Never for more than fits the screen: within the frame our header stays in sight.
 * https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_window_post_message
 */
export function askForHeight(window: Framed, origin: string): () => void {
  let asked = 0;
  return () => {
    const content = window.document.documentElement.scrollHeight;
    const height = Math.min(content, Math.floor(window.screen.availHeight * SHARE));
    if (height <= Math.max(asked, window.innerHeight)) return;
    asked = height;
    window.parent.postMessage({ subject: "lti.frameResize", height }, origin);
  };
}
